/**
 * `moonwright/compat`: the names of older hosts of persistent Lua modules, for programs that use them. One instance per
 * page; its state is restored when it is loaded, and written by `saveState` only.
 */
import { decode, Reader, Tag, toBytes, toText } from "./codec.js";
import { LuaError } from "./error.js";
import { Lua } from "./lua.js";
import type { WasmSource } from "./module.js";
import { IndexedDbStore } from "./store/indexeddb.js";
import { MemoryStore } from "./store/memory.js";
import type { Store } from "./store/store.js";
import type { LuaValue } from "./values.js";

export interface CompatOptions {
  /** Restores what `saveState` has stored. True by default. */
  autoRestore?: boolean;
  wasmPath?: WasmSource;
  /** IndexedDB by default, where there is none, memory. */
  store?: Store;
}

let lua: Lua | undefined;
let last: CompatOptions = {};
const inMemory = new MemoryStore();

function need(): Lua {
  if (!lua) throw new LuaError("call loadLuaWasm() first, and wait for it", { kind: "host" });
  return lua;
}

/** Loads the module, and the stored state. True, or it fails with a `LuaError` or `StoreError` that says why. */
export async function loadLuaWasm(options: CompatOptions = {}): Promise<boolean> {
  const { autoRestore = true, wasmPath, store = typeof indexedDB === "undefined" ? inMemory : new IndexedDbStore() } = options;
  last = { ...options, store };
  await lua?.close({ discard: true });
  lua = undefined;
  lua = await Lua.load({ wasm: wasmPath, store, name: "compat", autoRestore, autoSave: false });
  return true;
}
export { loadLuaWasm as load };

/** 0: Lua is ready. (`loadLuaWasm` has started it.) */
export function init(): number {
  return need().bridge.enter((x) => x.init());
}

/**
 * Runs a chunk. Gives the size of the result record in the buffer (see `readResult`), or, if it failed, minus the size of the
 * message there (see `readBuffer`).
 */
export function compute(code: string): number {
  const { bridge } = need();
  const bytes = toBytes(code);
  const at = bridge.put(bytes);
  const n = bridge.enter((x) => x.compute(at, bytes.length));
  if (n >= 0) return n;
  if (n === -1) {
    // No message at all, which this interface can't say.
    writeBuffer(getBufferPtr(), "?");
    return -1;
  }
  return n + 1;
}

/** What a result record says: the output, and the first value returned. Functions and the like come as their type's name, or text. */
export function readResult(ptr: number, len: number): { output: string; result: LuaValue } {
  const bytes = need().bridge.view(ptr, len);
  const size = new DataView(bytes.buffer, ptr).getUint32(0, true);
  const none = (): never => {
    throw new TypeError("no reference can be in a result record");
  };
  const values = decode(new Reader(bytes.subarray(4 + size)), {}, {
    handle: none,
    host: none,
    other: (tag, r) => {
      if (tag !== Tag.Bytecode && tag !== Tag.Library && tag !== Tag.Opaque) return none();
      const bytes = tag === Tag.Library ? [r.u8(), r.u8()] : r.block();
      return tag === Tag.Opaque ? toText(bytes as Uint8Array) : "function";
    },
  });
  return { output: toText(bytes.subarray(4, 4 + size)), result: values[0] };
}

/** Text in the module's memory. */
export const readBuffer = (ptr: number, len: number): string => toText(need().bridge.view(ptr, len));

/** Puts text there, and gives its size in bytes. */
export function writeBuffer(ptr: number, text: string): number {
  const bytes = toBytes(text);
  need().bridge.view(ptr, bytes.length).set(bytes);
  return bytes.length;
}

export const getBufferPtr = (): number => need().bridge.enter((x) => x.get_buffer_ptr());
export const getBufferSize = (): number => need().bridge.enter((x) => x.get_buffer_size());
export const runGc = (): void => need().bridge.enter((x) => x.run_gc());
/** The stored table behind `Memory`; null before `loadLuaWasm`. */
export const getMemoryTableId = (): number | null => lua?.bridge.enter((x) => x.get_memory_table_id()) ?? null;

export function getMemoryStats(): { io_buffer_size: number; lua_memory_used: number; wasm_pages: number } {
  const { bufferBytes, heapBytes, memoryBytes } = need().stats();
  return { io_buffer_size: bufferBytes, lua_memory_used: heapBytes, wasm_pages: memoryBytes / 65536 };
}

/** Writes the state. True, or it fails with an error that says why. */
export async function saveState(): Promise<boolean> {
  await need().save();
  return true;
}

/** Starts anew with the state as it was written last. */
export const loadState = (): Promise<boolean> => loadLuaWasm({ ...last, autoRestore: true });

/** Forgets what was written; what is in memory stays. */
export async function clearPersistedState(): Promise<boolean> {
  const { session } = need();
  session?.records.clear();
  await session?.save();
  return true;
}

export interface TableInfo {
  tableCount: number;
  memoryTableId: number | null;
  nextTableId: number;
  tables: { id: number; size: number; keys: LuaValue[] }[];
}

/** The stored tables, as handed over by the last `compute`. */
export function getTableInfo(): TableInfo {
  const { records } = need();
  // Table 0 and keys tagged 0x10 and up are the module's own.
  const tables = records
    .tables()
    .filter((id) => id !== 0)
    .map((id) => {
      const keys = records.keys(id).filter((key) => (key[0] as number) < 0x10);
      return { id, size: keys.length, keys: keys.map((key) => decode(new Reader(key), {})[0]) };
    });
  return {
    tableCount: tables.length,
    memoryTableId: getMemoryTableId(),
    nextTableId: Math.max(0, ...tables.map((t) => t.id)) + 1,
    tables,
  };
}

export default {
  load: loadLuaWasm, loadLuaWasm, init, compute, readResult, readBuffer, writeBuffer, getBufferPtr, getBufferSize, getMemoryStats, runGc,
  saveState, loadState, clearPersistedState, getTableInfo, getMemoryTableId,
};
