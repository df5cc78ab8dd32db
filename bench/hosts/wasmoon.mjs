// Runs a Lua program in wasmoon several times in one engine, and prints the times as JSON.
// Arguments: the folder of npm packages, the program, the number of runs.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , packages, program, runs] = process.argv;
const { LuaFactory } = await import(pathToFileURL(join(packages, "wasmoon/dist/index.js")));
const text = readFileSync(program, "utf8");

const begun = performance.now();
const lua = await new LuaFactory().createEngine();
const startup = performance.now() - begun;

const times = [];
let result;
for (let n = 0; n < Number(runs); n++) {
  const before = performance.now();
  result = String(lua.doStringSync(text));
  times.push(performance.now() - before);
}
console.log(JSON.stringify({ startup, runs: times, result }));
