// Our npm package, for programs that call between Lua and JavaScript.

/** @param {{ Lua: typeof import("../../../web/src/index.js").Lua, module: Uint8Array | Promise<Response> }} assets */
export async function start({ Lua, module }) {
  const lua = await Lua.load({ wasm: await module });
  return {
    run: (text) => lua.runSync(text).values[0],
    set: (name, f) => lua.set(name, f),
    get: (name) => lua.get(name),
  };
}
