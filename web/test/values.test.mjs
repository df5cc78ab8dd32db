import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { copy, float, LuaHandle, LuaTable, multi, proxy } from "../dist/index.js";
import { failure, load } from "./load.mjs";

let lua;
before(async () => {
  lua = await load();
});
after(() => lua.close());

const evaluate = (code, ...args) => lua.runSync(code, { args }).values;

test("values go to Lua and come back", () => {
  const bytes = new Uint8Array([0, 255, 254]);
  const values = [true, 0, -5, 1.25, 2n ** 63n - 1n, "", "ž\0", [1, [2]], { a: { b: "c" } }, bytes, new Map([[1.5, "x"], [true, "y"]])];
  assert.deepEqual(evaluate("return ...", ...values), values);
  const types = evaluate("local out = {} for i = 1, select('#', ...) do local v = select(i, ...) out[i] = math.type(v) or type(v) end return out", 1, 1.5, float(1), 2n, null, undefined, "s", bytes, [], {}, () => 0, new Date(), class {});
  assert.deepEqual(types[0], ["integer", "float", "float", "integer", "nil", "nil", "string", "string", "table", "table", "function", "userdata", "userdata"]);
  assert.deepEqual(evaluate("return math.maxinteger, math.mininteger, 1e300, -0.0, 2^53, '\\xff'"), [2n ** 63n - 1n, -(2n ** 63n), 1e300, -0, 2 ** 53, new Uint8Array([255])]);
  assert.deepEqual(lua.runSync("return 'text'", { strings: "bytes" }).values, [new TextEncoder().encode("text")]);
});

test("tables: arrays, objects, Maps, cycles", () => {
  const [a] = evaluate("local t = {name = 'x', list = {1, 2, 3}} t.self = t t.list[4] = t return t");
  assert.equal(a.self, a);
  assert.equal(a.list[3], a);
  const loop = { n: 1 };
  loop.self = loop;
  assert.deepEqual(evaluate("local t = ... return t.self == t, t.n", loop), [true, 1]);
  assert.deepEqual(evaluate("return {}, {1, nil, 3}, {x = 1, [1] = 2}"), [{}, new Map([[1, 1], [3, 3]]), new Map([[1, 2], ["x", 1]])]);
  assert.deepEqual(lua.runSync("return {1}", { tables: "map" }).values, [new Map([[1, 1]])]);
  const [plain, object] = lua.runSync("return {1}, setmetatable({}, {__index = {hello = 'there'}})", { tables: "auto" }).values;
  assert.deepEqual(plain, [1]);
  assert.ok(object instanceof LuaTable);
  assert.equal(object.get("hello"), "there");
  object.release();
});

test("Lua functions are JavaScript functions", async () => {
  const [f, g] = evaluate("local n = 0 return function(by) n = n + by return n, 'second' end, function() error('no', 0) end");
  assert.equal(typeof f, "function");
  assert.equal(f(2), 2);
  assert.equal(f(3), 5);
  assert.deepEqual(f.invoke([1]).values, [6, "second"]);
  assert.equal(await f.async(1), 7);
  assert.equal((await failure(() => g())).message, "no");
  assert.equal(evaluate("return ... == (...)", f)[0], true);
  assert.equal(evaluate("return ...", f)[0], f, "the same function is the same object");
  lua.set("wait", (v) => Promise.resolve(v));
  const [h] = evaluate("return function(x) return wait(x) + 1 end");
  assert.equal(await h.async(1), 2);
  assert.match((await failure(() => h(1))).message, /cannot wait/);
});

test("handles are released, by hand, by scope and by themselves", async () => {
  lua.collect();
  const at = lua.stats().handles;
  const t = lua.runSync("return {x = 1}", { tables: "handle" }).values[0];
  assert.equal(lua.stats().handles, at + 1);
  t.release();
  assert.equal(lua.stats().handles, at);
  t.release();
  assert.throws(() => t.get("x"), /has been released/);
  const f = lua.compile("return 1");
  f[Symbol.dispose]();
  assert.throws(() => f(), /has been released/);
  // Two arrivals of one value are one handle, which has to be released twice.
  const [a] = evaluate("shared = print return shared");
  const [b] = evaluate("return shared");
  assert.equal(a, b);
  b.release();
  assert.match(String(a), /^function: /);
  a.release();
  assert.throws(() => a(), /released/);
  if (globalThis.gc) {
    for (let i = 0; i < 100; i++) lua.compile("return 1");
    assert.ok(lua.stats().handles >= at + 100);
    for (let i = 0; i < 20 && lua.stats().handles > at; i++) {
      globalThis.gc();
      await new Promise((go) => setTimeout(go, 10));
    }
    assert.ok(lua.stats().handles <= at);
  }
});

