// What Lua.load takes: where the module comes from, and what ends the loading. values.test.mjs has the other options.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Lua, LuaError, supports } from "../dist/index.js";
import { MemoryStore } from "../dist/stores.js";
import { LuaWorker } from "../dist/worker.js";
import { failure, load, wasm } from "./load.mjs";

const bytes = readFileSync(wasm);

/** Whether a module from there runs. */
async function runs(source) {
  const lua = await Lua.load({ wasm: source });
  assert.deepEqual((await lua.run("return 6 * 7")).values, [42]);
  const { module } = lua;
  await lua.close();
  return module;
}

test("the module: by URL, as text or object, in a response of any type, as bytes, compiled", async () => {
  assert.equal(await runs(wasm.href), await runs(wasm), "what has a URL is compiled once");
  for (const type of ["application/wasm", "application/octet-stream"]) await runs(new Response(bytes, { headers: { "content-type": type } }));
  await runs(bytes);
  await runs(new Uint8Array(bytes).buffer);
  const module = await WebAssembly.compile(bytes);
  assert.equal(await runs(module), module);
});

test("a module that is not there, or is none, is an error that names it, and can be tried again", async () => {
  const nowhere = new URL("nowhere.wasm", wasm).href;
  for (let n = 0; n < 2; n++) {
    const e = await failure(load({ wasm: nowhere }));
    assert.ok(e instanceof LuaError);
    assert.equal(e.kind, "host");
    assert.ok(e.message.includes(nowhere), e.message);
  }
  await assert.rejects(load({ wasm: new Response("", { status: 404 }) }), /404/);
  await assert.rejects(load({ wasm: new Uint8Array([1, 2, 3]) }), WebAssembly.CompileError);
});

test("of modules for the encodings of exceptions the engine gets the one that it runs", async () => {
  const other = new URL("nowhere.wasm", wasm);
  const [legacy, standard] = await Promise.all([supports("legacy"), supports("standard")]);
  assert.ok(legacy || standard);
  // legacy comes first where both run: the module that the package ships is of it.
  await runs(legacy ? { legacy: wasm, standard: other } : { legacy: other, standard: wasm });
  if (standard) assert.match((await failure(load({ wasm: { standard: other } }))).message, /nowhere\.wasm/, "it is asked for");
  else {
    const e = await failure(load({ wasm: { standard: wasm } }));
    assert.equal(e.kind, "host");
    assert.match(e.message, /runs none of the modules given/);
  }
});

test("a compiled module goes to workers", async () => {
  const here = await load();
  const there = await LuaWorker.load({ wasm: here.module });
  assert.deepEqual((await there.run("return 6 * 7")).values, [42]);
  await there.close();
  await here.close();
});

test("a signal ends the loading, before it begins and while it waits for the state", async () => {
  const store = new MemoryStore();
  const first = await load({ store });
  const early = new Error("early");
  assert.equal(await failure(load({ store, signal: AbortSignal.abort(early) })), early);
  const control = new AbortController();
  const waiting = failure(load({ store, onConflict: "wait", signal: control.signal }));
  const late = new Error("late");
  setTimeout(() => control.abort(late), 10);
  assert.equal(await waiting, late);
  await first.run("Memory.n = 1");
  await first.close();
  // Nobody has the state after that.
  const again = await load({ store });
  assert.equal(again.memory.get("n"), 1);
  await again.close();
});
