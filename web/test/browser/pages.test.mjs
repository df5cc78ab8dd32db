// The demo pages, as a visitor uses them: clicked through, with reloads in between, narrow and wide, light and dark.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, profile } from "./chromium.mjs";

const names = ["index", "playground", "proof", "stress", "harness", "size"];

/** The text of an element, when it matches. */
async function text(page, selector, pattern) {
  const found = page.locator(selector);
  await found.filter({ hasText: pattern }).waitFor();
  return found.innerText();
}

/** Puts a program into the editor and runs it to its end. */
async function runInPlayground(page, program) {
  await page.locator("#editor .cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(program);
  await page.keyboard.press("ControlOrMeta+Enter");
  await text(page, "#status", /Done|Failed/);
}

test("chromium::pages::home counts its visits with a stored function", async (t) => {
  const context = await profile(t);
  const page = await open(context, "/");
  await text(page, "#visits", "loaded once");
  await page.reload();
  await text(page, "#visits", "loaded 2 times");
  assert.deepEqual(page.problems, []);
});

test("chromium::pages::playground: the counter and the functions outlive a reload", async (t) => {
  const context = await profile(t);
  const page = await open(context, "/playground.html");
  await text(page, "#status", "Ready");
  await page.click("#run");
  await text(page, "#output", /^run number\s+1\s*$/);
  assert.match(await page.innerText("#values"), /^function: /);
  assert.match(await page.innerText("#memory"), /next\s+function/);
  await page.reload();
  await text(page, "#status", "Ready");
  await page.click("#run");
  await text(page, "#output", /^run number\s+2\s*$/);

  await page.click("#restore");
  await text(page, "#saved", "Restored");
  await page.click("#run");
  await text(page, "#output", /^run number\s+3\s*$/);
  await page.click("#save");
  await text(page, "#saved", "On disk");

  await page.click("#clear");
  await text(page, "#saved", "Cleared");
  await text(page, "#memory", "nothing yet");
  await page.click("#run");
  await text(page, "#output", /^run number\s+1\s*$/);
  assert.deepEqual(page.problems, []);
});

test("chromium::pages::playground: an error marks its line; values, examples and the stop button work", async (t) => {
  const context = await profile(t);
  const page = await open(context, "/playground.html");
  await text(page, "#status", "Ready");
  await runInPlayground(page, "print('before')\nlocal t = {}\nreturn t.x.y");
  assert.match(await text(page, "#error", "traceback"), /playground\.lua:3: attempt to index a nil value \(field 'x'\)/);
  assert.equal(await page.innerText("#editor .cm-failed"), "return t.x.y");
  assert.equal(await page.innerText("#output"), "before\n");

  await runInPlayground(page, "return 1, 1.0, 'x', {1, 2, a = {b = true}}, nil, '\\xff'");
  assert.equal(await page.innerText("#values"), '1\n1\n"x"\n{1, 2, a = {b = true}}\nnil\n"\\xff"');
  assert.equal(await page.locator("#editor .cm-failed").count(), 0);
  assert.ok(await page.locator("#error").isHidden());
  assert.match(await page.innerText("#time"), /(µs|ms)$/);

  await page.selectOption("#examples", { label: "A loop that never ends" });
  await page.click("#run");
  await text(page, "#output", /\d{8}/);
  await page.click("#stop");
  await text(page, "#status", "Stopped");

  for (const label of ["Objects and metatables", "A to-do list", "Waiting for promises", "Values of all kinds"]) {
    await page.selectOption("#examples", { label });
    await page.click("#run");
    await text(page, "#status", "Done");
  }
  assert.deepEqual(page.problems, []);
});

test("chromium::pages::playground: a second tab can wait or read; a state goes out as a file and comes back", async (t) => {
  const context = await profile(t);
  const first = await open(context, "/playground.html");
  await text(first, "#status", "Ready");
  await first.click("#run");
  await text(first, "#memory", "next");
  const second = await open(context, "/playground.html");
  await second.locator("#conflict").waitFor();
  await second.click("#readonly");
  await text(second, "#status", "read-only");
  await text(second, "#memory", "next");
  await second.close();

  const [download] = await Promise.all([first.waitForEvent("download"), first.click("#export")]);
  assert.equal(download.suggestedFilename(), "playground.mwstate");
  await first.click("#clear");
  await text(first, "#saved", "Cleared");
  await first.setInputFiles("#file", await download.path());
  await text(first, "#saved", "Imported");
  await text(first, "#memory", "next");
  await first.click("#run");
  await text(first, "#output", /^run number\s+2\s*$/);

  await first.setInputFiles("#file", { name: "x.mwstate", mimeType: "application/octet-stream", buffer: Buffer.from("not a state") });
  await text(first, "#error", "damaged");
  await text(first, "#memory", "next");
  assert.deepEqual(first.problems, []);
});

test("chromium::pages::proof: everything is the same after the reload", async (t) => {
  const page = await open(await profile(t), "/proof.html");
  await page.click("#write");
  await text(page, "#verdict", "on disk");
  await Promise.all([page.waitForEvent("load"), page.click("#reload")]);
  assert.match(await text(page, "#verdict", "after the reload"), /^All \d+ answers and all [\d,]+ bytes are the same/);
  assert.equal(await page.locator("#comparison tbody tr").count(), await page.locator("#comparison .good-text", { hasText: "same" }).count());
  assert.equal(await page.innerText("#before-bytes"), await page.innerText("#after-bytes"));
  await Promise.all([page.waitForEvent("load"), page.click("#again")]);
  await text(page, "#verdict", "Nothing is written");
  assert.deepEqual(page.problems, []);
});

test("chromium::pages::stress: every item and function comes back; stopping it leaves nothing behind", async (t) => {
  const page = await open(await profile(t), "/stress.html");
  await page.fill("#items", "3000");
  await page.fill("#functions", "300");
  await page.click("#start");
  await text(page, "#stage", /^Done: all 3,000 items and 300 functions/);
  assert.equal(await page.locator("#progress").getAttribute("value"), "1");
  assert.match(await page.innerText("#figures"), /Stored\s+[\d.]+ (kB|MB)/);

  await page.fill("#items", "100000");
  await page.click("#start");
  await text(page, "#stage", /of 100,000/);
  await page.click("#stop");
  await text(page, "#stage", "Stopped");
  assert.deepEqual((await page.evaluate(() => indexedDB.databases())).map(({ name }) => name), ["moonwright-demo"]);

  await page.fill("#items", "0");
  await page.click("#start");
  await text(page, "#error", "expected a number of items from 1 to 100,000");
  assert.deepEqual(page.problems, []);
});

test("chromium::pages::harness: all steps pass, one by one and in one click", async (t) => {
  const page = await open(await profile(t), "/harness.html");
  const steps = await page.locator("#steps li").count();
  assert.ok(steps > 15, `expected more than 15 steps, found ${steps}`);
  await page.click("#next");
  await text(page, "#summary", "1 passed, 0 failed");
  await page.click("#all");
  await text(page, "#summary", ", 0 to go");
  assert.deepEqual(await page.locator("#steps li", { has: page.locator("[data-state=fail]") }).allInnerTexts(), []);
  assert.equal(await page.innerText("#summary"), `${steps} passed, 0 failed, 0 to go`);
  // A failure is shown as one: here one that the page's owner makes.
  await page.route("**/lua.wasm", (route) => route.abort());
  await page.reload();
  await page.click("#all");
  assert.match(await text(page, "#summary", ", 0 to go"), /^[1-5] passed/);
  assert.match(await page.innerText("#steps"), /cannot load the Lua module from/);
});

test("chromium::pages::size: the report's parts are drawn and listed", async (t) => {
  const page = await open(await profile(t), "/size.html");
  assert.match(await text(page, "#about", "bytes"), /^Lua 5\.\d\.\d+: [\d,]+ bytes/);
  const report = await (await page.request.get("/size-report.json")).json();
  // Every function: groups, in them the files that they come from, in them the functions.
  const groups = new Set(report.items.map(({ group }) => group));
  assert.equal(await page.locator("#parts tr").count(), groups.size);
  assert.equal(await page.locator("#treemap > g").count(), groups.size);
  await page.locator("#treemap g[aria-label^='Lua core › lvm:']").click();
  assert.match(await text(page, "#where", "lvm"), /^module › Lua core › lvm: /);
  const functions = new Set(report.items.filter(({ group, module }) => group === "Lua core" && module === "lvm").map(({ name }) => name));
  assert.ok(functions.has("luaV_execute"));
  assert.deepEqual(new Set(await page.locator("#parts tr td:first-child").allInnerTexts()), functions);

  await page.selectOption("#view", "sections");
  assert.equal(await page.locator("#parts tr").count(), report.sections.length);
  assert.ok((await page.locator("#treemap > g").count()) >= 2);
  await page.selectOption("#measure", "brotli");
  assert.match(await page.locator("#treemap g").first().getAttribute("aria-label"), /^code: .* kB, \d+\.\d %$/);

  // A finer report: the parts of parts can be looked into, and left again.
  const nested = { total: { raw: 100 }, sections: [{ name: "code", raw: 90, functions: [{ name: "lua_pcall", raw: 60 }, { name: "luaV_execute", raw: 30 }] }, { name: "data", raw: 10 }] };
  await page.setInputFiles("#file", { name: "r.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(nested)) });
  await page.locator("#treemap g[role=button]").click();
  assert.match(await text(page, "#where", "code"), /^module › code: 90 B/);
  assert.deepEqual(await page.locator("#parts tr td:first-child").allInnerTexts(), ["lua_pcall", "luaV_execute"]);
  await page.click("#up");
  await text(page, "#where", /^module: 100 B/);
  await page.setInputFiles("#file", { name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await text(page, "#error", "expected a size report");
  assert.deepEqual(page.problems, []);
});

for (const width of [390, 1280]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`chromium::pages::nothing overlaps or sticks out at ${width} px, ${colorScheme}`, async (t) => {
      const context = await profile(t, { colorScheme, viewport: { width, height: 844 } });
      for (const name of names) {
        const page = await open(context, `/${name}.html`);
        await page.waitForLoadState("networkidle");
        assert.deepEqual(await page.evaluate(faults), [], name);
        assert.deepEqual(page.problems, [], name);
        await page.close();
      }
    });
  }
}

/** What is wrong with the layout: runs in the page. */
function faults() {
  const found = [];
  const { clientWidth } = document.documentElement;
  if (document.documentElement.scrollWidth > clientWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${clientWidth}`);
  const boxes = [...document.querySelectorAll("button, a, select, input, h1, h2, .panel, dd, label, pre")]
    .filter((element) => element.checkVisibility() && !element.closest(".scroll, .skip, svg"))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  const name = (element) => `${element.tagName.toLowerCase()} ${element.id || element.textContent.trim().slice(0, 30)}`;
  for (const { element, box } of boxes) {
    if (box.left < -1 && !element.matches(".skip")) found.push(`${name(element)} begins left of the window`);
    if (box.right > clientWidth + 1) found.push(`${name(element)} ends right of the window`);
    for (const other of boxes) {
      if (other.element === element || other.element.contains(element) || element.contains(other.element)) continue;
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (across > 1 && down > 1) found.push(`${name(element)} overlaps ${name(other.element)}`);
    }
  }
  return found;
}
