import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LuaError } from "../dist/index.js";
import { failure, load } from "./load.mjs";

let lua;
const seen = [];
const timers = new Set();
before(async () => {
  lua = await load({
    onOutput: (text) => seen.push(text),
    functions: {
      later: (ms, v) => new Promise((go) => timers.add(setTimeout(go, ms, v))),
      add: (a, b) => a + b,
    },
  });
});
after(async () => {
  // Waits that were given up must not keep the process.
  timers.forEach(clearTimeout);
  await lua.close();
});

test("run gives values and output", async () => {
  assert.deepEqual(await lua.run("print('hi') io.write('there') return 1, 'x', nil, true"), { values: [1, "x", undefined, true], output: "hi\nthere" });
  assert.deepEqual(lua.runSync("return ..., select('#', ...)", { args: [7, null] }).values, [7, 2]);
  assert.equal(seen.at(-1), "hi\nthere");
});

test("output that is cut inside a character is whole for onOutput", async () => {
  seen.length = 0;
  await lua.run("io.write('\\xc3') later(1) io.write('\\xa9')");
  assert.equal(seen.join(""), "é");
  assert.equal((await lua.run("io.write('\\xc3') later(1) io.write('\\xa9')")).output, "é");
});

for (const how of ["run", "runSync"]) {
  test(`${how}: an error says what, where and how it came there`, async () => {
    const e = await failure(() => lua[how]("print('before')\nlocal function inner() local t; return t.x end\ninner()", { name: "main.lua" }));
    assert.ok(e instanceof LuaError);
    assert.equal(e.message, "main.lua:2: attempt to index a nil value (local 't')");
    assert.equal(e.kind, "runtime");
    assert.equal(e.chunk, "main.lua");
    assert.equal(e.line, 2);
    assert.equal(e.output, "before\n");
    assert.match(e.luaTraceback, /^stack traceback:[^]*in (upvalue|local|function) '?inner'?[^]*main\.lua:3: in main chunk/);
    assert.match(e.stack, /stack traceback:/);
  });

  test(`${how}: syntax errors`, async () => {
    const e = await failure(() => lua[how]("x = = 1", { name: "=prompt" }));
    assert.equal(e.kind, "syntax");
    assert.equal(e.message, "prompt:1: unexpected symbol near '='");
    assert.equal(e.incomplete, undefined);
    assert.equal((await failure(() => lua[how]("for i = 1, 2 do"))).incomplete, true);
  });

  test(`${how}: an error object comes as it is`, async () => {
    const e = await failure(() => lua[how]("error({code = 42})"));
    assert.deepEqual(e.value, { code: 42 });
    assert.equal(e.kind, "runtime");
  });

  test(`${how}: a timeout ends an endless loop, and nothing in the script stops that`, async () => {
    const start = Date.now();
    const e = await failure(() => lua[how]("while true do pcall(function() while true do end end) end", { timeout: 50 }));
    assert.equal(e.kind, "limit");
    assert.ok(Date.now() - start < 2000);
    assert.equal((await lua[how]("return 1")).values[0], 1, "the instance is ready again");
  });
}

test("a signal ends a loop, a wait, and what has not begun", async () => {
  for (const code of ["while true do end", "later(100000)", "pcall(later, 100000)"]) {
    const e = await failure(lua.run("print('x') " + code, { signal: AbortSignal.timeout(20) }));
    assert.equal(e.kind, "abort", code);
    assert.equal(e.name, "TimeoutError");
    assert.equal(e.output, "x\n");
  }
  const reason = new Error("no more");
  const e = await failure(lua.run("started = true", { signal: AbortSignal.abort(reason) }));
  assert.equal(e.cause, reason);
  assert.equal(lua.get("started"), undefined);
  assert.equal(lua.stats().tasks, 0);
});

test("an aborted script's variables are closed", async () => {
  lua.set("closed", false);
  await failure(lua.run("local x <close> = setmetatable({}, {__close = function() closed = true end}) later(100000)", { signal: AbortSignal.timeout(10) }));
  assert.equal(lua.get("closed"), true);
});

test("an error while an aborted script is closed is not lost", async () => {
  const e = await failure(lua.run("local x <close> = setmetatable({}, {__close = function() error('at close', 0) end}) print('p') later(100000)", { signal: AbortSignal.timeout(10) }));
  assert.equal(e.kind, "abort");
  assert.equal(e.output, "p\n");
  assert.equal(e.suppressed.message, "at close");
});

