// Where start-up's milliseconds go: node bench/hosts/startup.mjs MODULE [PROCESSES]
// Prints the least of each step over fresh processes (8 if not said). With the environment variable STEPS it is one of them, and prints JSON
// (`cargo xtask bench startup` does so).

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [, , file, processes = "8"] = process.argv;
const STEPS = ["read", "compile", "instantiate", "init", "first chunk", "second chunk"];

/** Each step with its milliseconds in this process. */
async function measure() {
  const times = [performance.now()];
  const step = (value) => (times.push(performance.now()), value);
  const bytes = step(readFileSync(file));
  const module = step(await WebAssembly.compile(bytes));
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [name, () => -1]);
  const { exports: lua } = step(await WebAssembly.instantiate(module, { env: Object.fromEntries(imports) }));
  if (step(lua.init()) !== 0) throw new Error("init failed");
  const chunk = Buffer.from('return "ready"');
  for (let n = 0; n < 2; n++) {
    new Uint8Array(lua.memory.buffer, lua.get_buffer_ptr(), chunk.length).set(chunk);
    if (step(lua.compute(lua.get_buffer_ptr(), chunk.length)) < 0) throw new Error("the chunk failed");
  }
  return STEPS.map((step, n) => [step, times[n + 1] - times[n]]);
}

if (process.env.STEPS) {
  console.log(JSON.stringify(await measure()));
} else {
  const options = { env: { ...process.env, STEPS: "1" }, encoding: "utf8" };
  const one = () => JSON.parse(execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), file], options));
  const all = Array.from({ length: Number(processes) }, one);
  STEPS.forEach((step, n) => console.log(`${step.padEnd(14)}${Math.min(...all.map((steps) => steps[n][1])).toFixed(2).padStart(8)} ms`));
}
