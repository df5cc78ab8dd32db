// lua.snapshot() and Lua.restore().
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Lua, LuaError, proxy } from "../dist/index.js";
import { MemoryStore } from "../dist/stores.js";
import { failure, wasm } from "./load.mjs";

test("a fresh instance's snapshot is under 40 kB", async (t) => {
  const lua = await Lua.load();
  const file = await lua.snapshot();
  t.diagnostic(`${file.length} bytes`);
  console.log(`snapshot of a fresh instance: ${file.length} bytes`);
  assert.ok(file.length < 40_000, `${file.length} bytes`);
  const again = await Lua.restore(file);
  assert.deepEqual((await again.run("Memory.x = 1 return 1 + 1, _VERSION")).values, [2, "Lua 5.4"]);
  await lua.close();
  await again.close();
});

test("everything goes on: globals, closures, coroutines inside of pcall and pairs, Memory without a store", async () => {
  const log = [];
  const functions = { log: (x) => void log.push(x), add: (a, b) => a + b };
  const a = await Lua.load({ functions, modules: { m: "return {n = 0}" } });
  await a.run(`
    counter = (function() local c = 0 return function() c = c + 1 return c end end)()
    counter()
    co = coroutine.wrap(function(...)
      local ok, e = pcall(function()
        for k, v in pairs({a = 1, b = 2, c = 3}) do coroutine.yield(add(v, 10)) end
        error({code = 7})
      end)
      return ok, e.code
    end)
    sum = co()
    require("m").n = 5
    Memory.list = {1, {2}}
    text = string.rep("x", 200000)
  `);
  const file = await a.snapshot();
  await a.run("counter() co() Memory.list = nil");
  await a.close();

  const b = await Lua.restore(file, { functions });
  assert.deepEqual((await b.run("local s = sum + co() + co() return s, counter(), #text, require('m').n")).values, [36, 2, 200000, 5]);
  assert.deepEqual((await b.run("return co()")).values, [false, 7]);
  assert.deepEqual(b.memory.get("list"), [1, [2]]);
  await b.run("log('again')");
  assert.deepEqual(log, ["again"]);
  await b.close();
});

test("functions are bound again by name, to what the new program means by them", async () => {
  const config = { n: 1 };
  const a = await Lua.load({ functions: { f: () => "one", config: proxy(config) }, loader: (name) => `return '${name} one'` });
  a.permanent("later", function later() {});
  await a.run("held = {f, config} x = require('x')");
  const file = await a.snapshot();
  await a.close();
  const e = await failure(Lua.restore(file, { functions: { f: () => "two" } }));
  assert.ok(e instanceof LuaError);
  assert.match(e.message, /not given: (.*functions\.config.*later|.*later.*functions\.config)/);
  const b = await Lua.restore(file, { functions: { f: () => "two", config: proxy({ n: 2 }), more: () => 3 }, permanents: { later() {} }, loader: (name) => `return '${name} two'` });
  assert.deepEqual((await b.run("return held[1](), f == held[1], held[2].n, more(), x, require('y')")).values, ["two", true, 2, 3, "x one", "y two", "y"]);
  await b.close();
});

test("it is refused with names while something is held that has none", async () => {
  const lua = await Lua.load({ functions: { fetch: async () => 1 } });
  const [f, t] = (await lua.run("return function() end, {}", { tables: "handle" })).values;
  const e = await failure(lua.snapshot());
  assert.equal(e.kind, "host");
  assert.match(e.message, /while JavaScript holds Lua values: (function|table): .*, (function|table): /);
  t.release();
  const file = await lua.snapshot({ handles: { callback: f } });
  const again = await Lua.restore(file, { functions: { fetch: async () => 2 } });
  assert.equal(await again.call(again.handles.callback), undefined);
  assert.equal((await again.run("return fetch()")).values[0], 2);
  await again.close();
  f.release();

  await lua.set("stranger", proxy(new (class Stranger {})()));
  assert.match((await failure(lua.snapshot())).message, /no name: Stranger/);
  await lua.run("stranger = nil");
  await lua.snapshot();

  let resolve;
  lua.set("wait", () => new Promise((go) => (resolve = go)));
  lua.permanent("wait", lua.get("wait"));
  const waiting = lua.run("wait()");
  assert.match((await failure(lua.snapshot())).message, /wait for promises \(1/);
  resolve();
  await waiting;
  lua.set("inside", () => lua.snapshot());
  assert.match((await failure(lua.run("inside()"))).message, /wait for promises/);
  await lua.close();
});

test("what was read from the store is read again", async () => {
  const store = new MemoryStore();
  const a = await Lua.load({ store });
  await a.run("Memory.n = 1 Memory.user = {name = 'Ada', tags = {1, 2}} user = Memory.user f = function() return Memory.n end");
  const file = await a.snapshot();
  // The instance goes on as if nothing had been.
  await a.run("Memory.n = 2 Memory.user.name = 'Bob' Memory.new = {{}, {}} for i = 1, 50 do Memory['k' .. i] = {i} end");
  await a.close();
  const b = await Lua.restore(file, { store });
  assert.deepEqual((await b.run("return Memory.n, f(), Memory.user.name, Memory.k50[1]")).values, [2, 2, "Bob", 50]);
  assert.deepEqual((await b.run("return user")).values, [{ name: "Ada", tags: [1, 2] }], "a variable keeps what it had, as a plain table");
  await b.run("Memory.mine = {x = {y = 1}} Memory.user.tags[3] = 3");
  await b.close();
  const c = await Lua.load({ store });
  assert.deepEqual((await c.run("return Memory.mine.x.y, Memory.user.tags, Memory.k1, Memory.new")).values, [1, [1, 2, 3], [1], [{}, {}]]);
  await c.close();
  assert.match((await failure(Lua.restore(file))).message, /Memory is in a store/);
});

test("a snapshot with its own Memory can go into a store that has none", async () => {
  const a = await Lua.load();
  await a.run("Memory.n = 1");
  const file = await a.snapshot();
  await a.close();
  const store = new MemoryStore();
  const b = await Lua.restore(file, { store });
  await b.run("Memory.m = Memory.n + 1");
  await b.close();
  assert.match((await failure(Lua.restore(file, { store }))).message, /in the store already/);
  const c = await Lua.load({ store });
  assert.deepEqual(c.memory.entries().sort(), [["m", 2], ["n", 1]]);
  await c.close();
});

test("it fits the same module only, and damage is an error", async () => {
  const bytes = readFileSync(wasm);
  const a = await Lua.load({ wasm: bytes });
  const file = await a.snapshot();
  await a.close();
  // A section with a name makes it another file, and no other module.
  const other = Buffer.concat([bytes, Buffer.from([0, 2, 1, 97])]);
  assert.match((await failure(Lua.restore(file, { wasm: other }))).message, /another module/);
  for (const at of [50, 500, file.length - 5]) {
    const bad = file.slice();
    bad[at] ^= 1;
    assert.equal((await failure(Lua.restore(bad, { wasm: bytes }))).code, "damaged");
  }
  assert.match((await failure(Lua.restore(file, { wasm: await WebAssembly.compile(bytes) }))).message, /not compiled/);
  await (await Lua.restore(new Blob([file]), { wasm: bytes })).close();
});
