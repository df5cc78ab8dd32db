// wasmoon, as its documentation shows it.

/** @param {{ wasmoon: typeof import("wasmoon"), glue?: string }} assets the package, and where its module is, if not in the package's own folder */
export async function start({ wasmoon, glue }) {
  const lua = await new wasmoon.LuaFactory(glue).createEngine();
  return {
    run: (text) => lua.doStringSync(text),
    set: (name, f) => lua.global.set(name, f),
    get: (name) => lua.global.get(name),
  };
}
