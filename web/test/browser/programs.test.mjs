// Every program of tests/lua and tests/persist in Chromium, in every module that it can run.
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { fits as luaFits } from "../../../tests/node/lua-program.mjs";
import { luaPrograms, modules, persistPrograms } from "../../../tests/node/modules.mjs";
import { fits as persistFits, sectionsOf } from "../../../tests/node/persist-program.mjs";
import { makePage } from "./bundle.mjs";
import { open, profile } from "./chromium.mjs";

const path = await makePage("programs", 'import "./programs-page.mjs";');
const listed = (folder) => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".lua")).sort();
  if (names.length === 0) throw new Error(`expected Lua programs in ${folder}, found none`);
  return names;
};
const lua = listed(luaPrograms);
const persist = listed(persistPrograms).map((name) => [name, sectionsOf(name, readFileSync(join(persistPrograms, name), "utf8"))]);

let context;
before(async () => (context = await profile()));
after(() => context.close());

let page;
let current;

/** The page that runs `built`: one after another, so that few instances are alive. */
async function pageFor(built) {
  if (current !== built.name) {
    await page?.close();
    page = await open(context, path);
    await page.waitForFunction(() => globalThis.useModule);
    await page.evaluate((file) => useModule(file), `/modules/lua-${built.name}.wasm`);
    current = built.name;
  }
  return page;
}

for (const built of modules) {
  for (const name of lua.filter((name) => luaFits(name, built.lua))) {
    test(`${built.name}-chromium::lua::${name}`, async () => (await pageFor(built)).evaluate((name) => runLua(name), name));
  }
  for (const [name] of persist.filter(([, sections]) => persistFits(sections, built.lua))) {
    test(`${built.name}-chromium::persist::${name}`, async () => (await pageFor(built)).evaluate((name) => runPersist(name), name));
  }
}
