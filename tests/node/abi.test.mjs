// What of the contract depends on the engine or the unwinding: the rest is tested once, in tests/tests/abi/*.rs.

import { test } from "node:test";
import assert from "node:assert/strict";

import { Host } from "./host.mjs";
import { modules } from "./modules.mjs";

const value = (host, chunk) => host.run(chunk).values[0];

/** The tests, by name; each runs in every module. */
const cases = {
  async "init twice, then one plus one"({ module }) {
    const host = await Host.bare(module);
    assert.equal(host.exports.init(), 0);
    host.run("kept = 7");
    assert.equal(host.exports.init(), 0);
    assert.equal(value(host, "return kept"), 7n);
    assert.equal(value(host, "return 1+1"), 2n);
    assert.equal(host.exports.abi_version(), 1);
  },

  async "imports are those of the contract"({ module, encoding }) {
    const known = ["set", "get", "delete", "size", "keys", "drop"].map((name) => `js_ext_table_${name}`);
    known.push("js_time_now", "js_call");
    if (encoding === "host") known.push("lua_try", "lua_throw");
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      assert.deepEqual([from, kind, known.includes(name)], ["env", "function", true], `import ${from}.${name}`);
    }
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const name of ["__indirect_function_table", "__stack_pointer"]) {
      assert.equal(exported.includes(name), encoding === "host", name);
    }
  },

  async "values keep their types"({ module }) {
    const host = await Host.create(module);
    const { output, values } = host.run("print('x', 1.0) return nil, true, -1, 1.0, -0.0, 0/0, 'a\\0', {n = {1}}, print");
    assert.equal(output.toString(), "x\t1.0\n");
    assert.deepEqual(values.slice(0, 7), [null, true, -1n, 1, -0, NaN, Buffer.from("a\0")]);
    assert.equal(values[7].get("n").get(1n), 1n);
    assert.equal(typeof values[8].c, "number");
  },

  async "a syntax error"({ module }) {
    const host = await Host.create(module);
    const error = host.runFailing("for i = 1, 3 do");
    assert.equal(error.kind, "syntax");
    assert.equal(error.incomplete, true);
    assert.equal(host.runFailing("x x").incomplete, undefined);
  },

  async "a runtime error with traceback"({ module }) {
    const host = await Host.create(module);
    host.setChunkName("@app.lua");
    const error = host.runFailing("print 'before'\nlocal function f() local t; return t.x end\nf()");
    assert.equal(error.kind, "runtime");
    assert.equal(error.message, "app.lua:2: attempt to index a nil value (local 't')");
    assert.equal(error.chunk, "app.lua");
    assert.equal(error.line, 2n);
    assert.equal(error.output, "before\n");
    assert.match(error.traceback, /app\.lua:2: in[^]*app\.lua:3: in main chunk/);
    assert.equal(host.runFailing("error({})").message, "(error object is a table value)");
    assert.equal(value(host, "return 1"), 1n);
    assert.equal(host.lastError(), null);
  },

  async "what unwinds, and what returns"({ module, encoding }) {
    if (encoding !== "host") return; // only there the host sees it
    const host = await Host.create(module);
    const throws = (chunk) => {
      const before = host.throws;
      host.run(chunk);
      return host.throws - before;
    };
    const returned = [
      "for i = 1, 9 do pcall(error, i) end",
      "for i = 1, 9 do pcall(function() assert(false, i) end) end",
      "for i = 1, 9 do xpcall(function() return error(i) end, function(e) return e end) end",
      "for i = 1, 9 do pcall(function() for _ in error, i do end end) end",
      "for i = 1, 9 do coroutine.resume(coroutine.create(error), i) end",
      "for i = 1, 9 do pcall(coroutine.wrap(error), i) end",
      "coroutine.wrap(function() for i = 1, 9 do pcall(pcall, error, i) pcall(error, i) end end)()",
      "local f = coroutine.wrap(function() pcall(function() while true do coroutine.yield() end end) end) for _ = 1, 9 do f() end",
      "local f = coroutine.wrap(function() for _ in coroutine.yield do end end) for _ = 1, 9 do f(1) end",
    ];
    const operations = ["x.y = x", "return x.y.z", "x()", "return x:m()", "return x + 1", "return -x", "return #x", "return x < 1", "return x .. 1"];
    operations.push("for i = 1, x do end", "for i in x do end", "return 1.5 | 1", "local a = {} .. 'a'");
    operations.push("return setmetatable({}, {__index = function() error(1) end}).x", "local a = setmetatable({}, {__lt = error}) return a < 1");
    for (const operation of operations) returned.push(`for i = 1, 9 do local x pcall(function() ${operation} end) end`);
    returned.push(
      "local t = setmetatable({}, {__index = coroutine.yield}) local f = coroutine.wrap(function() while t.x do end end) for _ = 1, 9 do f(1) end",
    );
    for (const chunk of returned) assert.equal(throws(chunk), 0, chunk);
    for (const cause of ["local x = 1 // 0", "string.rep()", "table.sort({1, 2}, error)", "local x <close> = 1"]) {
      assert.equal(throws(`for i = 1, 9 do pcall(function() ${cause} end) end`), 9, cause);
    }
  },

  async "many errors, caught and not"({ module }) {
    const host = await Host.create(module);
    const chunk = `local n = 0
      for i = 1, 20000 do
        if not pcall(error, i) then n = n + 1 end
        if not pcall(string.rep, 'x', -1, {}) then n = n + 1 end
        if not pcall(string.gsub, 'x', '.', error) then n = n + 1 end
        if not pcall(table.sort, {3, 2, 1}, error) then n = n + 1 end
      end
      return n`;
    assert.equal(value(host, chunk), 80000n);
    for (let n = 0; n < 2000; n++) host.runFailing("error('x')");
    assert.equal(value(host, "return 1"), 1n);
  },

  async "recursion 200,000 deep"({ module }) {
    const host = await Host.create(module);
    const chunk = "local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end return depth(200000)";
    assert.equal(value(host, chunk), 200000n);
  },

  async "endless recursion of any kind is a Lua error"({ module }) {
    const host = await Host.create(module);
    for (const chunk of [
      "local function f() return 1 + f() end f()",
      "local function f(s) return (string.gsub(s, '.', f)) end f('x')",
      "local function f() table.sort({3, 2, 1}, f) end f()",
      "local function f() return tostring(setmetatable({}, {__tostring = f})) end f()",
      "local function f() return coroutine.wrap(f)() end f()",
      "local function f() return pcall(f), error('x') end return f(), error('end')",
      "local t = {} for i = 1, 100000 do t = setmetatable({}, {__index = t}) end return t.x",
      "local t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t",
    ]) {
      assert.equal(host.runFailing(chunk).kind, "runtime", chunk);
    }
    for (const open of ["(", "{", "- ", "not ", "2^", "function() return "]) {
      assert.match(host.runFailing(`return ${open.repeat(100000)}1`).message, /overflow|too many/, open);
    }
    assert.equal(value(host, "return 1"), 1n);
  },

  async "endless concatenation hits the heap limit"({ module }) {
    const host = await Host.create(module);
    host.exports.set_limits(16 << 20, 0n);
    for (const chunk of [
      "local s = 'x' while true do s = s .. s end",
      "local t = {} while true do t[#t + 1] = {} end",
      "while true do print('some output') end",
    ]) {
      assert.equal(host.runFailing(chunk).kind, "memory", chunk);
    }
    assert.equal(value(host, "return 1"), 1n);
  },

  async "the instruction limit ends what catches everything"({ module }) {
    const host = await Host.create(module);
    host.exports.set_limits(0, 1000000n);
    for (const chunk of [
      "while true do end",
      "while true do pcall(function() while true do end end) end",
      "while true do coroutine.wrap(function() pcall(function() while true do end end) end)() end",
      "table.insert(setmetatable({}, {__len = function() return math.maxinteger - 1 end}), 1, 1)",
      "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do end",
    ]) {
      assert.equal(host.runFailing(chunk).kind, "limit", chunk);
    }
    host.exports.set_limits(0, 0n);
    assert.equal(value(host, "return 1"), 1n);
  },

  async "computes in a row do not grow"({ module }) {
    const host = await Host.create(module);
    const round = (rounds) => {
      for (let n = 0; n < rounds; n++) {
        assert.ok(host.exports.compute(...host.put("local t = {1} print(t[1]) return t")) > 0);
        assert.ok(host.exports.compute(...host.put("error({})")) < 0);
      }
      host.exports.run_gc();
      return host.memoryStats();
    };
    const before = round(1000);
    const after = round(5000);
    assert.deepEqual([after.pages, after.buffer], [before.pages, before.buffer]);
    assert.ok(after.used <= before.used + 1024, `${before.used} bytes became ${after.used}`);
  },

  async "a result of 5 MB"({ module }) {
    const host = await Host.create(module);
    assert.deepEqual(value(host, "return string.rep('m', 5000000)"), Buffer.alloc(5000000, "m"));
  },

  async "what the host throws goes through pcall"({ module }) {
    const host = await Host.create(module);
    host.clockTraps = true;
    assert.throws(() => host.exports.compute(...host.put("return pcall(os.time)")), /told to trap/);
  },
};

for (const built of modules) {
  for (const [name, run] of Object.entries(cases)) {
    test(`${built.name}::abi::${name}`, () => run(built));
  }
}