test("a timeout ends a wait, past pcall", async () => {
  const e = await failure(lua.run("pcall(later, 100000) while true do end", { timeout: 30, name: "wait.lua" }));
  assert.equal(e.kind, "limit");
  assert.equal(lua.stats().tasks, 0);
});

test("slices let the event loop have its turn", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await lua.run("local t = os.time() for i = 1, 2e7 do end", { slice: 1 << 16 });
  clearInterval(timer);
  assert.ok(turns > 5, `${turns} turns`);
});

test("promises: a script waits for them wherever Lua can yield", async () => {
  const { values } = await lua.run(`
    local out = {}
    out[#out + 1] = later(1, "plain")
    out[#out + 1] = select(2, pcall(later, 1, "pcall"))
    local mt = setmetatable({}, {__index = function(_, k) return later(1, k) end, __add = function(a, b) return later(1, "add") end})
    out[#out + 1] = mt.index
    out[#out + 1] = mt + 1
    for v in function(_, c) if not c then return later(1, "iterator") end end do out[#out + 1] = v end
    local co = coroutine.wrap(function() coroutine.yield(later(1, "wrap")) return later(1, "end") end)
    out[#out + 1] = co()
    out[#out + 1] = co()
    local th = coroutine.create(function(x) local y = coroutine.yield(later(1, x)) return later(1, y) end)
    out[#out + 1] = select(2, coroutine.resume(th, "one"))
    out[#out + 1] = select(2, coroutine.resume(th, "two"))
    return out`);
  assert.deepEqual(values[0], ["plain", "pcall", "index", "add", "iterator", "wrap", "end", "one", "two"]);
});

test("promises: rejections are errors at the call, with the same object", async () => {
  const boom = new TypeError("boom");
  lua.set("fail", () => Promise.reject(boom));
  const e = await failure(lua.run("fail()"));
  assert.equal(e.cause, boom);
  assert.match(e.message, /boom/);
  assert.deepEqual((await lua.run("local ok, err = pcall(fail) return ok, tostring(err), err.message")).values, [false, "TypeError: boom", "boom"]);
  lua.set("failText", () => Promise.reject("just text"));
  assert.equal((await failure(lua.run("\n failText()", { name: "t.lua" }))).message, "t.lua:2: just text");
});

test("promises: where Lua can't wait, the error says so", async () => {
  assert.match((await failure(() => lua.runSync("later(1)"))).message, /host function 'later' cannot wait here: /);
  assert.match((await failure(lua.run("table.sort({3, 2, 1}, function(a, b) later(1) return a < b end)"))).message, /cannot wait here: /);
  assert.match((await failure(lua.run("return (string.gsub('x', 'x', function() return later(1) end))"))).message, /cannot wait here: /);
});

test("many scripts wait at once, and each gets its own", async () => {
  const results = await Promise.all(Array.from({ length: 50 }, (_, i) => lua.run(`local a = later(${(i * 7) % 11}, ${i}) local b = later(1, a) return a + b`)));
  assert.deepEqual(results.map((r) => r.values[0]), Array.from({ length: 50 }, (_, i) => 2 * i));
  assert.equal(lua.stats().tasks, 0);
});

test("a script that yields to nobody lets the event loop go on", async () => {
  assert.deepEqual((await lua.run("local a = coroutine.yield(1, 2) return a, 'on'")).values, [undefined, "on"]);
});

test("limits", async () => {
  const small = await load({ limits: { heap: 2_000_000, timeout: 5000 } });
  assert.equal((await failure(small.run("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"))).kind, "memory");
  small.setLimits({ instructions: 1_000_000, timeout: 5000 });
  assert.equal((await failure(small.run("while true do end"))).kind, "limit");
  assert.equal((await failure(() => small.runSync("while true do end"))).kind, "limit");
  small.setLimits({ timeout: 20 });
  assert.equal((await failure(small.run("while true do end"))).kind, "limit");
  assert.equal((await failure(small.call(small.compile("while true do end")))).kind, "limit");
  await small.close();
  assert.equal((await failure(small.run("return 1"))).message, "this Lua has been closed");
});

