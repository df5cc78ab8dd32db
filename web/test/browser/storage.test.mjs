// What only a real browser has: two tabs, a disk that is full, a page that is closed in the middle of a save, a policy that forbids.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { visits } from "../../bench/visits.mjs";
import { blankPage } from "./bundle.mjs";
import { open, profile, server } from "./chromium.mjs";

const blank = await blankPage("blank-storage");

async function tab(context) {
  const page = await open(context, blank);
  await page.waitForFunction(() => globalThis.moonwright);
  return page;
}

/** Opens the state `s` in the page as `lua`; what failed, if it did. */
const load = (page, options = {}) =>
  page.evaluate(async (options) => {
    const { IndexedDbStore, Lua } = moonwright;
    try {
      globalThis.lua = await Lua.load({ store: new IndexedDbStore(), name: "s", ...options });
      return undefined;
    } catch (error) {
      return { name: error.name, code: error.code, message: error.message };
    }
  }, options);

const run = (page, code) => page.evaluate(async (code) => (await lua.run(code)).values, code);
const save = (page) => page.evaluate(() => lua.save().then(() => "saved", (error) => error.code));

test("chromium::storage::a second tab is refused with a clear error, then read-only, then gets its turn", async (t) => {
  const context = await profile(t);
  const [first, second] = [await tab(context), await tab(context)];
  assert.equal(await load(first), undefined);
  await run(first, "Memory.x = 1");
  assert.equal(await save(first), "saved");

  const refused = await load(second);
  assert.deepEqual([refused.name, refused.code], ["StoreError", "locked"]);
  assert.match(refused.message, /another tab.*close it there, or open it with onConflict/);

  assert.equal(await load(second, { onConflict: "readonly" }), undefined);
  assert.deepEqual(await run(second, "Memory.x = Memory.x + 10 return Memory.x"), [11]);
  assert.equal(await save(second), "readonly");
  await second.evaluate(() => lua.close({ discard: true }));

  const waiting = load(second, { onConflict: "wait" });
  await run(first, "Memory.x = 2");
  await first.close({ runBeforeUnload: true });
  assert.equal(await waiting, undefined);
  assert.deepEqual(await run(second, "return Memory.x"), [2]);
});

test("chromium::storage::a full disk is an error at save and an event, and nothing is lost", async (t) => {
  const context = await profile(t);
  const page = await tab(context);
  const devtools = await context.newCDPSession(page);
  const { origin } = new URL(server);
  // Before the first write: Chromium remembers for half a minute how much room there was.
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  await load(page);
  await run(page, "Memory.kept = 'before'");
  assert.equal(await save(page), "saved");

  await page.evaluate(() => {
    globalThis.events = [];
    lua.session.on("error", (error) => events.push(error.code));
  });
  await run(page, "Memory.big = string.rep('\\0\\1\\2\\3', 1000000) Memory.small = 1");
  await page.waitForFunction(() => events.length > 0);
  assert.deepEqual(await page.evaluate(() => events), ["quota"]);
  assert.equal(await save(page), "quota");
  assert.deepEqual(await run(page, "return #Memory.big, Memory.small, Memory.kept"), [4000000, 1, "before"]);

  // What was on the disk is there as it was.
  const other = await tab(context);
  assert.equal(await load(other, { onConflict: "readonly" }), undefined);
  assert.deepEqual(await run(other, "return Memory.kept, Memory.small"), ["before", undefined]);
  await other.close();

  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  assert.equal(await save(page), "saved");
  await page.evaluate(() => lua.close());
  assert.equal(await load(page), undefined);
  assert.deepEqual(await run(page, "return #Memory.big, Memory.small"), [4000000, 1]);
});

test("chromium::storage::a page that is closed in the middle of saves leaves a whole state", async (t) => {
  const context = await profile(t);
  let last = 0;
  for (const closing of ["close", "crash", "reload", "close"]) {
    const page = await tab(context);
    assert.equal(await load(page, { onConflict: "wait" }), undefined);
    // Each round changes three tables; a state in which they differ was cut in the middle.
    const [a, b, c, n] = await run(page, "return Memory.a and Memory.a.n, Memory.b and Memory.b.n, Memory.f and Memory.f(), Memory.n");
    assert.deepEqual([b, c, n], [a, a, a], `after ${last} rounds`);
    assert.ok((a ?? 0) >= last, `expected what was saved (round ${last}), found round ${a}`);
    const saved = page.evaluate(async (from) => {
      await lua.run(`Memory.a, Memory.b = Memory.a or {}, Memory.b or {}
        local n = 0
        Memory.f = function() return n end
        function go(k) n = k Memory.a.n, Memory.b.n, Memory.n = k, k, k Memory.a.filler = string.rep(tostring(k), 20000) end`);
      globalThis.saves = 0;
      for (let k = from + 1; ; k++) {
        lua.callSync("go", k);
        await lua.save();
        globalThis.saves = k;
      }
    }, a ?? 0);
    saved.catch(() => {});
    await page.waitForFunction((from) => globalThis.saves > from + 5, a ?? 0);
    last = await page.evaluate(() => globalThis.saves);
    if (closing === "crash") await page.goto("chrome://crash", { timeout: 3000 }).catch(() => {});
    if (closing === "reload") await page.reload();
    await page.close();
  }
});

