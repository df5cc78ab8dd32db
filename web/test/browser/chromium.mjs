// The browser that tests open pages in, and the server that has them: `cargo xtask test --only browser` starts the server and names both.
import { after } from "node:test";
import { chromium } from "playwright-core";

function needed(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`expected ${variable} in the environment: run \`cargo xtask test --only browser\`, which sets it`);
  return value;
}

/** Where the demo pages are; beside them /dist (the package), /modules, /tests and /test (what tests write). */
export const server = needed("MOONWRIGHT_SERVER");

/** The browser, ended after the file's last test. A page that never answers fails its test instead of hanging it. */
export const browser = await chromium.launch({
  executablePath: needed("MOONWRIGHT_CHROMIUM"),
  // The sandbox needs a user to protect.
  chromiumSandbox: process.getuid?.() !== 0,
  args: ["--js-flags=--expose-gc"],
});
after(() => browser.close());

/** An empty profile: stores, locks and all. Ended by the test, where it has one. */
export async function profile(t, options = {}) {
  const context = await browser.newContext({ baseURL: server, ...options });
  context.setDefaultTimeout(30_000);
  t?.after(() => context.close());
  return context;
}

/** A page at `path`. What goes wrong in it stands in `page.problems`. */
export async function open(context, path) {
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`uncaught: ${error.stack ?? error}`));
  page.on("console", (message) => message.type() === "error" && page.problems.push(`console: ${message.text()}`));
  await page.goto(path);
  return page;
}

/** Answers in this profile as a server that isolates its pages: page and worker can share memory then, and clocks are finer. */
export async function isolate(context) {
  await context.route("**/*", async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    await route.fulfill({ response, headers });
  });
}
