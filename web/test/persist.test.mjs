// What the core does with a store; stores themselves have tests of their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../dist/stores.js";
import { failure, load } from "./load.mjs";

test("Memory is there again, data and functions", async () => {
  const store = new MemoryStore();
  const a = await load({ store });
  await a.run("Memory.n = 1 local c = 0 Memory.count = function() c = c + 1 return c end Memory.count() Memory.user = {name = 'Ada'}");
  await a.save();
  await a.run("Memory.n = 2");
  await a.close();
  const b = await load({ store });
  assert.deepEqual((await b.run("return Memory.n, Memory.count(), Memory.user.name")).values, [2, 2, "Ada"]);
  await b.close();
  const c = await load({ store, name: "other" });
  assert.deepEqual((await c.run("return Memory.n")).values, [undefined]);
  await c.close();
});

test("what a waiting script has changed is handed over when it ends", async () => {
  const store = new MemoryStore();
  const a = await load({ store, functions: { soon: () => new Promise((go) => setTimeout(go, 1)) } });
  await a.run("Memory.a = 1 soon() Memory.b = 2");
  await failure(a.run("Memory.c = 3 soon() error('x')"));
  await a.close();
  const b = await load({ store });
  assert.deepEqual(b.memory.keys().sort(), ["a", "b", "c"]);
  await b.close();
});

test("Memory from JavaScript", async () => {
  const store = new MemoryStore();
  const lua = await load({ store });
  lua.memory.set("list", [1, 2, { deep: true }]);
  lua.memory.set("x", 1);
  lua.memory.delete("x");
  assert.deepEqual(lua.memory.keys(), ["list"]);
  assert.deepEqual(lua.memory.get("list"), [1, 2, { deep: true }]);
  const { live } = lua.memory;
  live.user = { name: "Ada", tags: ["a", "b"] };
  live.user.name += " L.";
  live.user.tags[3] = "c";
  assert.deepEqual((await lua.run("return Memory.user.name, Memory.user.tags[3]")).values, ["Ada L.", "c"]);
  assert.deepEqual([...live.user.tags], ["a", "b", "c"]);
  assert.equal(JSON.stringify(live.user.tags), '{"1":"a","2":"b","3":"c"}');
  assert.ok("user" in live && !("nobody" in live));
  assert.deepEqual(Object.keys(live).sort(), ["list", "user"]);
  delete live.list;
  assert.deepEqual(lua.memory.keys(), ["user"]);
  await lua.close();
  const again = await load({ store });
  assert.deepEqual(again.memory.entries(), [["user", { name: "Ada L.", tags: ["a", "b", "c"] }]]);
  await again.close();
});

test("what can't be stored is refused with the path", async () => {
  const lua = await load({ store: new MemoryStore() });
  const e = await failure(lua.run("Memory.cfg = {log = io.stdout}"));
  assert.equal(e.kind, "persist");
  assert.match(e.message, /Memory\.cfg\.log/);
  assert.equal((await failure(() => lua.memory.set("f", () => 0))).kind, "persist");
  assert.deepEqual(lua.memory.keys(), []);
  await lua.close();
});

test("functions of the host are stored by their name", async () => {
  const store = new MemoryStore();
  const a = await load({ store, functions: { greet: () => "one" } });
  await a.run("Memory.cb = greet Memory.wrapped = function() return greet() .. '!' end");
  await a.close();
  const b = await load({ store, functions: { greet: () => "two" } });
  assert.deepEqual((await b.run("return Memory.cb(), Memory.wrapped()")).values, ["two", "two!"]);
  await b.close();
});

test("autoRestore and autoSave", async () => {
  const store = new MemoryStore();
  const a = await load({ store });
  await a.run("Memory.n = 1");
  await a.close();
  const b = await load({ store, autoRestore: false });
  assert.deepEqual(b.memory.keys(), []);
  await b.run("Memory.other = 1");
  await b.close();
  const c = await load({ store, autoSave: false });
  assert.deepEqual(c.memory.entries(), [["n", 1]], "nothing of b was saved");
  await c.run("Memory.n = 2");
  await c.close();
  const d = await load({ store, autoSave: false });
  assert.equal(d.memory.get("n"), 1);
  await d.run("Memory.n = 3");
  await d.save();
  await d.run("Memory.n = 4");
  await d.save();
  await d.close();
  const e = await load({ store });
  assert.equal(e.memory.get("n"), 4);
  await e.close();
});

