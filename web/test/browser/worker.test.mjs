// Lua in a worker of a page: it stays responsive, and any script can be ended; with the headers that isolate a page, and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { blankPage } from "./bundle.mjs";
import { isolate, open, profile } from "./chromium.mjs";

const blank = await blankPage("blank-worker");

for (const isolated of [false, true]) {
  const where = isolated ? "in an isolated page" : "in any page";

  test(`chromium::worker::an endless loop is ended by a signal, ${where}`, async (t) => {
    const context = await profile(t);
    if (isolated) await isolate(context);
    const page = await open(context, blank);
    const outcome = await page.evaluate(async () => {
      const { LuaWorker } = await import("/dist/worker.js");
      const lua = await LuaWorker.load();
      let turns = 0;
      const timer = setInterval(() => turns++, 10);
      const begun = performance.now();
      const kind = await lua.run("while true do pcall(function() while true do end end) end", { signal: AbortSignal.timeout(300) }).catch((error) => error.kind);
      const took = performance.now() - begun;
      clearInterval(timer);
      const { values } = await lua.run("return 'goes on'");
      await lua.close();
      return { isolated: crossOriginIsolated, kind, turns, took, values };
    });
    assert.deepEqual([outcome.isolated, outcome.kind, outcome.values], [isolated, "abort", ["goes on"]]);
    assert.ok(outcome.turns >= 10, `expected the page's timer to go on, found ${outcome.turns} turns`);
    assert.ok(outcome.took < 3000, `expected the end after 300 ms, found ${outcome.took}`);
    assert.deepEqual(page.problems, []);
  });
}

test("chromium::worker::what is in an endless loop can be terminated and started again, over the same state", async (t) => {
  const page = await open(await profile(t), blank);
  const outcome = await page.evaluate(async () => {
    const [{ LuaWorker }, { IndexedDbStore }] = await Promise.all([import("/dist/worker.js"), import("/dist/index.js")]);
    const lua = await LuaWorker.load({ store: new IndexedDbStore(), name: "worker" });
    await lua.run("local n = 1 function Memory.count() n = n + 1 return n end Memory.count()");
    await lua.save();
    const running = lua.run("string.rep('x', 1 << 27):find(('x*'):rep(12) .. 'y')").catch((error) => error.kind);
    setTimeout(() => lua.terminate(), 100);
    const kind = await running;
    await lua.restart();
    const { values } = await lua.run("return Memory.count()");
    await lua.close();
    return { kind, values };
  });
  assert.deepEqual(outcome, { kind: "abort", values: [3] });
  assert.deepEqual(page.problems, []);
});
