/*
** memory.h
** The persistent table 'Memory'
*/

#ifndef mw_memory_h
#define mw_memory_h

#include "lua.h"

/*
** Sets everything up: the library 'ext' and 'Memory' (stored table 1). To
** be called once all libraries are open and 'mw_registry_open' has run.
*/
extern void mw_memory_open (lua_State *L);

/* after it: looks at the host's store, and makes the global 'Memory' */
extern void mw_memory_begin (lua_State *L);

/* frees what 'mw_memory_open' has made; after 'lua_close' */
extern void mw_memory_close (void);

/*
** For 'mw_atend': hands over what has changed. Raises the error if that
** fails. The second is for 'ext.flush' and returns the number of entries.
*/
extern int mw_memory_flush (lua_State *L);
extern int mw_memory_extflush (lua_State *L);

#endif