test("upgrades come as a whole, or not", async () => {
  const store = new MemoryStore();
  const a = await load({ store, version: 1, onUpgrade: () => assert.fail("a new state needs none") });
  await a.run("Memory.list = {1, 2}");
  await a.close();
  const bad = await failure(load({ store, version: 2, onUpgrade: async (lua) => {
    await lua.run("Memory.list = 'half' error('upgrade failed')");
  } }));
  assert.match(bad.message, /upgrade failed/);
  const seen = [];
  const b = await load({ store, version: 2, onUpgrade: async (lua, from, to) => {
    seen.push(from, to);
    await lua.run("Memory.sum = Memory.list[1] + Memory.list[2] Memory.list = nil");
  } });
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(b.memory.entries(), [["sum", 3]]);
  await b.close();
  assert.match((await failure(load({ store, version: 1 }))).message, /has version 2, newer than 1/);
});

test("stored tables that nothing reaches are dropped", async () => {
  const store = new MemoryStore();
  const lua = await load({ store });
  await lua.run("Memory.a = {b = {c = {1}}} Memory.keep = {}");
  await lua.run("Memory.a = nil");
  assert.equal(lua.collectTables(), 3);
  assert.equal(lua.collectTables(), 0);
  assert.deepEqual(lua.memory.keys(), ["keep"]);
  await lua.close();
});

test("a store that fails is an error of kind persist with the store's own as cause, and nothing is lost", async () => {
  const store = new MemoryStore();
  const lua = await load({ store });
  const { records } = lua.session;
  const set = records.set;
  const full = new Error("disk full");
  records.set = () => {
    throw full;
  };
  const e = await failure(lua.run("Memory.x = 1 return 'done'"));
  assert.equal(e.kind, "persist");
  assert.equal(e.cause, full);
  records.set = set;
  await lua.close();
  const again = await load({ store });
  assert.equal(again.memory.get("x"), 1);
  await again.close();
});

test("a failed load gives the state free", async () => {
  const store = new MemoryStore();
  await failure(load({ store, modules: { bad: "x =" } }));
  await (await load({ store })).close();
});

test("clear empties Memory, damaged or not", async () => {
  const store = new MemoryStore();
  const lua = await load({ store });
  await lua.run("kept = {1, 2, {3}} Memory.kept = kept Memory.f = function() return kept end setmetatable(Memory, {__index = {x = 1}}) Memory.big = ext.table()");
  await lua.close();
  const session = await store.open("default");
  // A value that nothing can read.
  session.records.set(1, Uint8Array.of(4, 3, 0, 0, 0, 98, 97, 100), Uint8Array.of(250));
  await session.close();
  const b = await load({ store });
  await b.run("held = Memory.kept");
  assert.match((await failure(b.run("return Memory.bad"))).message, /Memory\.bad/);
  await b.clear();
  assert.deepEqual(b.memory.keys(), []);
  assert.deepEqual((await b.run("return Memory.x, Memory.bad, held, #Memory.. ''")).values, [undefined, undefined, [1, 2, [3]], "0"]);
  assert.deepEqual(b.records.tables().filter((id) => id !== 0), [], "nothing is left in the store");
  await b.run("Memory.again = {held}");
  await b.close();
  const c = await load({ store });
  assert.deepEqual(c.memory.entries(), [["again", [[1, 2, [3]]]]]);
  await c.close();
});

test("a whole state goes out as a file and comes in again, under a running instance", async () => {
  const a = await load({ store: new MemoryStore(), version: 3 });
  await a.run("Memory.n = 1 local c = 0 Memory.count = function() c = c + 1 return c end Memory.count() Memory.list = {1, {2}}");
  const file = await a.exportState();
  assert.ok(file instanceof Blob && file.size < 1000, `${file.size} bytes`);
  await a.close();

  const store = new MemoryStore();
  const b = await load({ store });
  await b.run("Memory.old = {x = 1} old = Memory.old Memory.n = 7 read = function() return Memory.n end");
  await assert.rejects(b.importState(new Blob([(await file.arrayBuffer()).slice(0, 100)])), { code: "damaged" });
  assert.deepEqual((await b.run("return Memory.n, Memory.old.x")).values, [7, 1], "nothing has changed");
  await b.importState(file);
  assert.deepEqual((await b.run("return read(), Memory.count(), Memory.list, Memory.old, old")).values, [1, 2, [1, [2]], undefined, { x: 1 }]);
  assert.equal(b.session.version, 3);
  await b.run("Memory.more = {{}, {}} old.y = 1");
  await b.close();
  const c = await load({ store });
  assert.deepEqual((await c.run("return Memory.count(), Memory.list, Memory.old, #Memory.more")).values, [3, [1, [2]], undefined, 2]);
  assert.equal(c.collectTables(), 0);
  await c.close();

  const copy = await load({ store, autoSave: false });
  await copy.importState(file);
  assert.equal(copy.memory.get("more"), undefined);
  await copy.close({ discard: true });
  const d = await load({ store });
  assert.deepEqual(d.memory.get("more"), [{}, {}], "nothing was saved");
  await d.close();
});

