// Lua in a worker: worker_threads here, in browsers tests/browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LuaError, multi, proxy } from "../dist/index.js";
import { MemoryStore } from "../dist/stores.js";
import { LuaWorker, RemoteTable } from "../dist/worker.js";
import { failure } from "./load.mjs";

describe("a worker", () => {
  let lua;
  const seen = [];
  const object = proxy({ n: 1, list: [1, 2], twice(x) { return 2 * x; } });
  before(async () => {
    lua = await LuaWorker.load({
      onOutput: (text) => seen.push(text),
      modules: { hello: "return function(n) return 'hello ' .. n end" },
      functions: {
        object,
        add: (a, b) => a + b,
        both: () => multi(1, "two"),
        later: async (ms, v) => (await sleep(ms), v),
        fail: () => {
          throw new RangeError("too far");
        },
      },
    });
  });
  after(() => lua.close());

  test("runs scripts, with values both ways and output", async () => {
    const { values, output } = await lua.run("print('hi', ...) return ..., {1, 2}, {a = {b = 1}}, 1 << 62, 'x\\xff', nil, 1.5", { args: [7] });
    assert.deepEqual(values, [7, [1, 2], { a: { b: 1 } }, 1n << 62n, Uint8Array.of(120, 255), undefined, 1.5]);
    assert.equal(output, "hi\t7\n");
    assert.equal(seen.at(-1), "hi\t7\n");
    assert.deepEqual((await lua.run("return {}", { tables: "map" })).values, [new Map()]);
    assert.deepEqual((await lua.run("return 'a'", { strings: "bytes" })).values, [Uint8Array.of(97)]);
  });

  test("calls functions of the page, which may wait, and uses its objects", async () => {
    assert.deepEqual((await lua.run("return add(1, 2), later(2, 'x'), both()")).values, [3, "x", 1, "two"]);
    assert.deepEqual((await lua.run("object.n = object.n + 1 return object.n, object:twice(4), object.list[2], #object.list")).values, [2, 8, 2, 2]);
    assert.deepEqual((await lua.run("local t = {} for i, v in pairs(object.list) do t[i] = v end return t")).values, [[1, 2]]);
    assert.equal(object.n, 2);
    assert.equal((await lua.run("return object")).values[0], object, "the same object comes back");
    const e = await failure(lua.run("table.sort({3, 2, 1}, function(a, b) return add(a, b) > 0 end)", { name: "sort.lua" }));
    assert.match(e.message, /cannot wait here.*table\.sort/);
  });

  test("errors come as they would without a worker", async () => {
    const e = await failure(lua.run("print('before') local t t.x = 1", { name: "main.lua" }));
    assert.ok(e instanceof LuaError);
    assert.equal(e.message, "main.lua:1: attempt to index a nil value (local 't')");
    assert.deepEqual([e.kind, e.chunk, e.line, e.output], ["runtime", "main.lua", 1, "before\n"]);
    assert.match(e.luaTraceback, /^stack traceback:/);
    assert.equal((await failure(lua.run("x ="))).incomplete, true);
    assert.deepEqual((await failure(lua.run("error({code = 1})"))).value, { code: 1 });
    const thrown = await failure(lua.run("fail()"));
    assert.ok(thrown.cause instanceof RangeError);
    assert.deepEqual((await lua.run("return select(2, pcall(fail)).message")).values, ["too far"]);
    assert.deepEqual((await lua.run("return tostring(select(2, pcall(fail))), tostring(object)")).values, ["RangeError: too far", "[object Object]"]);
  });

  test("functions and tables are handles", async () => {
    const f = await lua.compile("local a = ... return later(1, a * 2)");
    assert.equal(await f(4), 8);
    assert.equal(await lua.call(f, 5), 10);
    f.release();
    f.release();
    const [t] = (await lua.run("return {x = 1, y = {2}}", { tables: "handle" })).values;
    assert.ok(t instanceof RemoteTable);
    assert.equal(await t.get("x"), 1);
    await t.set("z", 3);
    const keys = [];
    for await (const key of t.keys()) keys.push(key);
    assert.deepEqual(keys.sort(), ["x", "y", "z"]);
    assert.deepEqual(await t.toJS(), { x: 1, y: [2], z: 3 });
    assert.equal(await t.equals(t), true);
    assert.match(await t.text(), /^table: /);
    t.release();
    await assert.rejects(() => t.get("x"), /released/);
  });

  test("globals, modules, statistics, and what is given back", async () => {
    await lua.set("config", { list: ["a", "b"] });
    assert.equal(await lua.get(["config", "list", 2]), "b");
    assert.equal(await lua.call(["string", "upper"], "abc"), "ABC");
    assert.deepEqual((await lua.run("return require('hello')('you')")).values, ["hello you"]);
    await lua.run("for i = 1, 100 do add(object.list, i) end").catch(() => {});
    await lua.collect();
    const stats = await lua.stats();
    assert.ok(stats.hostValues < 20, `${stats.hostValues} host values`);
    assert.ok(stats.heapBytes > 10000 && stats.memoryBytes >= 65536);
  });

  test("require waits for the page", async () => {
    await lua.modules.loader(async (name) => (name === "asked" ? "return {n = later(1, 3)}" : undefined));
    assert.deepEqual((await lua.run("return require('asked').n")).values, [3]);
    assert.match((await failure(lua.run("require('nobody')"))).message, /no module 'nobody' from the host/);
  });

  test("several scripts at once, and calls while one computes", async () => {
    const results = await Promise.all([10, 1, 5].map((ms) => lua.run("return later(...)", { args: [ms, ms] })));
    assert.deepEqual(results.map((r) => r.values[0]), [10, 1, 5]);
    const abort = new AbortController();
    const endless = failure(lua.run("while true do end", { signal: abort.signal }));
    assert.equal(await lua.call("tostring", 1), "1");
    abort.abort();
    assert.equal((await endless).kind, "abort");
  });

  for (const [name, code] of [["a loop", "while true do end"], ["a loop that catches all", "while true do pcall(function() while true do end end) end"],
    ["a comparison", "table.sort({1, 2, 3}, function() while true do end end)"], ["a library function", "string.find(('a'):rep(99), ('a*'):rep(50) .. 'b')"]])
    test(`a signal ends ${name} at once`, async () => {
      const abort = new AbortController();
      const running = failure(lua.run(`print('x') ${code}`, { signal: abort.signal }));
      await sleep(30);
      const start = performance.now();
      abort.abort(new Error("enough"));
      const e = await running;
      assert.equal(e.kind, "abort");
      assert.equal(e.cause.message, "enough");
      assert.equal(e.output, "x\n");
      assert.ok(performance.now() - start < 1500, `${performance.now() - start} ms`);
      assert.deepEqual((await lua.run("return 1")).values, [1], "the instance goes on");
    });

  test("limits and timeouts", async () => {
    assert.equal((await failure(lua.run("while true do end", { timeout: 20 }))).kind, "limit");
    for (const timeout of [NaN, -1]) await assert.rejects(lua.run("return 1", { timeout }), RangeError);
    for (const limits of [{ heap: NaN }, { instructions: 1.5 }, { timeout: -1 }]) await assert.rejects(lua.setLimits(limits), RangeError);
    await lua.setLimits({ instructions: 100000 });
    assert.equal((await failure(lua.run("while true do end"))).kind, "limit");
    await lua.setLimits({});
  });
});

