/*
** handle.c
** Lua values that the host holds: one id for each value, and how often it
** has arrived at the host
*/

#include "lua.h"

#include "lauxlib.h"

#include "abi.h"
#include "bridge.h"


/*
** Registry keys: a table from id to value and from minus id to the number of
** arrivals, and a table from value to id.
*/
static const char byid = 0;
static const char byvalue = 0;

static uint32_t last = MW_FIRSTHANDLE - 1;  /* id given last */
static uint32_t held;


/* pushes one of the tables */
static void pushtable (lua_State *L, const void *key) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
  }
}


void mw_ref_encode (lua_State *L, mw_Buffer *b, int idx) {
  uint32_t id;
  lua_Integer count = 0;
  mw_buf_reserve(L, b, 6);  /* an arrival counts only if it will be seen */
  pushtable(L, &byid);
  pushtable(L, &byvalue);
  lua_pushvalue(L, idx);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    if (last >= INT32_MAX)
      luaL_error(L, "no more ids for handles");
    id = last + 1;
    lua_pushvalue(L, idx);
    lua_rawseti(L, -4, (lua_Integer)id);
    lua_pushvalue(L, idx);
    lua_pushinteger(L, (lua_Integer)id);
    lua_rawset(L, -4);
    last = id;
    held++;
  }
  else {
    id = (uint32_t)lua_tointeger(L, -1);
    lua_rawgeti(L, -3, -(lua_Integer)id);
    count = lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  lua_pushinteger(L, count + 1);
  lua_rawseti(L, -4, -(lua_Integer)id);
  lua_pop(L, 3);
  mw_buf_addu8(L, b, MW_TAG_REF);
  mw_buf_addu8(L, b, (unsigned int)lua_type(L, idx));
  mw_buf_addu32(L, b, id);
}


void mw_ref_push (lua_State *L, uint32_t id) {
  pushtable(L, &byid);
  if (id < MW_FIRSTHANDLE || id > last ||
      lua_rawgeti(L, -1, (lua_Integer)id) == LUA_TNIL) {
    lua_pushfstring(L, "%d", (int)id);
    luaL_error(L, "there is no handle %s%s", lua_tostring(L, -1),
                  (id >= MW_FIRSTHANDLE && id <= last) ? " (it was released)"
                                                       : "");
  }
  lua_remove(L, -2);
}


uint32_t mw_ref_count (void) {
  return held;
}


/* changes existing entries only, so that nothing here can fail */
MW_EXPORT int release_handle (uint32_t id, uint32_t count) {
  lua_State *L = mw_L;
  lua_Integer left;
  if (L == NULL || id < MW_FIRSTHANDLE || id > last)
    return -1;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &byid);
  if (lua_rawgeti(L, -1, -(lua_Integer)id) == LUA_TNIL) {
    lua_pop(L, 2);
    return -1;
  }
  left = lua_tointeger(L, -1) - (lua_Integer)count;
  lua_pop(L, 1);
  if (left > 0) {
    lua_pushinteger(L, left);
    lua_rawseti(L, -2, -(lua_Integer)id);
  }
  else {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &byvalue);
    lua_rawgeti(L, -2, (lua_Integer)id);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_rawseti(L, -2, (lua_Integer)id);
    lua_pushnil(L);
    lua_rawseti(L, -2, -(lua_Integer)id);
    held--;
  }
  lua_pop(L, 1);
  return 0;
}
