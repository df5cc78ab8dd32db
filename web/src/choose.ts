/** Which of several modules this engine runs. */
import { LuaError } from "./error.js";
import type { WasmChoice, WasmSource } from "./module.js";

// (func try catch_all end) and (func try_table end): the smallest bodies that need one encoding or the other.
const PROBES = {
  legacy: [6, 64, 25, 11, 11],
  standard: [31, 64, 0, 11, 11],
};

/** Whether this engine runs modules with that encoding of exceptions. */
export function runs(encoding: keyof typeof PROBES): boolean {
  return WebAssembly.validate(
    // magic, version; type section: () -> (); function section; code section: one body, without locals
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, ...PROBES[encoding]]),
  );
}

/** The first that the engine runs. Fails with a `LuaError` of kind `host`. */
export function choose({ legacy, standard }: WasmChoice): WasmSource {
  if (legacy && runs("legacy")) return legacy;
  if (standard && runs("standard")) return standard;
  throw new LuaError("this engine runs none of the modules given: it lacks their encoding of WebAssembly exceptions", { kind: "host" });
}
