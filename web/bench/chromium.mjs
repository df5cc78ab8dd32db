// Measures the package in Chromium and prints JSON; `cargo xtask bench chromium` gives it a server and a browser.
import { chromium } from "playwright-core";
import { visits } from "./visits.mjs";

const start = () => bench.startup();

/** What is measured: its name, the most that it is to be, the digits that count, and how the page is asked. */
const figures = [
  ["fetch, compile and start, run a first script, ms", null, 1, start],
  ["serialise and hand over a function, ms", 1, 3, () => bench.serialise()],
  ["a stored function, bytes with its text", 300, 0, () => bench.functionSize()],
  ["load a state of 1,000 items and read all, ms", 100, 1, () => bench.restore(1000)],
  ["load an empty state, ms", 15, 1, () => bench.restoreEmpty()],
  ["save one change to disk, ms", null, 1, () => bench.save()],
];

/** Pages in which each is measured; the median counts. */
const rounds = Number(process.argv[2] ?? 5);

const { MOONWRIGHT_CHROMIUM: executablePath, MOONWRIGHT_SERVER: server } = process.env;
if (!executablePath || !server) throw new Error("expected MOONWRIGHT_CHROMIUM and MOONWRIGHT_SERVER in the environment: run `cargo xtask bench chromium`");

const options = { executablePath, chromiumSandbox: process.getuid?.() !== 0 };
const browser = await chromium.launch(options);
try {
  const measured = async (body, isolated) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    // Clocks are finer in isolated pages; but what loads takes longer when its headers are changed on the way.
    if (isolated) await context.route("**/*", async (route) => {
      const response = await route.fetch();
      const isolation = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
      await route.fulfill({ response, headers: { ...response.headers(), ...isolation } });
    });
    await page.goto(`${server}bench/page.html`);
    await page.waitForFunction(() => globalThis.bench, null, { timeout: 20_000 });
    const value = await page.evaluate(body);
    await context.close();
    return value;
  };
  const results = [];
  for (const [what, target, digits, body] of figures) {
    const all = [];
    for (let n = 0; n < rounds; n++) all.push(await measured(body, body !== start));
    results.push({ what, found: all.sort((a, b) => a - b)[rounds >> 1], target, digits });
  }
  const { first, second, hits } = await visits(`${server}bench/page.html`, options);
  for (const [what, found] of [
    ["first visit: functions compiled with optimisation", first],
    ["second visit: functions compiled with optimisation", second],
    ["second visit: modules found in the browser's code cache", hits],
  ]) results.push({ what, found, target: null, digits: 0 });
  console.log(JSON.stringify({ browser: `Chromium ${browser.version()}`, figures: results }));
} finally {
  await browser.close();
}
