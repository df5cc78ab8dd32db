// The package under test, on the module that `cargo xtask build --contract bridge` puts beside it.
import { existsSync } from "node:fs";
import { Lua } from "../dist/index.js";

export const wasm = new URL("../dist/lua.wasm", import.meta.url);
if (!existsSync(wasm)) throw new Error(`expected the module at ${wasm.pathname}: run cargo xtask build --contract bridge -o web/dist first`);

/** An instance; tests that need no other options share the compiled module. */
export const load = (options) => Lua.load(options);

/** The error that a promise or function fails with. */
export async function failure(f) {
  try {
    await (typeof f === "function" ? f() : f);
  } catch (e) {
    return e;
  }
  throw new Error("expected a failure");
}