test("a handle of another instance is refused", async () => {
  const other = await load();
  const f = other.compile("return 1");
  assert.throws(() => lua.set("f", f), /another instance/);
  assert.equal(lua.stats().hostValues >= 0, true);
  await other.close();
});

test("table handles", () => {
  const t = lua.runSync("return setmetatable({10, 20, 30, k = 'v'}, {__tostring = function() return 'T!' end, __call = function(_, x) return x * 2 end})", { tables: "handle" }).values[0];
  assert.equal(t.kind, "table");
  assert.equal(t.length, 3);
  assert.equal(t.get(2), 20);
  t.set(4, { deep: [1] });
  assert.deepEqual(t.get(4), { deep: [1] });
  assert.equal(String(t), "T!");
  assert.equal(t.call(21), 42);
  assert.deepEqual([...t.keys()], [1, 2, 3, 4, "k"]);
  assert.deepEqual(new Map(t).get("k"), "v");
  assert.deepEqual(t.toJS(), new Map([[1, 10], [2, 20], [3, 30], [4, { deep: [1] }], ["k", "v"]]));
  assert.equal(t.equals(t), true);
  assert.equal(t.equals({}), false);
  const big = lua.runSync("local t = {} for i = 1, 1000 do t['k' .. i] = i end return t", { tables: "handle" }).values[0];
  assert.equal(new Map(big.entries()).size, 1000);
  const co = evaluate("return coroutine.create(print)")[0];
  assert.ok(co instanceof LuaHandle);
  assert.equal(co.kind, "thread");
});

test("host functions: arguments, results, errors", async () => {
  lua.set("f", (...args) => args);
  assert.deepEqual(evaluate("return f(1, nil, 'x', {a = 1})"), [new Map([[1, 1], [3, "x"], [4, { a: 1 }]])]);
  lua.set("two", () => multi(1, "b", null));
  assert.deepEqual(evaluate("return select('#', two()), two()"), [3, 1, "b", undefined]);
  const boom = new RangeError("boom", { cause: "deep" });
  lua.set("boom", () => {
    throw boom;
  });
  const e = await failure(() => evaluate("boom()"));
  assert.equal(e.cause, boom);
  assert.equal(e.value, boom);
  assert.match(e.message, /RangeError: boom/);
  assert.match(e.luaTraceback, /in function 'boom'/);
  assert.deepEqual(evaluate("local ok, e = pcall(boom) return ok, type(e), tostring(e), e.message, e.cause"), [false, "userdata", "RangeError: boom", "boom", "deep"]);
  lua.set("boom2", () => {
    throw "text";
  });
  assert.equal((await failure(() => lua.runSync("boom2()", { name: "m.lua" }))).message, "m.lua:1: text");
  // Lua to JavaScript to Lua to JavaScript: the error object is still the same.
  lua.set("through", (f) => f());
  assert.equal((await failure(() => evaluate("through(function() boom() end)"))).cause, boom);
  assert.deepEqual((await failure(() => evaluate("through(function() error({code = 7}) end)"))).value, { code: 7 });
  assert.equal((await failure(() => evaluate("through(function() error('plain', 0) end)"))).message, "plain");
  // What can't be sent is an error of the call, not a crash.
  lua.set("bad", () => 2n ** 80n);
  assert.match((await failure(() => evaluate("bad()"))).message, /no 64-bit integer/);
});

test("objects with a class go by proxy, others by copy", async () => {
  class Point {
    static made = 0;
    #secret = 1;
    constructor(x, y) {
      this.x = x;
      this.y = y;
      Point.made++;
    }
    add(other) {
      return new Point(this.x + other.x, this.y + other.y);
    }
    get secret() {
      return this.#secret;
    }
    toString() {
      return `(${this.x}, ${this.y})`;
    }
  }
  const p = new Point(1, 2);
  lua.set("p", p);
  assert.equal(lua.get("p"), p);
  assert.deepEqual(evaluate("p.x = 10 return p.x, p.y, tostring(p), p.secret, p.none, p:add(p).x, p.add({x = 1, y = 1}).x"), [10, 2, "(10, 2)", 1, undefined, 20, 11]);
  assert.equal(p.x, 10);
  lua.set("Point", Point);
  const [q, made] = evaluate("local q = Point(3, 4) return q, Point.made");
  assert.ok(q instanceof Point);
  assert.equal(made, Point.made);
  assert.equal(evaluate("return p.add == p.add")[0], true);
  assert.equal(evaluate("return p.add")[0], Point.prototype.add);
  // Nothing leads from an object to the code that made it.
  assert.deepEqual(evaluate("return p.constructor, p.__proto__, Point.constructor"), [undefined, undefined, undefined]);
  assert.match((await failure(() => evaluate("p.__proto__ = {}"))).message, /__proto__/);
  // By copy on request; by proxy on request.
  assert.deepEqual(evaluate("local t = ... return type(t), t.x", copy(p)), ["table", 10]);
  const shared = { list: ["a", "b"], n: 0, nested: { deep: 1 } };
  lua.set("shared", proxy(shared));
  assert.deepEqual(evaluate("shared.n = 5 shared.nested.deep = 2 shared.list[3] = 'c' shared.gone = 1 shared.gone = nil return #shared.list, shared.list[1]"), [3, "a"]);
  assert.deepEqual(shared, { list: ["a", "b", "c"], n: 5, nested: { deep: 2 } });
  assert.deepEqual(evaluate("local out = {} for k, v in pairs(shared.list) do out[k] = v end return out"), [["a", "b", "c"]]);
  const [keys] = evaluate("local out = {} for k in pairs(shared) do out[#out + 1] = k end return out");
  assert.deepEqual(keys, ["list", "n", "nested"]);
  lua.set("set", new Set(["x", "y"]));
  assert.deepEqual(evaluate("local out = {} for i, v in pairs(set) do out[i] = v end return out, #set, set:has('x')"), [["x", "y"], 2, true]);
});

