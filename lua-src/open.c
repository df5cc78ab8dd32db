/*
** open.c
** What opens libraries. Engines compile a function when it is first called:
** what 'init' calls is held to few functions, and short ones.
*/

#include "lua.h"

#include "lapi.h"
#include "lgc.h"
#include "lstate.h"
#include "ltable.h"

#include "open.h"


void mw_openlib (lua_State *L, const char *name, lua_CFunction open) {
  int top = lua_gettop(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  open(L);  /* may leave more below its result */
  lua_pushvalue(L, -1);
  lua_setglobal(L, name);
  lua_setfield(L, top + 1, name);
  lua_settop(L, top);
}


void mw_setmeta (lua_State *L) {
  Table *mt = hvalue(s2v(L->top.p - 2));
  const TValue *o = s2v(L->top.p - 1);
  if (ttisstring(o))
    G(L)->mt[LUA_TSTRING] = mt;
  else
    uvalue(o)->metatable = mt;
}


void mw_fill (lua_State *L, unsigned int i) {
  const TValue *v = s2v(--L->top.p);
  Table *t = hvalue(s2v(L->top.p - 1));
#if MW_LUA == 54
  setobj2t(L, &t->array[i - 1], v);
#else
  obj2arr(t, i - 1, v);
#endif
  luaC_barrierback(L, obj2gco(t), v);
}


void mw_element (lua_State *L, const Table *t, unsigned int i) {
#if MW_LUA == 54
  setobj2s(L, L->top.p, &t->array[i - 1]);
#else
  arr2obj(t, i - 1, s2v(L->top.p));
#endif
  api_incr_top(L);
}


void mw_pushglobals (lua_State *L) {
  mw_element(L, hvalue(&G(L)->l_registry), LUA_RIDX_GLOBALS);
}
