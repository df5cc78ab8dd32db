// Our module by itself, contract `full`, as a host without the package would run it.

const decode = (bytes) => new TextDecoder().decode(bytes);

/** @param {{ module: Uint8Array | Promise<Response> }} assets the module's bytes, or where it comes from */
export async function start({ module }) {
  const empty = (_id, to, max) => {
    if (max >= 4) new DataView(instance.exports.memory.buffer).setUint32(to, 0, true);
    return 4;
  };
  // Each with the parameters of the contract: for a function that declares another number of them V8 compiles an adapter of its own.
  const imports = {
    env: {
      js_time_now: () => Date.now(),
      // A store that has nothing, and is asked to keep nothing that a benchmark reads again.
      js_ext_table_get: (_id, _key, _size, _to, _max) => -1,
      js_ext_table_set: (_id, _key, _size, _value, _length) => 0,
      js_ext_table_delete: (_id, _key, _size) => 0,
      js_ext_table_drop: (_id) => 0,
      js_ext_table_size: (_id) => 0,
      js_ext_table_keys: empty,
    },
  };
  // Bytes that are there are compiled at once: nothing else is to be done meanwhile, and the way to other threads and back takes longer.
  const instance =
    module instanceof Uint8Array
      ? new WebAssembly.Instance(new WebAssembly.Module(module), imports)
      : (await WebAssembly.instantiateStreaming(module, imports)).instance;
  const lua = instance.exports;
  if (lua.init() !== 0) throw new Error("init failed");
  const buffer = (length) => new Uint8Array(lua.memory.buffer, lua.get_buffer_ptr(), length);
  return {
    /** Runs a program that gives a string. */
    run(text) {
      const bytes = new TextEncoder().encode(text);
      buffer(bytes.length).set(bytes);
      const length = lua.compute(lua.get_buffer_ptr(), bytes.length);
      if (length < 0) throw new Error(decode(buffer(-length - 1)));
      // The record: the length of an empty output, then a string with its tag and its length.
      return decode(buffer(length).subarray(4 + 5));
    },
  };
}
