// The package's tests of web/test, run in a page against the package as it is served: no node stands between them and the engine.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import { makePage } from "./bundle.mjs";
import { isolate, open, profile } from "./chromium.mjs";

/** Files that are about node: its disk, its processes, its packages, its stand-in for IndexedDB. */
const NODE_ONLY = ["indexeddb", "package", "state-exchange", "store-crash"];

const files = readdirSync(new URL("..", import.meta.url))
  .flatMap((file) => /^(.*)\.test\.mjs$/.exec(file)?.[1] ?? [])
  .filter((name) => !NODE_ONLY.includes(name));

const context = await profile();
after(() => context.close());
// As node is; worker.test.mjs has what differs in other pages.
await isolate(context);

// All pages before the first test: node begins as soon as there is one, and ends when none is left.
const suites = [];
for (const file of files) {
  const page = await open(context, await makePage(`package-${file}`, `import "../${file}.test.mjs";`));
  await page.waitForFunction(() => globalThis.packageTests, null, { timeout: 20_000 }).catch(() => {});
  assert.deepEqual(page.problems, [], `${file}.test.mjs does not load in a page`);
  const names = await page.evaluate(() => packageTests.names());
  assert.notEqual(names.length, 0, `expected tests in ${file}.test.mjs, found none`);
  suites.push({ file, page, names });
}

for (const { file, page, names } of suites) {
  for (const name of names) {
    test(`chromium::${file}::${name}`, async (t) => {
      const skipped = await page.evaluate((name) => packageTests.run(name), name);
      if (skipped !== undefined) t.skip(skipped);
    });
  }
  test(`chromium::${file}::what its tests have opened can be closed`, () => page.evaluate(() => packageTests.end()));
}