test("async iterators and disposal", async () => {
  lua.set("stream", async function* () {
    yield "a";
    await null;
    yield "b";
  });
  assert.deepEqual((await lua.run("local out = {} for i, v in pairs(stream()) do out[i] = v end return out")).values, [["a", "b"]]);
  let closed = 0;
  class Resource {
    [Symbol.dispose]() {
      closed++;
    }
  }
  lua.set("open", () => new Resource());
  evaluate("do local r <close> = open() end");
  assert.equal(closed, 1);
});

test("host values are given back when Lua has collected them", () => {
  lua.collect();
  const at = lua.stats().hostValues;
  for (let i = 0; i < 50; i++) evaluate("local o = ... return o.i", proxy({ i }));
  assert.ok(lua.bridge.border.hosts.entries.size > at);
  lua.collect();
  lua.collect();
  assert.equal(lua.stats().hostValues, at);
  assert.equal(lua.bridge.border.hosts.entries.size, at);
  // What could not be sent leaves nothing behind.
  assert.throws(() => lua.set("x", [() => 0, 2n ** 70n]), RangeError);
  assert.equal(lua.bridge.border.hosts.entries.size, at);
});

test("get, set and call, also inside of tables", async () => {
  lua.set("config", { list: [1, 2], opt: { debug: false } });
  lua.set(["config", "opt", "debug"], true);
  assert.equal(lua.get(["config", "opt", "debug"]), true);
  assert.equal(lua.get(["config", "list", 2]), 2);
  assert.equal(lua.get("nothing"), undefined);
  assert.match((await failure(() => lua.get(["nothing", "x"]))).message, /index a nil value/);
  assert.equal(await lua.call("tostring", 5), "5");
  assert.equal(lua.callSync(["string", "rep"], "ab", 2), "abab");
  assert.match((await failure(lua.call("nothing"))).message, /expected a Lua function, found undefined \(nothing\)/);
});

test("modules, and a loader", async () => {
  lua.modules.add("greet", "local name = ... return {hi = function(who) return 'hi ' .. who .. ' from ' .. name end}");
  assert.equal(evaluate("return require('greet').hi('you')")[0], "hi you from greet");
  assert.equal((await failure(() => lua.modules.add("bad", "x = ="))).kind, "syntax");
  const asked = [];
  lua.modules.loader((name) => (asked.push(name), name === "dyn" ? "return {n = 5}" : name === "fn" ? () => ({ n: 6 }) : undefined));
  assert.deepEqual(evaluate("return require('dyn').n, require('dyn').n, require('fn').n"), [5, 5, 6]);
  assert.deepEqual(asked, ["dyn", "fn"]);
  assert.match((await failure(() => evaluate("require('missing')"))).message, /module 'missing' not found/);
  lua.modules.loader(undefined);
  assert.match((await failure(() => evaluate("require('dyn2')"))).message, /not found/);
});

test("load options: modules, functions, seed, bytes, a compiled module", async () => {
  const options = { wasm: lua.module, modules: { m: "return 'm'" }, functions: { twice: (x) => x * 2, limit: 5 }, seed: 42 };
  const a = await load(options);
  const b = await load(options);
  assert.deepEqual(a.runSync("return require('m'), twice(limit)").values, ["m", 10]);
  assert.deepEqual(a.runSync("return math.random(1e9)").values, b.runSync("return math.random(1e9)").values);
  await a.close();
  await b.close();
});
