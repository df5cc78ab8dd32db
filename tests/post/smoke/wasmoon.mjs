// Emscripten, Lua 5.4, errors by longjmp through JavaScript.
import { packages } from "../packages.mjs";

const { LuaFactory } = packages("wasmoon");
const lua = await new LuaFactory().createEngine();
const program = `
  local ok, message = pcall(error, { code = 7 })
  local co = coroutine.wrap(function(...) for i = 1, select("#", ...) do coroutine.yield((select(i, ...))) end end)
  local t = {}
  for w in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = w:upper() end
  return table.concat(t, " ") .. string.format(" %5.2f %d %s", math.pi, message.code, co("a", "b") .. co())
`;
lua.global.set("twice", (x) => 2 * x);
console.log(await lua.doString(program), await lua.doString("return twice(21)"));
await lua.doString("error('gone wrong')").catch((error) => console.log(String(error.message).split("\n")[0]));
lua.global.close();
