// What callers do that no example shows: odd values, calls inside of calls, closing at bad moments, options that are no numbers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LuaError, proxy } from "../dist/index.js";
import { MemoryStore } from "../dist/stores.js";
import { failure, load } from "./load.mjs";

let lua;
before(async () => {
  lua = await load({ functions: { sync: (code) => lua.runSync(code).values[0] } });
});
after(() => lua.close());
const there = (value, code = "return ...") => lua.runSync(code, { args: [value] }).values[0];

describe("values", () => {
  test("keys that no table can have are refused before anything is sent", () => {
    for (const key of [NaN, null, undefined]) assert.throws(() => there(new Map([[key, 1]])), { name: "TypeError", message: `${key} is no key of a Lua table` });
  });

  test("minus zero, in values and keys", () => {
    assert.ok(Object.is(there(-0), -0));
    assert.equal(there(new Map([[-0, "x"]]), "return (...)[0]"), "x");
  });

  test("arrays that are mostly or only holes", () => {
    const sparse = [];
    sparse[1000000] = 1;
    assert.equal(there(sparse, "return (...)[1000001]"), 1);
    assert.throws(() => there(new Array(2 ** 32 - 1)), { name: "RangeError", message: /4294967295 elements is too long/ });
  });

  test("depth: of Lua's values any, of JavaScript's what its stack holds", () => {
    let deep = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    assert.throws(() => there(deep), RangeError);
    assert.equal(there(1, "local t = {} for i = 1, 200000 do t = {t} end return t").length, 1);
    assert.equal(there(1), 1, "and nothing is broken");
  });

  test("integers beyond 64 bits, and at their ends", () => {
    assert.throws(() => there(2n ** 63n), { name: "RangeError", message: "9223372036854775808 is no 64-bit integer" });
    for (const n of [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n]) assert.equal(there(n), n);
  });

  test("getters that throw, proxies that are revoked, buffers that are detached: the error is the caller's", () => {
    const before = lua.stats().hostValues;
    assert.throws(() => there([() => 1, { get a() { throw new RangeError("boom"); } }]), /boom/);
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.throws(() => there(revoked), TypeError);
    const buffer = new ArrayBuffer(3);
    structuredClone(buffer, { transfer: [buffer] });
    assert.throws(() => there(buffer), TypeError);
    lua.collect();
    assert.equal(lua.stats().hostValues, before, "what had been encoded was taken back");
  });

  test("own names that objects inherit", () => {
    assert.deepEqual(Object.keys(there(JSON.parse('{"__proto__": {"x": 1}}'))), ["__proto__"]);
    assert.deepEqual(there({ constructor: 1, toString: 2 }), { constructor: 1, toString: 2 });
  });

  test("symbols, dates, sets and JavaScript's proxies", () => {
    const symbol = Symbol("s");
    assert.equal(there(symbol), symbol);
    assert.equal(there(new Date(7), "return (...):getTime()"), 7);
    assert.equal(there(new Set([1, 2]), "local n = 0 for _, v in pairs(...) do n = n + v end return n"), 3);
    assert.equal(there(new Proxy({ a: 1 }, {}), "return (...).a"), 1);
  });
});

