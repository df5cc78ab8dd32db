/** Finding and compiling the WebAssembly module. */
import { LuaError } from "./error.js";

/** A place (URL), the bytes, or a compiled module (which can be sent to workers and shared by any number of instances). */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** One file for each encoding of exceptions: the engine gets the one that it runs. */
export interface WasmChoice {
  legacy?: WasmSource;
  standard?: WasmSource;
}

/** Whether this engine runs modules with that encoding of exceptions. */
export const supports = async (encoding: keyof WasmChoice): Promise<boolean> => (await import("./rare.js")).runs(encoding);

/** Where the bytes of a module are: snapshots are tied to them. */
export const sources = new WeakMap<WebAssembly.Module, string | BufferSource>();

/** Compiles, and remembers from what. */
async function from(source: string | BufferSource, compiling: Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  const module = await compiling;
  sources.set(module, source);
  return module;
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
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return from(source, WebAssembly.compile(source));
  if (typeof Response !== "undefined" && source instanceof Response) return from(source.url, stream(source));
  if (typeof source === "object" && !(source instanceof URL)) {
    return compile((await import("./rare.js")).choose(source as WasmChoice));
  }
  const base = typeof location === "undefined" ? undefined : location.href;
  const url = new URL(source, base).href;
  let module = compiled.get(url);
  if (!module) {
    module = from(url, fetchModule(url));
    compiled.set(url, module);
    module.catch(() => compiled.delete(url));
  }
  return module;
}

async function fetchModule(url: string): Promise<WebAssembly.Module> {
  try {
    if (url.startsWith("file:") && typeof process !== "undefined" && process.versions?.node) {
      // At once: the way to other threads and back takes longer than they help.
      return new WebAssembly.Module(await (await import("./node.js")).readFile(url));
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
