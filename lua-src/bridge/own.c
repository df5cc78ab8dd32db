/*
** own.c
** The module's own functions that hosts call by number, and the deadline
*/

#include "lua.h"

#include "lauxlib.h"
#include "lualib.h"

#include "abi.h"
#include "application/application.h"
#include "bridge.h"
#include "error.h"
#include "mwlimits.h"
#include "persist/stored.h"


/*
** {==================================================================
** Chunks and modules
** ===================================================================
*/

static int runagain (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return lua_gettop(L);
}


/* loads the chunk at index 1, of that mode, and pushes the function */
static void compile (lua_State *L, const char *name, const char *mode) {
  size_t l;
  const char *s = luaL_checklstring(L, 1, &l);
  int status;
  if (name == NULL)
    name = s;
  status = luaL_loadbufferx(L, s, l, name, mode);
  if (status != LUA_OK) {
    mw_call_syntax = (status == LUA_ERRSYNTAX);
    if (mw_call_syntax)
      mw_error_chunk(name);
    lua_error(L);
  }
}


static int own_run (lua_State *L) {
  compile(L, mw_chunkname(NULL), "t");
  lua_replace(L, 1);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, runagain);
  return lua_gettop(L);
}


static int own_load (lua_State *L) {
  compile(L, luaL_optstring(L, 2, NULL), "t");
  return 1;
}


static int own_loadbinary (lua_State *L) {
  compile(L, luaL_optstring(L, 2, "=?"), "b");
  return 1;
}


__attribute__((weak)) int mw_own_application (lua_State *L) {
  return luaL_error(L, "the module contains no application (expected one "
                       "that was built with --embed)");
}


static int own_addmodule (lua_State *L) {
  lua_settop(L, 2);
  luaL_checkstring(L, 1);
  lua_insert(L, 1);  /* stack: text, name */
  compile(L, lua_pushfstring(L, "@%s", lua_tostring(L, 2)), "t");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_insert(L, -2);
  lua_setfield(L, -2, lua_tostring(L, 2));
  return 0;
}


/* registry key: the host's loader for 'require', or false */
static const char loader = 0;

/*
** Makes the loader of what the host gave for a module, at the top; 0 if that
** is nil
*/
static int given (lua_State *L, const char *name) {
  switch (lua_type(L, -1)) {
    case LUA_TFUNCTION: return 1;
    case LUA_TSTRING: {
      size_t l;
      const char *s = lua_tolstring(L, -1, &l);
      if (luaL_loadbufferx(L, s, l, lua_pushfstring(L, "@%s", name), "t")
          != LUA_OK)
        return luaL_error(L, "error loading module '%s':\n\t%s", name,
                             lua_tostring(L, -1));
      return 1;
    }
    case LUA_TNIL: return 0;
    default:
      return luaL_error(L, "error loading module '%s': expected a text, a "
               "function or nil from the host, found a %s", name,
               luaL_typename(L, -1));
  }
}


static int ran (lua_State *L, int status, lua_KContext ctx) {
  (void)L; (void)status; (void)ctx;
  return 1;
}


static int gave (lua_State *L, int status, lua_KContext ctx) {
  const char *name = lua_tostring(L, 1);
  (void)status; (void)ctx;
  if (!given(L, name)) {
    luaL_where(L, 2);  /* 1 is 'require' */
    lua_pushfstring(L, "%smodule '%s' not found:\n\tno field "
                       "package.preload['%s']\n\tno module '%s' from the host",
                       lua_tostring(L, -1), name, name, name);
    return lua_error(L);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_callk(L, 2, 1, 0, ran);
  return 1;
}


/* asks the host for a module and runs it; both can wait */
static int hostloader (lua_State *L) {
  luaL_checkstring(L, 1);
  lua_settop(L, 2);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &loader);
  lua_pushvalue(L, 1);
  lua_callk(L, 1, 1, 0, gave);
  return gave(L, LUA_OK, 0);
}


static int searcher (lua_State *L);

/* is 'searcher' the last one? */
static int islast (lua_State *L) {
  int last;
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  last = lua_getfield(L, -1, LUA_LOADLIBNAME) == LUA_TTABLE &&
         lua_getfield(L, -1, "searchers") == LUA_TTABLE;
  if (last) {
    lua_rawgeti(L, -1, (lua_Integer)lua_rawlen(L, -1));
    last = lua_tocfunction(L, -1) == searcher;
  }
  lua_settop(L, 1);
  return last;
}


