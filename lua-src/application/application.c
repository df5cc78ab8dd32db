/*
** application.c
** Runs the application that the module contains (docs/contract.md)
*/

#include "lua.h"

#include "lauxlib.h"

#include "abi.h"
#include "buffer.h"
#include "codec.h"

#include "application/application.h"


/* registry key: what the main module has returned, if that is a function */
static const char program = 0;


/* pushes the function of module 'm' */
static void pushmodule (lua_State *L, const mw_Module *m) {
  const char *name = lua_pushfstring(L, "=%s", m->name);
  if (luaL_loadbufferx(L, (const char *)m->code, m->size, name, "b") != LUA_OK)
    lua_error(L);
  lua_remove(L, -2);
}


static int results (lua_State *L, int status, lua_KContext ctx) {
  (void)status;
  return lua_gettop(L) - (int)ctx;
}


/*
** After the main module: below its results are the 'nargs' arguments, which
** go on to the function that it has returned.
*/
static int loaded (lua_State *L, int status, lua_KContext nargs) {
  int n = (int)nargs;
  (void)status;
  if (lua_gettop(L) != n + 1 || !lua_isfunction(L, -1))
    return lua_gettop(L) - n;
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &program);
  lua_insert(L, 1);
  lua_callk(L, n, LUA_MULTRET, 0, results);
  return lua_gettop(L);
}


int mw_own_application (lua_State *L) {
  int i, n = lua_gettop(L);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &program) == LUA_TFUNCTION) {
    lua_insert(L, 1);
    lua_callk(L, n, LUA_MULTRET, 0, results);
    return lua_gettop(L);
  }
  lua_pop(L, 1);
  luaL_checkstack(L, n + 2, "too many arguments");
  pushmodule(L, mw_application);
  for (i = 1; i <= n; i++)
    lua_pushvalue(L, i);
  lua_callk(L, n, LUA_MULTRET, n, loaded);
  return loaded(L, LUA_OK, n);
}


/*
** What stands in 'package.preload' for a module: its upvalue is its number.
*/
static int openmodule (lua_State *L) {
  pushmodule(L, mw_application + lua_tointeger(L, lua_upvalueindex(1)));
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, results);
  return lua_gettop(L);
}


/*
** For modules with a state: the main module has to end with the program.
** Pushes where that is.
*/
int mw_prepare (lua_State *L) {
  lua_Debug ar;
  pushmodule(L, mw_application);
  lua_call(L, 0, LUA_MULTRET);
  if (lua_gettop(L) != 1 || !lua_isfunction(L, 1))
    luaL_error(L, "the main file has to return a function, which is called at "
                  "the start (found %d results, the first a %s)",
                  lua_gettop(L), luaL_typename(L, 1));
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">S", &ar);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &program);
  lua_pushfstring(L, "%s:%d", ar.source + 1, ar.linedefined);
  return 1;
}


void mw_openmore (lua_State *L) {
  size_t i;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (i = 0; i < mw_napplication; i++) {
    lua_pushinteger(L, (lua_Integer)i);
    lua_pushcclosure(L, openmodule, 1);
    lua_setfield(L, -2, mw_application[i].name);
  }
  lua_pop(L, 1);
}


/*
** Runs the application with the values that are encoded in the first bytes
** of the I/O buffer.
*/
static int runstart (lua_State *L) {
  mw_Reader r;
  r.p = mw_io.data;
  r.end = r.p + *(const size_t *)lua_touserdata(L, 1);
  r.err = NULL;
  r.throws = 0;
  lua_settop(L, 0);
  lua_pushcfunction(L, mw_own_application);
  while (r.p < r.end) {
    luaL_checkstack(L, 1, "too many arguments");
    switch (mw_decode(L, &r)) {
      case MW_DEC_OK: break;
      case MW_DEC_OTHER:
        return luaL_error(L, "bad argument #%d to 'run_application' (tag %d has no "
                             "place here)", lua_gettop(L), *r.p);
      default:
        return luaL_error(L, "bad argument #%d to 'run_application' (%s)",
                             lua_gettop(L), r.err);
    }
  }
  mw_io_trim();
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  mw_results(L, lua_gettop(L));
  return 0;
}


MW_EXPORT int run_application (size_t l) {
  if (l > mw_io.cap)
    l = mw_io.cap;  /* no host can have written more */
  return mw_compute(runstart, &l, NULL);
}
