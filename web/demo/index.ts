/** The first page: a counter that is a Lua function, stored. */
import { Lua } from "moonwright";
import { byId } from "./dom.js";
import { store } from "./stores.js";

const CODE = `Memory.visit = Memory.visit or (function()
  local n = 0
  return function() n = n + 1; return n end
end)()

return Memory.visit()   -- a closure, with its upvalue, from the last visit`;

const told = byId("visits");
byId("code").textContent = CODE;
try {
  const lua = await Lua.load({ store, name: "home", onConflict: "readonly" });
  const { values } = await lua.run(CODE, { name: "home.lua" });
  const [visits] = values as [number];
  if (!lua.session?.readonly) await lua.save();
  await lua.close();
  told.textContent =
    visits === 1 ? "This page has been loaded once. Reload it: the function below goes on counting." : `This page has been loaded ${visits} times, counts a Lua function that was stored with its upvalue.`;
  told.classList.add("good");
} catch (error) {
  told.textContent = `Lua can't start here: ${(error as Error).message}`;
  told.classList.add("bad");
}