/*
** Normally the last of 'package.searchers'. A searcher can't wait, a loader
** can: so it leaves the question to one, unless somebody else is to be asked
** after a no.
*/
static int searcher (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &loader) == LUA_TBOOLEAN)
    return 0;
  if (islast(L))
    lua_pushcfunction(L, hostloader);
  else {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (!given(L, name)) {
      lua_pushfstring(L, "no module '%s' from the host", name);
      return 1;
    }
  }
  lua_pushvalue(L, 1);
  return 2;
}


static int own_setloader (lua_State *L) {
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_pushboolean(L, 0);
    lua_replace(L, 1);
  }
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &loader) == LUA_TNIL) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, LUA_LOADLIBNAME) != LUA_TTABLE ||
        lua_getfield(L, -1, "searchers") != LUA_TTABLE)
      return luaL_error(L, "cannot set the loader: 'package.searchers' is "
                           "no table");
    lua_pushcfunction(L, searcher);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &loader);
  return 0;
}

/* }================================================================== */


/*
** {==================================================================
** Values
** ===================================================================
*/

static int own_get (lua_State *L) {
  lua_settop(L, 2);
  lua_gettable(L, 1);
  return 1;
}


static int own_set (lua_State *L) {
  lua_settop(L, 3);
  lua_settable(L, 1);
  return 0;
}


static int own_length (lua_State *L) {
  lua_settop(L, 1);
  lua_len(L, 1);
  return 1;
}


static int own_entries (lua_State *L) {
  lua_Integer limit;
  int n = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  limit = luaL_checkinteger(L, 2);
  lua_settop(L, 3);  /* stack: table, limit, key */
  while (n < limit) {
    luaL_checkstack(L, 4, "too many entries");
    if (!lua_next(L, 1))
      return 2 * n;
    n++;
    lua_pushvalue(L, -2);  /* the key, once more */
  }
  lua_pop(L, 1);
  return 2 * n;
}


static int own_text (lua_State *L) {
  luaL_checkany(L, 1);
  luaL_tolstring(L, 1, NULL);
  return 1;
}


static int own_equal (lua_State *L) {
  lua_settop(L, 2);
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPEQ));
  return 1;
}


static int own_globals (lua_State *L) {
  lua_pushglobaltable(L);
  return 1;
}


static int own_memory (lua_State *L) {
  sethvalue2s(L, L->top.p, mw_S.root);
  mw_inctop(L);
  return 1;
}


static int own_permanent (lua_State *L) {
  size_t l;
  const char *name = luaL_checklstring(L, 1, &l);
  int t = lua_type(L, 2);
  luaL_argexpected(L, t == LUA_TTABLE || t == LUA_TFUNCTION ||
                      t == LUA_TUSERDATA || t == LUA_TTHREAD, 2,
                   "table, function, userdata or thread");
  lua_settop(L, 2);
  mw_permanent_set(L, name, l);
  return 0;
}


static int own_same (lua_State *L) {
  return lua_gettop(L);
}


static int own_stats (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)mw_ref_count());
  lua_pushinteger(L, (lua_Integer)mw_host_count());
  lua_pushinteger(L, (lua_Integer)mw_task_count());
  return 3;
}


static int own_collect (lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}


/* in the order of their ids (docs/bridge.md) */
static const lua_CFunction functions[] = {
  own_run, own_get, own_set, own_length, own_entries, own_text, own_equal,
  own_globals, own_memory, own_load, own_addmodule, own_setloader,
  own_permanent, own_same, own_stats, own_collect, mw_own_application,
  own_loadbinary
};


void mw_function_push (lua_State *L, mw_Call *c) {
  if (c->f >= MW_FIRSTHANDLE)
    mw_ref_push(L, c->f);
  else if (c->f < sizeof(functions) / sizeof(functions[0])) {
    lua_pushcfunction(L, functions[c->f]);
    if (functions[c->f] == own_globals || functions[c->f] == own_memory)
      c->flags = MW_TABLES_HANDLE;
  }
  else
    luaL_error(L, "the module has no function %d of its own", (int)c->f);
}

/* }================================================================== */


/*
** {==================================================================
** Deadline
** ===================================================================
*/

static double deadline;

static const char *poll (void) {
  return (js_time_now() >= deadline) ? "time limit exceeded" : NULL;
}


MW_EXPORT void set_deadline (double ms) {
  deadline = ms;
  mw_limit_poll = (ms > 0) ? poll : NULL;
}

/* }================================================================== */
