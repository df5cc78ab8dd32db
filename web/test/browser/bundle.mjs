// Makes a page of modules that were written for node: what they import of node is replaced by what pages have.
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Where pages are written to; the server has it as /test. */
const folder = process.env.MOONWRIGHT_PAGES;

/** Bundles `entry` (a module's text, with paths from this folder) into the page /test/NAME.html, and gives its path. */
export async function makePage(name, entry) {
  await build({
    stdin: { contents: entry, resolveDir: here("."), sourcefile: `${name}.mjs` },
    outfile: join(folder, `${name}.js`),
    bundle: true, format: "esm", target: "es2022", platform: "browser", logLevel: "error", sourcemap: "inline",
    // package.json says that modules have no side effects, which holds for what is shipped, not for tests.
    ignoreAnnotations: true,
    inject: [here("node-globals.mjs")],
    alias: { "node:test": here("node-test.mjs"), "node:assert/strict": "assert/", "node:fs": here("node-fs.mjs"), "node:timers/promises": here("node-timers.mjs") },
    plugins: [
      {
        name: "the package as the server has it",
        setup({ onResolve }) {
          onResolve({ filter: /\/dist\/.*\.js$/ }, ({ path }) => ({ path: path.replace(/^.*\/dist\//, "/dist/"), external: true }));
          onResolve({ filter: /^\.\/store-kinds\.mjs$/ }, () => ({ path: here("store-kinds.mjs") }));
        },
      },
    ],
  });
  // What the package looks for beside its own file.
  for (const file of ["lua.wasm", "worker-thread.js"]) await copyFile(here(`../../dist/${file}`), join(folder, file));
  await writeFile(join(folder, `${name}.html`), `<!doctype html><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,"><script type="module" src="${name}.js"></script>\n`);
  return `/test/${name}.html`;
}

/** A page that has the package, as it is shipped, in `moonwright`; gives its path. */
export async function blankPage(name) {
  await writeFile(join(folder, `${name}.html`), `<!doctype html><title>blank</title><link rel="icon" href="data:,"><script type="module" src="${name}.js"></script>\n`);
  await writeFile(join(folder, `${name}.js`), 'import * as moonwright from "/dist/index.js";\nglobalThis.moonwright = moonwright;\n');
  return `/test/${name}.html`;
}
