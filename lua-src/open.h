/*
** open.h
** What opens libraries: upstream's steps in few functions (open.c)
*/

#ifndef mw_open_h
#define mw_open_h

#include "lua.h"

#include "lauxlib.h"
#include "lobject.h"

/*
** Opens a library: package.loaded[name] and the global of that name are what
** its open function returns. As 'luaL_requiref' does it, but the function is
** called as a function of C's, without its name as an argument, and the
** library must not be open yet.
*/
extern void mw_openlib (lua_State *L, const char *name, lua_CFunction open);

/*
** Makes the table below the top the metatable of the userdata on top, or of
** strings if one is there. It must be the first, and no '__gc' of it is
** called for a userdata: as 'lua_setmetatable' does it but for that.
*/
extern void mw_setmeta (lua_State *L);

/*
** Pops a value and puts it into the table below it, as its element 'i': there
** has to be room for that in its array part.
*/
extern void mw_fill (lua_State *L, unsigned int i);

/* pushes element 'i' of a table, which has to be in its array part */
extern void mw_element (lua_State *L, const Table *t, unsigned int i);

/* 'lua_pushglobaltable' */
extern void mw_pushglobals (lua_State *L);

#endif
