// fengari, through its C API in JavaScript: it has no other of its own, and nothing above it can be faster.

/** @param {{ fengari: typeof import("fengari") }} assets */
export function start({ fengari }) {
  const { lua, lauxlib, lualib, to_luastring: bytes, to_jsstring: text } = fengari;
  const L = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(L);
  const check = (status) => {
    if (status !== lua.LUA_OK) throw new Error(text(lauxlib.luaL_tolstring(L, -1)));
  };
  return {
    run(program) {
      lua.lua_settop(L, 0);
      const chunk = bytes(program);
      check(lauxlib.luaL_loadbuffer(L, chunk, chunk.length, bytes("=program")));
      check(lua.lua_pcall(L, 0, 1, 0));
      return lua.lua_isnil(L, -1) ? undefined : lua.lua_tojsstring(L, -1);
    },
    set(name, f) {
      lua.lua_pushcfunction(L, (L) => {
        lua.lua_pushnumber(L, f(lua.lua_tonumber(L, 1), lua.lua_tonumber(L, 2)));
        return 1;
      });
      lua.lua_setglobal(L, bytes(name));
    },
    get(name) {
      lua.lua_getglobal(L, bytes(name));
      const reference = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
      return (a, b) => {
        lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, reference);
        lua.lua_pushnumber(L, a);
        lua.lua_pushnumber(L, b);
        check(lua.lua_pcall(L, 2, 1, 0));
        const sum = lua.lua_tonumber(L, -1);
        lua.lua_pop(L, 1);
        return sum;
      };
    },
  };
}
