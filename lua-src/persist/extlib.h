/*
** extlib.h
** The library 'ext'
*/

#ifndef mw_extlib_h
#define mw_extlib_h

#include <stdint.h>

#include "lua.h"
#include "lobject.h"

/* opens the library; its table is left on the stack */
extern int mw_open_ext (lua_State *L);

/* id of the table behind a handle, 0 for any other value */
extern uint32_t mw_handle_id (const TValue *o);

/* pushes the handle of a stored table, always the same one for an id */
extern void mw_handle_push (lua_State *L, uint32_t id);

#endif
