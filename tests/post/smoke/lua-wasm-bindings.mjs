// Emscripten, Lua 5.4 by its C functions.
import { packages } from "../packages.mjs";

const { lua, lauxlib, lualib } = packages("lua-wasm-bindings/dist/lua.54");
const state = lauxlib.luaL_newstate();
lualib.luaL_openlibs(state);
for (const text of ["return ('x'):rep(3) .. #_VERSION .. string.format('%g', 2^0.5)", "error('no')", "return pcall(error, 'caught') and 1 or 'ok'", "x ="]) {
  console.log(lauxlib.luaL_dostring(state, text), lua.lua_tostring(state, -1));
  lua.lua_settop(state, 0);
}
lua.lua_close(state);
