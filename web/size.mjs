// Prints what a page loads of the package's JavaScript: each entry with all that it imports at once, compressed file by file.
// Exit code 1 if the page's usual entry, index.js, is over its budget. `cargo xtask budget` checks the same.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
if (!existsSync(join(dist, "index.js"))) throw new Error("expected the built package in dist/: run npm run build first");

/** The files that an entry loads, with their sizes. */
function load(file, seen = new Map()) {
  if (seen.has(file)) return seen;
  const text = readFileSync(join(dist, file));
  seen.set(file, [text.length, gzipSync(text, { level: 9 }).length]);
  for (const [, next] of text.toString().matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)) load(next, seen);
  return seen;
}

const sum = (files, at) => [...files.values()].reduce((total, sizes) => total + sizes[at], 0);
for (const entry of ["index.js", "stores.js", "layers.js", "worker.js", "worker-thread.js", "compat.js"]) {
  const files = load(entry);
  console.log(`${entry.padEnd(17)}${String(sum(files, 0)).padStart(7)} bytes, ${String(sum(files, 1)).padStart(6)} gzip: ${[...files.keys()].join(", ")}`);
}
const limit = Number(/^\[javascript\]\s*gzip = ([\d_]+)/m.exec(readFileSync(join(root, "../ci/size-budget.toml"), "utf8"))[1].replaceAll("_", ""));
const found = sum(load("index.js"), 1);
if (found > limit) {
  console.error(`index.js is over its budget: ${found} bytes after gzip, ${found - limit} more than the ${limit} that ci/size-budget.toml allows`);
  process.exitCode = 1;
}
