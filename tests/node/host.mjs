// One instance of a module, driven through the exports of ABI.md and served its imports; tests/src/host.rs is the same
// in Rust.

import { decodeError, decodeResult } from "./record.mjs";
import { Tables } from "./store.mjs";

/** What `lua_throw` throws; nothing else is caught by `lua_try`. */
class LuaThrow extends Error {
  constructor() {
    super("a Lua error");
  }
}

export class LuaFailure extends Error {
  constructor(record) {
    super(`${record.kind} error: ${record.message}\n${record.traceback}\noutput: ${record.output}`);
    this.record = record;
  }
}

export class Host {
  /** An instance, not yet initialised. `js_time_now` answers `now`, or else what `clock` says. */
  static async bare(module, { tables = new Tables(), now = undefined, clock = Date.now } = {}) {
    const host = new Host();
    host.tables = tables;
    host.now = now;
    host.clock = clock;
    host.throws = 0; // how often Lua has unwound, in a module built with `--unwind host`
    // A store that has imports of its own serves the module itself.
    const env = { ...host.#imports(), ...tables.imports?.(() => host.exports) };
    host.instance = await WebAssembly.instantiate(module, { env });
    host.exports = host.instance.exports;
    return host;
  }

  /** An initialised instance. */
  static async create(module, options) {
    const host = await Host.bare(module, options);
    const status = host.exports.init();
    if (status !== 0) throw new Error(`expected init to give 0, found ${status}`);
    return host;
  }

  #bytes(at, length) {
    const memory = new Uint8Array(this.exports.memory.buffer);
    at >>>= 0;
    length >>>= 0;
    if (at + length > memory.length) throw new Error(`import: ${at} + ${length} lies outside of memory`);
    return memory.subarray(at, at + length);
  }

  #copyOut(to, max, bytes) {
    const length = Math.min(max >>> 0, bytes.length);
    this.#bytes(to, length).set(bytes.subarray(0, length));
    return bytes.length;
  }

  #imports() {
    const { tables } = this;
    const status = (stored) => (stored ? 0 : -1);
    return {
      js_ext_table_set: (id, key, keyLength, value, valueLength) =>
        status(tables.set(id >>> 0, this.#bytes(key, keyLength), this.#bytes(value, valueLength))),
      js_ext_table_get: (id, key, keyLength, to, max) => {
        const value = tables.get(id >>> 0, this.#bytes(key, keyLength));
        return value === undefined ? -1 : this.#copyOut(to, max, value);
      },
      js_ext_table_delete: (id, key, keyLength) => status(tables.delete(id >>> 0, this.#bytes(key, keyLength))),
      js_ext_table_size: (id) => tables.size(id >>> 0),
      js_ext_table_keys: (id, to, max) => this.#copyOut(to, max, tables.keys(id >>> 0)),
      js_ext_table_drop: (id) => status(tables.drop(id >>> 0)),
      js_time_now: () => {
        if (this.clockTraps) throw new Error("the clock was told to trap");
        return this.now ?? this.clock();
      },
      // Only modules built with `--unwind host` import these two.
      lua_try: (entry, state, data) => {
        const { __indirect_function_table: table, __stack_pointer: pointer } = this.exports;
        const before = pointer.value;
        try {
          table.get(entry)(state, data);
          return 0;
        } catch (error) {
          if (!(error instanceof LuaThrow)) throw error;
          pointer.value = before;
          return 1;
        }
      },
      lua_throw: () => {
        // An object is made for every Lua error: a stack trace would cost far more than the unwinding.
        const limit = Error.stackTraceLimit;
        Error.stackTraceLimit = 0;
        const thrown = new LuaThrow();
        Error.stackTraceLimit = limit;
        this.throws++;
        throw thrown;
      },
    };
  }

  /** Puts text (a string or bytes) into the I/O buffer, grown where necessary; gives its address and length. */
  put(text) {
    const bytes = Buffer.from(text);
    const { get_buffer_ptr, get_buffer_size, reserve_buffer } = this.exports;
    const at = bytes.length > get_buffer_size() ? reserve_buffer(bytes.length) : get_buffer_ptr();
    if (at === 0) throw new Error(`expected room for ${bytes.length} bytes, found no memory`);
    this.#bytes(at, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  /** A copy of the first bytes of the I/O buffer. */
  buffer(length) {
    const size = this.exports.get_buffer_size();
    if (length > size) throw new Error(`expected ${length} bytes in the I/O buffer, found a buffer of ${size}`);
    return Buffer.from(this.#bytes(this.exports.get_buffer_ptr(), length));
  }

  /** `get_last_error`, decoded; null after a success. */
  lastError() {
    const length = this.exports.get_last_error();
    if (length < 0) throw new Error(`expected get_last_error to give a length, found ${length}`);
    return length === 0 ? null : decodeError(this.buffer(length));
  }

  setChunkName(name) {
    this.exports.set_chunk_name(...this.put(name));
  }

  /** Runs a chunk; throws a LuaFailure with the error record where it fails. */
  run(text) {
    return this.answer(this.exports.compute(...this.put(text)));
  }

  /** What `compute`, or an export like it, has left; throws a LuaFailure with the error record where it failed. */
  answer(status) {
    if (status >= 0) {
      const bytes = this.buffer(status);
      const left = this.lastError();
      if (left !== null) throw new Error(`expected no error record after a success, found ${JSON.stringify(left.message)}`);
      return decodeResult(bytes);
    }
    const message = this.buffer(-(status + 1)).toString("latin1");
    const record = this.lastError();
    if (record === null) throw new Error("expected an error record after a failure, found none");
    if (record.message !== message) throw new Error(`the message is ${message} in the buffer, ${record.message} in the record`);
    throw new LuaFailure(record);
  }

  /** Runs a chunk that is expected to fail, and gives the error record. */
  runFailing(text) {
    let result;
    try {
      result = this.run(text);
    } catch (error) {
      if (error instanceof LuaFailure) return error.record;
      throw error;
    }
    throw new Error(`expected the chunk to fail, it gave ${result.values.length} values`);
  }

  /** I/O buffer size, bytes that Lua uses, pages of linear memory. */
  memoryStats() {
    const at = this.exports.get_buffer_ptr();
    this.exports.get_memory_stats(at);
    const view = new DataView(this.exports.memory.buffer, at, 12);
    return { buffer: view.getUint32(0, true), used: view.getUint32(4, true), pages: view.getUint32(8, true) };
  }
}
