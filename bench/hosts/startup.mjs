// Where start-up's milliseconds go: node bench/hosts/startup.mjs PROCESSES PACKAGES NAME=MODULE...
// Every measurement is a process of its own; the modules, and wasmoon from the npm packages in that folder, take turns. Prints, as JSON, this
// node's version, for each name all measurements of each step, in milliseconds, and how many functions and bytes of them V8's baseline
// compiler compiled; and the same steps of wasmoon's, as far as they can be told apart.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BEGINNING = 8; // magic and version
const [TYPES, IMPORTS, MEMORY] = [1, 2, 5];

/** The module without anything to run: what the engine takes for a module of these imports, whatever its code. */
function bare(bytes) {
  const kept = [bytes.subarray(0, BEGINNING)];
  for (let at = BEGINNING; at < bytes.length; ) {
    const begin = at;
    const id = bytes[at++];
    let [length, shift, byte] = [0, 0, 0];
    do {
      byte = bytes[at++];
      length |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    at += length;
    if ([TYPES, IMPORTS, MEMORY].includes(id)) kept.push(bytes.subarray(begin, at));
  }
  return Buffer.concat(kept);
}

/** A host's functions, with the parameters of the contract: for others V8 compiles an adapter more. */
function hostFunctions(module) {
  const functions = { js_time_now: () => Date.now(), js_ext_table_set: (_id, _key, _size, _value, _length) => 0 };
  functions.js_ext_table_get = (_id, _key, _size, _to, _max) => -1;
  functions.js_ext_table_delete = functions.js_ext_table_keys = (_id, _at, _size) => 0;
  functions.js_ext_table_size = functions.js_ext_table_drop = (_id) => 0;
  return Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, functions[name]]));
}

/** From a compiled module to the end of the first chunk. */
function start(module, env, step) {
  const { exports: lua } = step("instantiate", () => new WebAssembly.Instance(module, { env }));
  if (step("init", lua.init) !== 0) throw new Error("init failed");
  const chunk = Buffer.from('return "ready"');
  new Uint8Array(lua.memory.buffer, lua.get_buffer_ptr(), chunk.length).set(chunk);
  if (step("first chunk", () => lua.compute(lua.get_buffer_ptr(), chunk.length)) < 0) throw new Error("the chunk failed");
}

/** What one process measures: steps by their names, in milliseconds. */
const KINDS = {
  steps(file) {
    const [steps, step] = clock();
    const bytes = step("read", () => readFileSync(file));
    const module = step("compile", () => new WebAssembly.Module(bytes));
    start(module, hostFunctions(module), step);
    return steps;
  },
  /** Of a second instance: its functions are compiled, what is left is running them. */
  run(file) {
    const module = new WebAssembly.Module(readFileSync(file));
    const env = hostFunctions(module);
    start(module, env, clock()[1]);
    const [steps, step] = clock();
    start(module, env, step);
    return { "run init": steps.init, "run first chunk": steps["first chunk"] };
  },
  validate(file) {
    const [steps, step] = clock();
    const bytes = readFileSync(file);
    if (!step("validate", () => WebAssembly.validate(bytes))) throw new Error("the module is not valid");
    return steps;
  },
  bare(file) {
    const [steps, step] = clock();
    const bytes = bare(readFileSync(file));
    const module = step("compile, bare", () => new WebAssembly.Module(bytes));
    const env = hostFunctions(module);
    step("instantiate, bare", () => new WebAssembly.Instance(module, { env }));
    return steps;
  },
};

/** wasmoon's start, its JavaScript being loaded: it reads its module itself, compiles it and opens the libraries. */
async function wasmoon(packages) {
  const [steps, step] = clock();
  const assets = { wasmoon: createRequire(join(packages, "_"))("wasmoon") };
  const { start } = await import("./engines/wasmoon.js");
  const begun = performance.now();
  const lua = await start(assets);
  steps.start = performance.now() - begun;
  if (step("first chunk", () => lua.run('return "ready"')) !== "ready") throw new Error("the chunk failed");
  return steps;
}

function clock() {
  const steps = {};
  const step = (name, body) => {
    const begun = performance.now();
    const result = body();
    steps[name] = performance.now() - begun;
    return result;
  };
  return [steps, step];
}

// Optimised code comes after start-up, on other threads: compiling it would be measured with what runs in its turn.
const FLAGS = { run: ["--liftoff-only"] };

const [, , first, packages, ...rest] = process.argv;
if (first in KINDS) {
  console.log(JSON.stringify(KINDS[first](packages)));
} else if (first === "wasmoon") {
  console.log(JSON.stringify(await wasmoon(packages)));
} else {
  const run = (flags, kind, file) => execFileSync(process.execPath, [...flags, fileURLToPath(import.meta.url), kind, file], { encoding: "utf8" });
  const add = (steps, printed) => {
    for (const [step, time] of Object.entries(JSON.parse(printed))) (steps[step] ??= []).push(time);
  };
  const result = { node: process.version, wasmoon: {}, modules: {} };
  for (let round = 0; round < Number(first); round++) {
    add(result.wasmoon, run([], "wasmoon", packages));
    for (const [name, file] of rest.map((argument) => argument.split("="))) {
      const module = (result.modules[name] ??= { steps: {} });
      for (const kind of Object.keys(KINDS)) add(module.steps, run(FLAGS[kind] ?? [], kind, file));
      // (A line for each function; engines of other versions may say it otherwise.)
      module.compiled ??= run(["--trace-wasm-compilation-times"], "steps", file)
        .split("\n")
        .flatMap((line) => /^Compiled function .* using Liftoff, .* bodysize (\d+) /.exec(line)?.[1] ?? [])
        .reduce(({ functions, bytes }, size) => ({ functions: functions + 1, bytes: bytes + Number(size) }), { functions: 0, bytes: 0 });
    }
  }
  console.log(JSON.stringify(result));
}
