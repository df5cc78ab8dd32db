// The application in the module, modules without a compiler, and modules that start with a state.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Host, LuaFailure } from "../node/host.mjs";
import { Tables } from "../node/store.mjs";

const load = (variable) => new WebAssembly.Module(readFileSync(process.env[variable]));
const whole = load("MOONWRIGHT_WHOLE");
const program = load("MOONWRIGHT_PROGRAM");
const preloaded = load("MOONWRIGHT_PRELOADED");
/** The symbols of both: the same application, stripped. */
const { chunks } = JSON.parse(readFileSync(process.env.MOONWRIGHT_SYMBOLS, "utf8"));
/** A message with the file and line in place of `app#ID:POSITION`. */
const inFile = (text) => {
  const [, id, position, rest] = /^(app#[0-9a-f]{8}):(\d+)(: .*)$/s.exec(text);
  const { source, functions } = chunks.find((chunk) => chunk.id === id);
  const { first, lines } = functions.findLast(({ first }) => first < position);
  return `${source.split("/").pop()}:${lines[position - first - 1]}${rest}`;
};
const both = { embedded: program, preloaded };

/** A string as `start` reads it. */
const encoded = (text) => {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(5);
  length[0] = 4;
  length.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([length, bytes]);
};
const start = (host, ...texts) => {
  const [, length] = host.put(Buffer.concat(texts.map(encoded)));
  return host.answer(host.exports.run_application(length));
};
const failing = (call) => {
  try {
    call();
  } catch (error) {
    if (error instanceof LuaFailure) return error.record;
    throw error;
  }
  throw new Error("expected a failure");
};

for (const [name, module] of Object.entries(both)) {
  test(`application, ${name}: start runs it with arguments, and again`, async () => {
    const host = await Host.create(module);
    const first = start(host, "ab c", "x", "y");
    assert.equal(first.output.toString(), "start\t1\n");
    assert.deepEqual(first.values.slice(0, 5).map(String), ["AB C", "1326", "7", "51", "2"]);
    const second = start(host);
    assert.equal(second.output.toString(), "start\t2\n");
    assert.equal(String(second.values[0]), "NOTHING");
    host.exports.run_gc();
    assert.equal(String(start(host, "z").values[1]), "1326");
  });

  test(`application, ${name}: its error has file and line, and the next start works`, async () => {
    const host = await Host.create(module);
    const record = failing(() => start(host, "fail"));
    assert.equal(inFile(record.message.toString()), "main.lua:15: asked to");
    assert.match(record.traceback.toString(), /^\tapp#[0-9a-f]{8}:\d+: in function <app#/m);
    assert.equal(String(start(host, "ok").values[0]), "OK");
  });

  test(`application, ${name}: an argument that is none is an error`, async () => {
    const host = await Host.create(module);
    host.put(Buffer.from([8, 0, 0, 0, 0]));
    assert.match(failing(() => host.answer(host.exports.run_application(5))).message.toString(), /bad argument #1 to 'run_application' \(tag 8/);
    host.put(Buffer.from([4, 255, 255, 255, 127]));
    assert.match(failing(() => host.answer(host.exports.run_application(5))).message.toString(), /bad argument #1 to 'run_application'/);
  });

  test(`application, ${name}: Memory outlives the instance`, async () => {
    const tables = new Tables();
    for (const n of ["1", "2", "3"]) {
      const host = await Host.create(module, { tables });
      assert.equal(String(start(host, "keep").values[8]), n);
    }
  });

  test(`application, ${name}: seeds are each instance's own, and the clock starts with it`, async () => {
    const seeded = async (seed) => {
      const host = await Host.bare(module);
      if (seed !== undefined) host.exports.set_seed(BigInt(seed));
      assert.equal(host.exports.init(), 0);
      assert.equal(host.exports.init(), 0);
      return start(host, "x").values;
    };
    const of = async (place, seeds) => new Set(await Promise.all(seeds.map(async (seed) => String((await seeded(seed))[place]))));
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    assert.ok((await of(5, seeds)).size > 3, "the order of keys follows the seed");
    assert.equal((await of(6, seeds)).size, seeds.length, "and so does math.random");
    assert.equal((await of(5, [7, 7, 7])).size, 1);
    assert.equal((await of(6, [7, 7, 7])).size, 1);
    const clock = Number((await seeded(undefined))[7]);
    assert.ok(clock >= 0 && clock < 5, `os.clock() is ${clock}`);
  });
}

test("no compiler: a text is a clear error, bytecode runs", async () => {
  const host = await Host.create(program);
  const record = failing(() => host.run("return 1"));
  assert.equal(record.message.toString(), "attempt to load a text chunk (the module has no compiler)");
  assert.equal(record.kind.toString(), "syntax");
  const compiled = (await Host.create(whole)).run("return string.dump(load('print(...) return 6 * 7, load and load(\"x\")', '=it'))").values[0];
  const { output, values } = host.answer(host.exports.compute_binary(...host.put(compiled)));
  assert.equal(output.toString(), "\n");
  assert.equal(String(values[0]), "42");
  const half = compiled.subarray(0, compiled.length >> 1);
  assert.match(failing(() => host.answer(host.exports.compute_binary(...host.put(half)))).message.toString(), /truncated/);
  assert.match(failing(() => host.answer(host.exports.compute_binary(...host.put("return 1")))).message.toString(), /attempt to load a text chunk/);
});

test("no compiler: a stored function that came from a text names the reason", async () => {
  const tables = new Tables();
  (await Host.create(whole, { tables })).run("Memory.f = function() return 1 end; Memory.n = 4");
  const host = await Host.create(program, { tables });
  assert.match(failing(() => start(host, "touch")).message?.toString() ?? "", /no compiler/);
});

test("preload: what it saves", async () => {
  const time = (module) => {
    const from = performance.now();
    const env = { js_time_now: Date.now };
    for (const { name } of WebAssembly.Module.imports(module)) env[name] ??= () => (name.endsWith("_get") ? -1 : 0);
    const { exports } = new WebAssembly.Instance(module, { env });
    exports.init();
    const n = exports.run_application(0);
    assert.ok(n > 0);
    return performance.now() - from;
  };
  const best = { embedded: Infinity, preloaded: Infinity };
  for (let round = 0; round < 30; round++) {
    for (const [name, module] of Object.entries(both)) best[name] = Math.min(best[name], time(module));
  }
  console.log(`from an instance to the end of the program: ${best.embedded.toFixed(2)} ms, preloaded ${best.preloaded.toFixed(2)} ms`);
});