test("chromium::storage::what is changed last is on disk although the page goes at once", async (t) => {
  const context = await profile(t);
  const ways = {
    "in the same turn": () => {
      lua.runSync("Memory.last = 'in the same turn'");
      location.href = "about:blank";
    },
    "while its commit is under way": async () => {
      await lua.run("Memory.big = string.rep('x', 1000000) Memory.last = 'while its commit is under way'");
      while (!lua.session.dirty) await null;
      setTimeout(() => (location.href = "about:blank"));
    },
    "while another commit is under way": () => {
      lua.runSync("Memory.big = string.rep('y', 1000000)");
      lua.session.save().catch(() => {});
      setTimeout(() => {
        lua.runSync("Memory.last = 'while another commit is under way'");
        location.href = "about:blank";
      });
    },
  };
  for (const [way, leave] of Object.entries(ways)) {
    const page = await tab(context);
    assert.equal(await load(page, { onConflict: "wait" }), undefined);
    await Promise.all([page.waitForURL("about:blank"), page.evaluate(leave).catch(() => {})]);
    const next = await tab(context);
    assert.equal(await load(next, { onConflict: "wait" }), undefined);
    assert.deepEqual(await run(next, "return Memory.last"), [way]);
    await next.close();
  }
});

test("chromium::policy::'wasm-unsafe-eval' is what the package needs, and all that it needs", async (t) => {
  const context = await profile(t);
  const tried = async (script) => {
    await context.route(blank, async (route) => {
      const response = await route.fetch();
      const policy = `default-src 'none'; script-src 'self'${script}; connect-src 'self'; img-src data:`;
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
    });
    const page = await tab(context);
    const failure = await load(page);
    const problems = page.problems;
    await page.close();
    await context.unroute(blank);
    return { failure, problems };
  };
  const allowed = await tried(" 'wasm-unsafe-eval'");
  assert.deepEqual(allowed, { failure: undefined, problems: [] });
  const forbidden = await tried("");
  assert.equal(forbidden.failure?.name, "LuaError");
  assert.match(forbidden.failure.message, /Content Security Policy|unsafe-eval/);
});

test("chromium::load::the module is compiled while it arrives", async (t) => {
  const page = await tab(await profile(t));
  const calls = await page.evaluate(async () => {
    const seen = [];
    for (const name of ["compile", "compileStreaming"]) {
      const real = WebAssembly[name];
      WebAssembly[name] = (...args) => (seen.push(name), real.apply(WebAssembly, args));
    }
    const a = await moonwright.Lua.load();
    const b = await moonwright.Lua.load();
    return [...seen, a.module === b.module];
  });
  assert.deepEqual(calls, ["compileStreaming", true]);
});

test("chromium::load::a second visit has the optimised code from the browser's cache", async () => {
  const folder = process.env.MOONWRIGHT_PAGES;
  await writeFile(join(folder, "visit.html"), '<!doctype html><title>visit</title><link rel="icon" href="data:,"><script type="module" src="visit.js"></script>\n');
  await writeFile(join(folder, "visit.js"), 'import * as moonwright from "/dist/index.js";\nconst program = "local t = {} for i = 1, 60000 do t[i] = i % 777 end table.sort(t, function(a, b) return a > b end)";\nasync function work() {\n  const lua = await moonwright.Lua.load();\n  for (let n = 0; n < 4; n++) await lua.run(program);\n  await lua.close();\n}\nglobalThis.bench = { work };\n');
  const { first, second, hits } = await visits(`${server}test/visit.html`, { executablePath: process.env.MOONWRIGHT_CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 });
  assert.equal(hits, 1);
  assert.ok(second < first, `${first} functions optimised on the first visit, ${second} on the second`);
});
