/*
** undump.c
** What 'lua_load' calls for binary chunks, and for the text of others in
** modules that keep no texts
*/

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lobject.h"


LClosure *mw_undump (lua_State *L, ...) {
  luaO_pushfstring(L, "attempt to load a binary chunk (only text is loaded)");
  luaD_throw(L, LUA_ERRSYNTAX);
}


#if !defined(MW_PERSIST)

lu_byte mw_cleared;


static const char *passon (lua_State *L, void *ud, size_t *size) {
  mw_Text *t = (mw_Text *)ud;
  return t->reader(L, t->data, size);
}


lua_Reader mw_text_begin (mw_Text *t, lua_Reader reader, void *data) {
  t->reader = reader;
  t->data = data;
  return passon;
}

#endif
