/*
** registry.h
** Standard-library functions and their fixed indices (tag 0x06)
*/

#ifndef mw_registry_h
#define mw_registry_h

#include "lua.h"
#include "lobject.h"

/*
** Notes the functions of the libraries as they are now: to be called once
** all libraries are open and before any script runs.
*/
extern void mw_registry_open (lua_State *L);

/* indices in use are below that */
extern unsigned int mw_registry_size (void);

/*
** Index of a function, or MW_CFUNC_NONE. A function that a library made
** with upvalues ('math.random') is known by identity.
*/
extern unsigned int mw_registry_index (const TValue *o);

/*
** Pushes the function at an index. Returns 0, nothing pushed, if there is
** none or this build lacks it.
*/
extern int mw_registry_push (lua_State *L, unsigned int index);

/*
** Name of the function at an index ("string.format", "file:read"), or NULL
** if the index is not in use. Valid until the next call.
*/
extern const char *mw_registry_name (unsigned int index);

#endif
