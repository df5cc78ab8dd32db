/*
** registry.h
** Standard-library functions and their fixed indices (tag 0x06)
*/

#ifndef mw_registry_h
#define mw_registry_h

#include "lua.h"

/*
** Notes the functions of the libraries as they are now: to be called once
** all libraries are open and before any script runs.
*/
extern void mw_registry_open (lua_State *L);

/* index of a C function, or MW_CFUNC_NONE */
extern unsigned int mw_registry_index (lua_CFunction f);

/* function at an index, or NULL if there is none or this build lacks it */
extern lua_CFunction mw_registry_function (unsigned int index);

/*
** Name of the function at an index ("string.format"), or NULL if the index
** is not in use. Names of functions that no field holds are in parentheses
** ("ipairs(iterator)").
*/
extern const char *mw_registry_name (unsigned int index);

/* indices in use are below that */
extern unsigned int mw_registry_size (void);

#endif
