// Measures what persistence costs, on node; bench/src/persistence.rs does the same under wasmtime.
// Arguments: the module, the module without persistence, the folder of the Lua programs, the number of rounds.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../../tests/node/host.mjs";
import { PlainStore } from "./store.mjs";

const KEYS = 10_000;
const OBJECTS = 20_000;

const [, , full, core, folder, rounds] = process.argv;
const modules = { full: new WebAssembly.Module(readFileSync(full)), core: new WebAssembly.Module(readFileSync(core)) };
const cases = readFileSync(join(folder, "cases.lua"));
const functionText = readFileSync(join(folder, "function.lua"));

const clock = () => performance.timeOrigin + performance.now();

async function instance(module, tables = new PlainStore()) {
  const host = await Host.create(module, { tables, clock });
  host.run(cases);
  return host;
}

const numbers = (host, text) => host.run(text).values.map(Number);

function expect(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`);
}

const hosts = { none: await instance(modules.core), full: await instance(modules.full) };
const names = hosts.full.run("return case_names()").values.map(String);
const samples = names.map((name) => ({ name, none: [], plain: [], memory: [] }));
const figures = { function_bytes: [], attach: [], read_keys: [], entries: [], out: [], in: [], load: [], verify_undump: [], verify_load: [] };

// The bytes of an entry are no part of what a function adds: another value stands there before.
const tables = new PlainStore();
const host = await instance(modules.full, tables);
host.run("Memory.f = true");
const before = tables.bytes();
host.run(functionText);
figures.function_bytes.push(tables.bytes() - before - functionText.length);

for (let round = 0; round < Number(rounds); round++) {
  for (const sample of samples) {
    sample.none.push(...numbers(hosts.none, `return measure("${sample.name}", false)`));
    sample.plain.push(...numbers(hosts.full, `return measure("${sample.name}", false)`));
    sample.memory.push(...numbers(hosts.full, `return measure("${sample.name}", true)`));
  }
  verification();
  await keys();
  await objects();
}

// The verifier goes over the chunk that has just been loaded: the module exports `mw_verify` for this.
function verification() {
  const [chunk, text, closure, state] = numbers(hosts.full, "return load_bytecode()");
  const { memory, mw_verify } = hosts.full.exports;
  const view = new DataView(memory.buffer);
  const TYPE = 4; // where an object has its type, and a closure its function (an object as well)
  const proto = view.getUint32(closure + 12, true);
  expect(view.getUint8(closure + TYPE), 6, "the type of a Lua function");
  expect(view.getUint8(proto + TYPE), 10, "the type of its prototype");
  let verify = Infinity;
  for (let n = 0; n < 5; n++) {
    const begun = performance.now();
    for (let n = 0; n < 60; n++) mw_verify(state, proto, closure);
    verify = Math.min(verify, (performance.now() - begun) / 60);
  }
  figures.load.push(chunk / text);
  figures.verify_undump.push(verify / (chunk - verify));
  figures.verify_load.push(verify / text);
}

async function keys() {
  const tables = new PlainStore();
  (await instance(modules.full, tables)).run(`fill_keys(${KEYS})`);
  const host = await instance(modules.full, tables);
  const begun = performance.now();
  expect(host.exports.attach_memory_table(1), 0, "attach_memory_table");
  figures.attach.push(performance.now() - begun);
  const [took, n] = numbers(host, "return read_keys()");
  expect(n, KEYS, "keys");
  figures.read_keys.push(took);
  const before = tables.entries;
  host.run(`Memory.key${KEYS / 2} = "changed"`);
  figures.entries.push(tables.entries - before);
}

async function objects() {
  const tables = new PlainStore();
  figures.out.push(...numbers(await instance(modules.full, tables), `return store_objects(${OBJECTS})`));
  const [took, sum] = numbers(await instance(modules.full, tables), "return read_objects()");
  expect(sum, (OBJECTS * (OBJECTS + 1)) / 2, "sum of ids");
  figures.in.push(took);
}

console.log(JSON.stringify({ loops: samples, figures }));
