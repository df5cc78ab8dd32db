// What a second visit finds of the first one's work: Chromium keeps the optimised code of a module that was compiled while it arrived.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** Chromium stores the code when the engine has been quiet for a while; with this it does at once, and a bench need not wait. */
const AT_ONCE = "--js-flags=--wasm-caching-timeout-ms=0";

/** One visit of the page `url` in the profile `folder`: how often the engine did what, by the trace's names. */
async function visit(folder, url, options) {
  const context = await chromium.launchPersistentContext(folder, { ...options, args: [AT_ONCE] });
  try {
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    const counts = new Map();
    client.on("Tracing.dataCollected", ({ value }) => value.forEach(({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1)));
    const includedCategories = ["v8.wasm", "disabled-by-default-devtools.timeline", "disabled-by-default-v8.wasm.detailed"];
    await client.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories } });
    await page.goto(url);
    await page.waitForFunction(() => globalThis.bench, null, { timeout: 20_000 });
    await page.evaluate(() => bench.work());
    // Code is compiled and stored beside the page.
    await page.waitForTimeout(1000);
    const done = new Promise((resolve) => client.once("Tracing.tracingComplete", resolve));
    await client.send("Tracing.end");
    await done;
    return (name) => counts.get(name) ?? 0;
  } finally {
    await context.close();
  }
}

/** Functions that the optimising compiler compiled on a first and on a second visit, and modules that the second found compiled. */
export async function visits(url, options) {
  const folder = await mkdtemp(join(tmpdir(), "moonwright-profile-"));
  try {
    const [first, second] = [await visit(folder, url, options), await visit(folder, url, options)];
    return { first: first("wasm.TopTierCompilation"), second: second("wasm.TopTierCompilation"), hits: second("v8.wasm.moduleCacheHit") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
