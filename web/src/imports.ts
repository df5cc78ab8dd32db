/** What a module imports from its host: the store's records, the clock, and calls of host values. */
import type { Bridge } from "./bridge.js";
import { Writer } from "./codec.js";
import type { Records } from "./store/store.js";

/** The module `env` for an instance that uses `bridge`, and keeps its state in `records`. */
export function makeImports(bridge: Bridge, records: Records): WebAssembly.ModuleImports {
  const view = (at: number, size: number): Uint8Array => bridge.view(at, size >>> 0);
  /** Writes as much as there is room for; the whole length tells the module how much it needs. */
  const give = (bytes: Uint8Array, at: number, room: number): number => {
    const size = Math.min(bytes.length, room >>> 0);
    view(at, size).set(bytes.subarray(0, size));
    return bytes.length;
  };
  /** Nothing may be thrown through the module's frames: a store that fails says -1. */
  const attempt = (f: () => number): number => {
    try {
      return f();
    } catch (e) {
      bridge.storeFailure = e;
      return -1;
    }
  };
  // Each declares the parameters of the contract, no rest: for others V8 compiles an adapter more, before the module can start.
  return {
    js_time_now: () => bridge.now(),
    js_call: (op: number, id: number, at: number, size: number, task: number) => bridge.hostCall(op, id >>> 0, at, size >>> 0, task >>> 0),
    js_release: (id: number, count: number) => bridge.border.released(id >>> 0, count >>> 0),
    js_ext_table_set: (id: number, key: number, keySize: number, value: number, valueSize: number) =>
      attempt(() => records.set(id >>> 0, view(key, keySize), view(value, valueSize))),
    js_ext_table_get: (id: number, key: number, keySize: number, at: number, room: number) =>
      attempt(() => {
        const value = records.get(id >>> 0, view(key, keySize));
        return value ? give(value, at, room) : -1;
      }),
    js_ext_table_delete: (id: number, key: number, keySize: number) => attempt(() => records.delete(id >>> 0, view(key, keySize))),
    js_ext_table_size: (id: number) => attempt(() => records.size(id >>> 0)),
    js_ext_table_keys: (id: number, at: number, room: number) =>
      attempt(() => {
        const keys = records.keys(id >>> 0);
        const w = new Writer();
        w.u32(keys.length);
        keys.forEach((key) => w.block(key));
        return give(w.take(), at, room);
      }),
    js_ext_table_drop: (id: number) => attempt(() => records.drop(id >>> 0)),
  };
}
