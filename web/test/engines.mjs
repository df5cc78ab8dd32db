// What every engine has to run, whatever it is: node of several versions, Deno, Bun. Started with each by `cargo xtask test`, and
// by engines.test.mjs with this one. Uses no test runner, since they have none in common.
import { Lua, LuaError, supports } from "../dist/index.js";
import { FileStore, MemoryStore } from "../dist/stores.js";
import { LuaWorker } from "../dist/worker.js";

const folder = process.argv[2];
let passed = 0;
let failed = 0;

function equal(found, expected) {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${b}, found ${a}`);
}

async function test(name, work) {
  try {
    await work();
    passed++;
    console.log(`ok      ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAILED  ${name}: ${e.stack ?? e}`);
  }
}

const functions = { later: async (x) => x + 1, add: (a, b) => a + b };

await test("the module runs, its errors and coroutines too", async () => {
  const lua = await Lua.load({ functions });
  equal((await lua.run("print('hi') local co = coroutine.wrap(function() coroutine.yield(later(1)) end) return co(), add(1, 2), pcall(error, 'x')")).values, [2, 3, false, "x"]);
  const e = await lua.run("local t t.x = 1", { name: "main.lua" }).catch((e) => e);
  equal([e instanceof LuaError, e.message], [true, "main.lua:1: attempt to index a nil value (local 't')"]);
  equal((await lua.run("while true do end", { timeout: 20 }).catch((e) => e)).kind, "limit");
  await lua.close();
});

await test("one of the encodings of exceptions is there", async () => {
  equal((await supports("legacy")) || (await supports("standard")), true);
});

await test("a state in memory, in a file, and as a file", async () => {
  for (const store of [new MemoryStore(), new FileStore(folder)]) {
    const a = await Lua.load({ store });
    await a.run("Memory.n = 1 Memory.f = function() return Memory.n end");
    await a.close();
    const b = await Lua.load({ store });
    equal((await b.run("return Memory.f()")).values, [1]);
    const file = await b.exportState();
    await b.run("Memory.n = 2");
    await b.importState(file);
    equal(b.memory.get("n"), 1);
    await b.close();
  }
});

await test("a snapshot goes on", async () => {
  const a = await Lua.load({ functions });
  await a.run("co = coroutine.wrap(function() coroutine.yield(1) return 2 end) co()");
  const b = await Lua.restore(await a.snapshot(), { functions });
  equal((await b.run("return co()")).values, [2]);
  await a.close();
  await b.close();
});

await test("a worker runs, waits, and is ended", async () => {
  const lua = await LuaWorker.load({ functions });
  equal((await lua.run("return later(41)")).values, [42]);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 30);
  equal((await lua.run("while true do end", { signal: abort.signal }).catch((e) => e)).kind, "abort");
  const endless = lua.run("while true do end").catch((e) => e.kind);
  await lua.terminate();
  equal(await endless, "abort");
  await lua.restart();
  equal((await lua.run("return add(1, 1)")).values, [2]);
  await lua.close();
});

console.log(`test result: ${passed} passed; ${failed} failed`);
process.exit(failed ? 1 : 0);