describe("a worker's state", () => {
  test("is kept by the page, whatever the store", async () => {
    const store = new MemoryStore();
    const a = await LuaWorker.load({ store });
    await a.run("Memory.n = 1 local c = 0 Memory.count = function() c = c + 1 return c end Memory.count()");
    await a.memory.set("list", [1, 2]);
    await a.save();
    assert.deepEqual((await a.memory.keys()).sort(), ["count", "list", "n"]);
    await a.close();
    await assert.rejects(a.run("return 1"), /closed/);
    const b = await LuaWorker.load({ store });
    assert.deepEqual((await b.run("return Memory.n, Memory.count(), Memory.list[2]")).values, [1, 2, 2]);
    await b.close();
  });

  test("survives the end of a runaway script", async () => {
    const store = new MemoryStore();
    const lua = await LuaWorker.load({ store, functions: { now: () => 1 } });
    await lua.run("Memory.n = 1");
    const lost = failure(lua.run("Memory.n = 2 while true do end"));
    await sleep(20);
    const start = performance.now();
    await lua.terminate();
    assert.ok(performance.now() - start < 1500);
    assert.equal((await lost).kind, "abort");
    await assert.rejects(lua.run("return 1"), /terminated/);
    await lua.restart();
    assert.deepEqual((await lua.run("return Memory.n, now()")).values, [1, 1]);
    await lua.run("Memory.n = 3");
    await lua.close();
    const again = await LuaWorker.load({ store });
    assert.equal(await again.memory.get("n"), 3);
    await again.close();
  });

  test("autoSave, upgrades and failures to load", async () => {
    const store = new MemoryStore();
    const a = await LuaWorker.load({ store, version: 1, autoSave: false });
    await a.run("Memory.n = 1");
    await a.save();
    await a.run("Memory.n = 2");
    await a.close();
    const b = await LuaWorker.load({ store, version: 2, onUpgrade: async (lua, from, to) => void (await lua.run("Memory.n, Memory.v = Memory.n + 10, {...}", { args: [from, to] })) });
    assert.deepEqual((await b.memory.entries()).sort(), [["n", 11], ["v", [1, 2]]]);
    await b.close();
    assert.equal((await failure(LuaWorker.load({ store, modules: { bad: "x =" } }))).kind, "syntax");
    const gone = await failure(LuaWorker.load({ store, thread: new URL("./nowhere.js", import.meta.url) }));
    assert.match(gone.message, /the worker failed: .*nowhere/);
    await (await LuaWorker.load({ store })).close();
  });

  test("goes out as a file and comes in again, is cleared, and mended", async () => {
    const store = new MemoryStore();
    const a = await LuaWorker.load({ store, version: 4 });
    await a.run("Memory.n = 1 Memory.list = {1, {2}}");
    const file = await a.exportState();
    await a.clear();
    assert.deepEqual(await a.memory.keys(), []);
    assert.deepEqual(a.records.tables().filter((id) => id !== 0), []);
    await a.run("Memory.other = {{}} held = Memory.other");
    await assert.rejects(a.importState(Uint8Array.of(1, 2, 3)), { code: "damaged" });
    await a.importState(file);
    assert.deepEqual((await a.run("return Memory.n, Memory.list, Memory.other, held")).values, [1, [1, [2]], undefined, [{}]]);
    await a.close();
    await a.close();

    const session = await store.open("default");
    assert.equal(session.version, 4);
    session.records.set(1, Uint8Array.of(4, 3, 0, 0, 0, 98, 97, 100), Uint8Array.of(250));
    await session.close();
    const b = await LuaWorker.load({ store });
    const found = await b.unreadable();
    assert.equal(found.entries.length, 1);
    assert.ok((await found.export()).size > 40);
    assert.equal(await found.drop(), 1);
    assert.deepEqual((await b.memory.keys()).sort(), ["list", "n"]);
    await b.close();
    const c = await LuaWorker.load({ store });
    assert.deepEqual((await c.unreadable()).entries, []);
    assert.deepEqual(await c.memory.get("list"), [1, [2]]);
    await c.close();
  });

  test("handles of a worker that has been restarted are refused", async () => {
    const lua = await LuaWorker.load();
    const f = await lua.compile("return 1");
    await lua.restart();
    await assert.rejects(f(), /restarted/);
    await assert.rejects(lua.run("return ...", { args: [f] }), /another instance/);
    f.release();
    await lua.close();
    await assert.rejects(lua.restart(), /has been closed/);
    await lua.terminate();
  });
});