describe("calls", () => {
  test("runSync inside of a host function inside of runSync", () => {
    assert.equal(lua.runSync("return sync('return sync(\"return 5\")')").values[0], 5);
    const e = lua.runSync("return pcall(sync, 'error({code = 1})')").values;
    assert.deepEqual(e, [false, { code: 1 }]);
  });

  test("an exception goes through Lua, JavaScript and Lua with its cause", async () => {
    const deep = new Error("deep");
    lua.set("bad", () => {
      throw new TypeError("orig", { cause: deep });
    });
    const inner = lua.compile("bad()");
    lua.set("outer", () => inner());
    const e = await failure(lua.run("outer()"));
    assert.ok(e instanceof LuaError && e.cause instanceof TypeError);
    assert.equal(e.cause.cause, deep);
    inner.release();
  });

  test("throwing nothing, and thenables of all kinds", async () => {
    lua.set("nothing", () => {
      throw undefined;
    });
    assert.deepEqual(lua.runSync("return pcall(nothing)").values, [false, undefined]);
    lua.set("reject", () => Promise.reject());
    assert.equal((await failure(lua.run("reject()"))).kind, "runtime");
    lua.set("now", () => ({ then: (done) => (done(5), done(6)) }));
    assert.deepEqual((await lua.run("return now()")).values, [5]);
    lua.set("wrong", () => ({
      then() {
        throw new Error("then");
      },
    }));
    assert.match((await failure(lua.run("wrong()"))).message, /then/);
  });

  test("releasing more often than a value came", () => {
    const [a, b] = lua.runSync("local f = function() return 1 end return f, f").values;
    assert.equal(a, b);
    a.release();
    assert.equal(a(), 1);
    a.release();
    a.release();
    assert.throws(() => a(), { name: "ReferenceError", message: /released/ });
  });

  test("the globals' handle is given back like any other", () => {
    const { globals } = lua;
    globals.set("g", 1);
    globals.release();
    globals.release();
    assert.equal(lua.get("g"), 1);
    lua.set("g", 2);
    assert.equal(lua.globals.get("g"), 2);
  });

  test("timeouts and limits that are no numbers", async () => {
    for (const timeout of [NaN, -1, "soon"]) {
      assert.match((await failure(lua.run("return 1", { timeout }))).message, /a timeout is milliseconds from 0/);
      assert.throws(() => lua.runSync("return 1", { timeout }), RangeError);
      assert.throws(() => lua.setLimits({ timeout }), RangeError);
    }
    assert.equal((await failure(lua.run("while true do end", { timeout: 0 }))).kind, "limit");
    assert.deepEqual((await lua.run("return 1", { timeout: Infinity })).values, [1]);
    for (const limits of [{ heap: NaN }, { heap: -1 }, { instructions: 1.5 }, { instructions: -1 }, { instructions: NaN }]) assert.throws(() => lua.setLimits(limits), RangeError);
    lua.setLimits({ heap: 2 ** 40 });
    assert.deepEqual(lua.runSync("return 1").values, [1]);
    lua.setLimits({});
  });

  test("a signal that was aborted before", async () => {
    const e = await failure(lua.run("x = 1", { signal: AbortSignal.abort(new Error("early")) }));
    assert.equal(e.kind, "abort");
    assert.equal(e.cause.message, "early");
    assert.equal(lua.get("x"), undefined, "nothing ran");
  });
});

describe("closing", () => {
  test("twice, and in a script's own call", async () => {
    const store = new MemoryStore();
    const a = await load({ store });
    await a.run("Memory.n = 1");
    a.set("close", () => void a.close());
    assert.deepEqual(a.runSync("Memory.n = 2 close() Memory.n = 3 return 1").values, [1]);
    await a.close();
    await a.close();
    assert.match((await failure(a.run("return 1"))).message, /has been closed/);
    await (await load({ store })).close();
  });

  test("scripts that wait fail", async () => {
    const a = await load({ functions: { never: () => new Promise(() => {}) } });
    const waiting = failure(a.run("never()"));
    await a.close();
    const e = await waiting;
    assert.equal(e.kind, "host");
    assert.match(e.message, /has been closed/);
  });

  test("after a crash the state is given free, with all that was handed over", async () => {
    const store = new MemoryStore();
    const a = await load({ store });
    await a.run("Memory.n = 1");
    assert.throws(() => a.bridge.enter(() => { throw new WebAssembly.RuntimeError("unreachable"); }), /crashed/);
    assert.match((await failure(a.run("return 1"))).message, /crashed/);
    await a.close();
    const b = await load({ store });
    assert.equal(b.memory.get("n"), 1);
    await b.close();
  });

  test("an object that throws when it is asked for its class", () => {
    assert.throws(() => there(proxy({ get constructor() { throw new Error("no class"); } })), /no class/);
  });
});
