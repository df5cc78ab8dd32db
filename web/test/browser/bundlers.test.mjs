// The packed package in other people's hands: bundled by Vite and by webpack, from a plain server of files, in plain node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { before, test } from "node:test";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { open, profile } from "./chromium.mjs";

const run = promisify(execFile);
const fixture = fileURLToPath(new URL("../bundlers", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
/** The project with the bundlers installed, and where the server has what they make. */
const project = process.env.MOONWRIGHT_BUNDLERS;
const served = join(process.env.MOONWRIGHT_PAGES, "bundled");

const npm = (folder, ...args) => run("npm", args, { cwd: folder, timeout: 90_000 });

before(async () => {
  await rm(served, { recursive: true, force: true });
  await mkdir(served, { recursive: true });
  for (const file of ["index.html", "main.js", "webpack.config.js"]) await copyFile(join(fixture, file), join(project, file));
  const { stdout } = await npm(root, "pack", "--silent", "--pack-destination", served);
  // As a user would, but for the lock file, which pins the bundlers and can't know a package that is being built.
  await npm(project, "install", "--no-save", "--no-package-lock", "--offline", "--silent", join(served, stdout.trim()));
});

/** Opens the page that loads the application, and checks what it says; twice, with a restart in between. */
async function opened(t, path) {
  const context = await profile(t);
  for (const visits of [1, 2]) {
    const page = await open(context, path);
    await page.waitForFunction(() => window.outcome, null, { timeout: 20_000 }).catch(() => {});
    const outcome = await page.evaluate(() => window.outcome);
    assert.deepEqual([outcome, page.problems], [{ values: ["Lua 5.4", visits], output: "from Lua\n", exported: true }, []]);
    await page.close();
  }
}

test("chromium::bundlers::a Vite project", async (t) => {
  await npm(project, "run", "--silent", "build:vite");
  await cp(join(project, "out/vite"), join(served, "vite"), { recursive: true });
  await opened(t, "/test/bundled/vite/");
});

test("chromium::bundlers::a webpack project", async (t) => {
  await npm(project, "run", "--silent", "build:webpack");
  await cp(join(project, "out/webpack"), join(served, "webpack"), { recursive: true });
  await writeFile(join(served, "webpack/index.html"), '<!doctype html><title>webpack</title><link rel="icon" href="data:,"><script defer src="main.js"></script>\n');
  await opened(t, "/test/bundled/webpack/");
});

test("chromium::bundlers::no bundler, from a server of files", async (t) => {
  const plain = join(served, "plain");
  await cp(join(project, "node_modules/moonwright/dist"), join(plain, "moonwright"), { recursive: true });
  await copyFile(join(fixture, "main.js"), join(plain, "main.js"));
  const { exports } = JSON.parse(await readFile(join(project, "node_modules/moonwright/package.json"), "utf8"));
  const entries = Object.entries(exports).filter(([, file]) => file.default);
  const imports = JSON.stringify({ imports: Object.fromEntries(entries.map(([name, file]) => [name.replace(".", "moonwright"), file.default.replace("./dist", "./moonwright")])) });
  await writeFile(
    join(plain, "index.html"),
    `<!doctype html><title>plain</title><link rel="icon" href="data:,"><script type="importmap">${imports}</script><script type="module" src="main.js"></script>\n`,
  );
  await opened(t, "/test/bundled/plain/");
});

test("chromium::bundlers::plain node", async () => {
  const program = 'import { Lua } from "moonwright"; const lua = await Lua.load(); console.log((await lua.run("return 6 * 7")).values[0]); await lua.close();';
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: project, timeout: 30_000 });
  assert.equal(stdout, "42\n");
});