test("entries that nothing can read are listed, exported and dropped", async () => {
  const store = new MemoryStore();
  const a = await load({ store });
  await a.run("Memory.good = 1 Memory.f = function() end");
  assert.deepEqual((await a.unreadable()).entries, []);
  await a.close();
  const session = await store.open("default");
  const key = Uint8Array.of(4, 3, 0, 0, 0, 98, 97, 100);
  session.records.set(1, key, Uint8Array.of(250, 1));
  await session.close();
  const b = await load({ store });
  assert.match((await failure(b.run("return Memory.bad"))).message, /Memory\.bad/);
  const found = await b.unreadable();
  assert.deepEqual(found.entries.map(({ table, key: at }) => [table, [...at]]), [[1, [...key]]]);
  assert.match(found.entries[0].reason, /tag 250/);
  const { readState } = await import("../dist/stores.js");
  assert.deepEqual((await readState(await found.export())).entries.map((e) => [e.id, [...e.value]]), [[1, [250, 1]]]);
  assert.equal(found.drop(), 1);
  assert.deepEqual((await b.run("return Memory.bad, Memory.good")).values, [undefined, 1]);
  let n = 0;
  for (const _ of b.memory.keys()) n++;
  assert.equal(n, 2);
  await b.close();
  assert.deepEqual((await (await load({ store })).unreadable()).entries, []);
});

test("several named states", async () => {
  const store = new MemoryStore();
  const [a, b] = await Promise.all(["a", "b"].map((name) => load({ store, name })));
  await a.run("Memory.who = 'a'");
  await b.run("Memory.who = 'b'");
  await Promise.all([a.close(), b.close()]);
  assert.deepEqual(await store.list(), ["a", "b"]);
  const again = await load({ store, name: "a" });
  assert.equal(again.memory.get("who"), "a");
  await assert.rejects(load({ store, name: "a" }), { code: "locked" });
  await assert.rejects(store.delete("a"), { code: "locked" });
  await again.close();
  await store.delete("a");
  assert.deepEqual(await store.list(), ["b"]);
});

test("a coroutine that waits for the host is not stored, and its error says why", async () => {
  const store = new MemoryStore();
  let answer = null;
  const wait = () => new Promise((go) => (answer = go));
  const a = await load({ store, functions: { wait } });
  const asked = async () => {
    while (!answer) await new Promise((go) => setTimeout(go, 1));
  };
  const refused = /Memory\.co: cannot persist a coroutine that waits for the host/;
  const body = "coroutine.create(function() local x = wait() coroutine.yield(x) return 'end' end)";

  // It waits when it is to become part of Memory.
  let run = a.run(`co = ${body} return coroutine.resume(co)`);
  await asked();
  const first = await failure(a.run("Memory.other = 1 Memory.co = co"));
  assert.match(first.message, refused);
  assert.equal(first.kind, "persist");
  answer(7);
  assert.deepEqual((await run).values, [true, 7]);
  await a.run("Memory.co = co");
  await a.close();

  // With its answer it is a coroutine like others.
  const b = await load({ store, functions: { wait } });
  assert.deepEqual((await b.run("return Memory.other, coroutine.resume(Memory.co)")).values, [1, true, "end"]);

  // It is part of Memory when it begins to wait.
  answer = null;
  await b.run(`Memory.co = ${body}`);
  run = b.run("return coroutine.resume(Memory.co)");
  await asked();
  const second = await failure(b.run("Memory.other = 2"));
  assert.match(second.message, refused);
  answer(8);
  assert.deepEqual((await run).values, [true, 8]);
  await b.close();
  const c = await load({ store, functions: { wait } });
  assert.deepEqual((await c.run("return Memory.other, coroutine.resume(Memory.co)")).values, [2, true, "end"]);
  await c.close();
});
