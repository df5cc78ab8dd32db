// Runs benchmarks in Chromium for `cargo xtask bench programs`: one request a line on standard input, each in a fresh page with a
// process of its own; one answer a line on standard output. Arguments: the folder of npm packages, the file that gets fengari as one script.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { build } from "esbuild";

const { MOONWRIGHT_CHROMIUM: executablePath, MOONWRIGHT_SERVER: server } = process.env;
if (!executablePath || !server) throw new Error("expected MOONWRIGHT_CHROMIUM and MOONWRIGHT_SERVER in the environment: run `cargo xtask bench programs`");
const [, , packages, bundle] = process.argv;

// fengari is made for a bundler; without a process it takes itself for a page's.
await build({
  entryPoints: [join(packages, "fengari/src/fengari.js")], outfile: bundle, bundle: true, format: "iife", globalName: "fengari", minifySyntax: true,
  define: { process: "undefined", "process.env.FENGARICONF": "undefined" }, external: ["fs", "os", "path", "child_process", "readline-sync", "tmp"], logLevel: "warning",
});

const launch = () => chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
let browser = await launch();
console.log(JSON.stringify({ browser: browser.version() }));

/** Longer than any limit, for a page that does not load. */
const PATIENCE = 30_000;

async function answer(request) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.goto(`${server}hosts/page.html`);
  await page.waitForFunction(() => globalThis.measureProgram);
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, request.limit, { late: true })));
  const result = await Promise.race([page.evaluate((request) => measureProgram(request), request), late]);
  clearTimeout(timer);
  if (result.late) {
    // A page that computes does not close; the browser does.
    await browser.close();
    browser = await launch();
  } else await context.close();
  return result;
}

for await (const line of createInterface({ input: process.stdin })) {
  const result = await answer(JSON.parse(line)).catch((error) => ({ failed: String(error?.message ?? error) }));
  console.log(JSON.stringify(result));
}
await browser.close();
