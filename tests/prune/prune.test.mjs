// A module without libraries and functions is as if they had never been there; what stays works as ever.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Host } from "../node/host.mjs";
import { Tables } from "../node/store.mjs";

const load = (variable) => new WebAssembly.Module(readFileSync(process.env[variable]));
const whole = load("MOONWRIGHT_WHOLE");
const pruned = load("MOONWRIGHT_PRUNED");
const textOnly = load("MOONWRIGHT_TEXT");

const run = async (module, text) => (await Host.create(module)).run(Buffer.from(text)).values.map(String);

test("prune: what was dropped is nil, as in a module without it", async () => {
  const text = "return io, os, debug, string.pack, string.unpack, utf8.char, dofile, math.random, package.loaded.io, package.loaded.os";
  assert.deepEqual(await run(pruned, text), Array(10).fill("null"));
  assert.ok(!(await run(whole, text)).includes("null"));
});

test("prune: a call is Lua's own error, which names what is missing", async () => {
  const message = "return select(2, pcall(function() return string.pack('i', 1) end)), select(2, pcall(function() return io.read() end))";
  const [first, second] = await run(pruned, message);
  assert.match(first, /attempt to call a nil value \(field 'pack'\)/);
  assert.match(second, /attempt to index a nil value \(global 'io'\)/);
});

test("prune: no name is left over in any library", async () => {
  const text = `local names = {}
    for library, t in pairs(package.loaded) do
      for name, value in pairs(t) do names[#names + 1] = library .. "." .. tostring(name) .. ":" .. type(value) end
    end
    table.sort(names)
    return table.concat(names, "\\n")`;
  const names = async (module) => (await run(module, text))[0].split("\n");
  const gone = /^(_G\.)?(io|os|debug)[.:]|^package\.|^string\.(un)?pack:|^utf8\.char:|^_G\.dofile:|^math\.random:/;
  const expected = (await names(whole)).filter((name) => !gone.test(name));
  assert.deepEqual((await names(pruned)).filter((name) => !gone.test(name)), expected);
  assert.ok(expected.length > 80, `${expected.length} names`);
});

test("prune: what stays works", async () => {
  const text = `local parts = {}
    for w in ("the quick brown fox"):gmatch("%a+") do parts[#parts + 1] = w:upper() end
    table.sort(parts, function(a, b) return a > b end)
    local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
    local ok, message = pcall(error, "caught")
    return table.concat(parts, " "), string.format("%5.2f %s", math.pi, message), co() + co() + co(), utf8.len("ünï"), load("return 6 * 7")()`;
  assert.deepEqual(await run(pruned, text), await run(whole, text));
});

test("prune: a stored function that was dropped keeps its index, and says its name", async () => {
  const tables = new Tables();
  const before = await Host.create(whole, { tables });
  before.run(Buffer.from("Memory.pack = string.pack; Memory.rep = string.rep; Memory.open = io.open; Memory.n = 5"));
  const after = await Host.create(pruned, { tables });
  const text = `local function try(key) local ok, message = pcall(function() return Memory[key] end); return ok and "read" or message end
    return try("pack"), try("open"), Memory.rep == string.rep, Memory.n`;
  const [pack, open, same, n] = after.run(Buffer.from(text)).values.map(String);
  assert.match(pack, /string\.pack/);
  assert.match(open, /io\.open/);
  assert.deepEqual([same, n], ["true", "5"]);
});

test("no bytecode: text runs, a binary chunk is a clear error, and nothing dumps one", async () => {
  const message = "attempt to load a binary chunk (the module has no bytecode)";
  assert.deepEqual(await run(textOnly, "return load('return 6 * 7')(), string.dump"), ["42", "null"]);
  assert.deepEqual(await run(textOnly, "return load('\\27Lua')"), ["null", message]);
  assert.deepEqual(await run(textOnly, "return load('\\27Lua', 'x', 't')"), ["null", "attempt to load a binary chunk (mode is 't')"]);
  assert.equal((await run(whole, "return load(string.dump(load('return 6 * 7')))()"))[0], "42");
});
