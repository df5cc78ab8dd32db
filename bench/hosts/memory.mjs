// Runs a program once on node and prints what memory it takes, as JSON: `heap` bytes that Lua has in use after it and a full collection,
// `peak` the most that it had, `memory` bytes of linear memory, which never shrinks, `fresh` those of an instance that has run nothing.
// Arguments: the engine, its file (a module with the contract `bridge`) or folder (npm packages), the program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , engine, from, program] = process.argv;
const text = readFileSync(program);

/** Steps between two looks at the heap: the fewest that a slice can have. */
const SLICE = 4096;

/** Ours: `get_memory_stats` tells a host between slices what it has to tell. */
async function moonwright() {
  const refuse = () => {
    throw new Error("a benchmark of memory calls nothing of the host");
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(from), {
    env: {
      js_time_now: Date.now, js_call: refuse, js_release: refuse, js_ext_table_get: () => -1, js_ext_table_set: () => 0, js_ext_table_delete: () => 0,
      js_ext_table_drop: () => 0, js_ext_table_size: () => 0, js_ext_table_keys: () => 0,
    },
  });
  const lua = instance.exports;
  if (lua.init() !== 0) throw new Error("init failed");
  const view = () => new DataView(lua.memory.buffer);
  const stats = () => {
    const at = lua.get_buffer_ptr();
    lua.get_memory_stats(at);
    return { heap: view().getUint32(at + 4, true), memory: view().getUint32(at + 8, true) << 16 };
  };
  const fresh = stats().memory;
  // The program as the argument of the module's own function 0, `run`.
  const at = lua.reserve_buffer(text.length + 5);
  view().setUint8(at, 4);
  view().setUint32(at + 1, text.length, true);
  new Uint8Array(lua.memory.buffer).set(text, at + 5);
  lua.set_slice(SLICE);
  let peak = 0;
  let length = lua.task_start(0, at, text.length + 5, 0);
  for (;;) {
    const record = new Uint8Array(lua.memory.buffer, lua.get_buffer_ptr(), length).slice();
    const status = record[0];
    // A record is read before stats() writes over it.
    const task = new DataView(record.buffer).getUint32(1, true);
    peak = Math.max(peak, stats().heap);
    if (status === 0) break;
    if (status !== 2) throw new Error(`expected a slice or the end, found status ${status}: ${Buffer.from(record)}`);
    length = lua.task_resume(task, 0, 0, 0);
  }
  lua.run_gc();
  return { ...stats(), peak, fresh };
}

/** wasmoon counts its heap where it is asked to. */
async function wasmoon() {
  const { LuaFactory } = createRequire(join(from, "_"))("wasmoon");
  const lua = await new LuaFactory().createEngine({ traceAllocations: true });
  const memory = () => lua.cmodule.module.HEAPU8.length;
  const fresh = memory();
  const counts = lua.global.getMemoryStatsRef();
  let used = counts.memoryUsed;
  let peak = used;
  Object.defineProperty(counts, "memoryUsed", {
    get: () => used,
    set(bytes) {
      used = bytes;
      if (bytes > peak) peak = bytes;
    },
  });
  lua.doStringSync(text.toString());
  lua.doStringSync("collectgarbage()");
  return { heap: used, memory: memory(), peak, fresh };
}

console.log(JSON.stringify(await { moonwright, wasmoon }[engine]()));
