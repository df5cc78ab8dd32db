// Runs a Lua program in one of our modules several times in one instance, and prints the times as JSON.
// Arguments: the module, the program, the number of runs.

import { readFileSync } from "node:fs";

const [, , module, program, runs] = process.argv;
const text = readFileSync(program);

const begun = performance.now();
const empty = (id, to, max) => {
  if (max >= 4) new DataView(instance.exports.memory.buffer).setUint32(to, 0, true);
  return 4;
};
const { instance } = await WebAssembly.instantiate(readFileSync(module), {
  env: {
    js_time_now: Date.now,
    // A store that has nothing, and is asked to keep nothing that a benchmark reads again.
    js_ext_table_get: () => -1,
    js_ext_table_set: () => 0,
    js_ext_table_delete: () => 0,
    js_ext_table_drop: () => 0,
    js_ext_table_size: () => 0,
    js_ext_table_keys: empty,
  },
});
const lua = instance.exports;
if (lua.init() !== 0) throw new Error("init failed");
const startup = performance.now() - begun;

const buffer = (length) => new Uint8Array(lua.memory.buffer, lua.get_buffer_ptr(), length);
const times = [];
let result;
for (let n = 0; n < Number(runs); n++) {
  const before = performance.now();
  buffer(text.length).set(text);
  const length = lua.compute(lua.get_buffer_ptr(), text.length);
  if (length < 0) throw new Error(Buffer.from(buffer(-length - 1)).toString());
  result = Buffer.from(buffer(length)).subarray(4 + 5).toString();
  times.push(performance.now() - before);
}
console.log(JSON.stringify({ startup, runs: times, result }));
