/** Finding and compiling the WebAssembly module. */
import { LuaError } from "./error.js";

/** A place (URL), the bytes, or a compiled module (which can be sent to workers and shared by any number of instances). */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** One file for each encoding of exceptions: the engine gets the one that it runs. */
export interface WasmChoice {
  legacy?: WasmSource;
  standard?: WasmSource;
}

// (func try catch_all end) and (func try_table end): the smallest bodies that need one encoding or the other.
const PROBES = {
  legacy: [6, 64, 25, 11, 11],
  standard: [31, 64, 0, 11, 11],
};

/** Whether this engine runs modules with that encoding of exceptions. */
export function supports(encoding: keyof typeof PROBES): boolean {
  return WebAssembly.validate(
    // magic, version; type section: () -> (); function section; code section: one body, without locals
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, ...PROBES[encoding]]),
  );
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Compiles a module, while it still arrives where the engine can. What is named by a URL is compiled once and shared.
 * Without `source`: `lua.wasm` beside this file.
 * Fails with a `LuaError` of kind `host` that says what was looked for.
 */
export async function compile(source?: WasmSource | WasmChoice): Promise<WebAssembly.Module> {
  source ??= new URL("lua.wasm", import.meta.url);
  if (source instanceof WebAssembly.Module) return source;
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return WebAssembly.compile(source);
  if (typeof Response !== "undefined" && source instanceof Response) return stream(source);
  if (typeof source === "object" && !(source instanceof URL)) {
    const choice = source as WasmChoice;
    const one = (choice.legacy && supports("legacy") && choice.legacy) || (choice.standard && supports("standard") && choice.standard);
    if (one) return compile(one);
    throw new LuaError("this engine runs none of the modules given: it lacks their encoding of WebAssembly exceptions", { kind: "host" });
  }
  const base = typeof location === "undefined" ? undefined : location.href;
  const url = new URL(source, base).href;
  let module = compiled.get(url);
  if (!module) {
    module = fetchModule(url);
    compiled.set(url, module);
    module.catch(() => compiled.delete(url));
  }
  return module;
}

async function fetchModule(url: string): Promise<WebAssembly.Module> {
  try {
    if (url.startsWith("file:") && typeof process !== "undefined" && process.versions?.node) {
      // A name that bundlers don't follow: pages never come here.
      const fs = "node:fs/promises";
      const { readFile } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)) as typeof import("node:fs/promises");
      return await WebAssembly.compile(await readFile(new URL(url)));
    }
    return await stream(await fetch(url));
  } catch (cause) {
    throw new LuaError(`cannot load the Lua module from ${url}: ${(cause as Error).message}`, { kind: "host", cause });
  }
}

async function stream(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`expected the file, found HTTP status ${response.status}`);
  // Streaming wants the right type; servers that don't know it are many.
  if (WebAssembly.compileStreaming && response.headers.get("content-type")?.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