test("a host function can run Lua, with the time that is left", async () => {
  lua.set("nested", (code) => lua.runSync(code).values[0]);
  assert.equal((await lua.run("return nested('return 1 + add(1, 2)')")).values[0], 4);
  assert.equal((await failure(lua.run("nested('while true do end')", { timeout: 50 }))).kind, "limit");
  assert.match((await failure(lua.run("nested('error(\"inner\", 0)')"))).message, /inner/);
  lua.set("nestedAsync", (code) => lua.run(code).then((r) => r.values[0]));
  assert.equal((await lua.run("return nestedAsync('return later(1, 5)')")).values[0], 5);
});

test("endless recursion through the host is an error", async () => {
  const e = await failure(lua.run("function again() return (nested('return again()')) end again()"));
  assert.equal(e.kind, "runtime");
  assert.match(e.message, /overflow/);
  assert.equal(lua.runSync("return 1").values[0], 1);
});

test("after a crash of the module nothing of it runs any more", async () => {
  const other = await load();
  const trap = new WebAssembly.RuntimeError("unreachable");
  other.set("crash", () =>
    other.bridge.enter(() => {
      throw trap;
    }),
  );
  const seen = [];
  other.set("after", () => seen.push(1));
  const e = await failure(other.run("pcall(crash) after()"));
  assert.equal(e.kind, "host");
  assert.match(e.message, /crashed \(RuntimeError: unreachable\); load a new one/);
  assert.equal(e.cause, trap);
  assert.deepEqual(seen, []);
  assert.equal((await failure(other.run("return 1"))).kind, "host");
});

test("require waits for the loader, and for what a module's text waits for", async () => {
  const { setTimeout: sleep } = await import("node:timers/promises");
  const asked = [];
  const other = await load({
    functions: { later: async (x) => (await sleep(1), x) },
    modules: { given: "return {n = later(5)}" },
    loader: async (name) => {
      asked.push(name);
      await sleep(1);
      if (name === "outer") return "local inner = require('inner') return {sum = inner.n + later(1), name = ...}";
      if (name === "inner") return "return {n = later(2)}";
      if (name === "deep") return "return later(3)";
      if (name === "bad") return "x =";
      if (name === "fails") return "later(1) error('no', 0)";
      if (name === "function") return () => ({ n: 7 });
      return undefined;
    },
  });
  const run = async (code) => (await other.run(code, { name: "main.lua" })).values;
  assert.deepEqual(await run("local o = require('outer') return o.sum, o.name, o == require('outer'), package.loaded.inner.n"), [3, "outer", true, 2]);
  assert.deepEqual(asked, ["outer", "inner"]);
  assert.deepEqual(await run("return require('given').n, require('function').n"), [5, 7]);
  assert.deepEqual(await run("return pcall(require, 'fails')"), [false, "no"]);
  assert.deepEqual(await run("return coroutine.wrap(function() return (require('deep')) end)()"), [3]);
  const missing = await failure(run("require('missing')"));
  assert.match(missing.message, /^main\.lua:1: module 'missing' not found:\n\tno field package\.preload\['missing'\]\n\tno module 'missing' from the host$/);
  assert.match((await failure(run("require('bad')"))).message, /error loading module 'bad':\n\tbad:1: unexpected symbol near <eof>/);
  assert.match((await failure(() => other.runSync("require('sync')"))).message, /cannot wait here/);
  // A searcher behind the host's is asked after a no; then the host can't wait.
  other.modules.loader((name) => (name === "mine" ? undefined : "return 1"));
  assert.deepEqual(await run("package.searchers[#package.searchers + 1] = function(n) return function() return n .. '!' end end return (require('mine')), (require('one'))"), ["mine!", 1]);
  await other.close();
});

test("bytecode is loaded once it is verified", () => {
  const [bytecode] = lua.runSync("return string.dump(function(...) return select('#', ...), 'ran' end)", { strings: "bytes" }).values;
  assert.equal(lua.loadBinary(bytecode, { name: "it" })("a", "b"), 2);
  assert.throws(() => lua.loadBinary(bytecode.subarray(0, 30)), { name: "LuaError", message: /truncated/ });
  assert.throws(() => lua.loadBinary(new TextEncoder().encode("return 1")), { message: /attempt to load a text chunk/ });
});

test("main of a module without an application is an error that says so", async () => {
  await assert.rejects(lua.main(["x"]), { name: "LuaError", message: /the module contains no application/ });
});
