// What post-processing must not change: packages with their own loaders, and modules of this project's compiler, before and after.
import assert from "node:assert";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { resolve } from "./packages.mjs";

const folder = process.env.MOONWRIGHT_POSTED;
const { packages, modules, programs, unwound } = JSON.parse(readFileSync(join(folder, "index.json")));

async function smoke(name, replacements) {
  const env = { ...process.env, MOONWRIGHT_REPLACE: JSON.stringify(replacements) };
  const args = ["--import", join(import.meta.dirname, "replace.mjs"), join(import.meta.dirname, "smoke", `${name}.mjs`)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env, timeout: 60_000 });
  return { stdout, served: Number(/served (\d+)/.exec(stderr)?.[1]) };
}

for (const [name, files] of Object.entries(packages)) {
  test(`post: ${name} works as before`, async () => {
    const before = await smoke(name, {});
    assert.notEqual(before.stdout, "");
    const replacements = Object.fromEntries(Object.entries(files).map(([file, posted]) => [resolve(file), posted]));
    const after = await smoke(name, replacements);
    assert.ok(after.served >= Object.keys(files).length, `the package read ${after.served} of its modules`);
    assert.equal(after.stdout, before.stdout);
  });
}

function results(file) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
  const found = [];
  for (const [name, args] of [
    ["apply", [0, 7, 5]], ["apply", [1, -7, 5]], ["apply", [2, 9, 2]], ["apply", [2, 1, 0]], ["calls", []],
    ["fib", [20]], ["checksum", [3, 17]], ["checksum", [-1, 31]], ["scale", [10, 3]], ["scale", [1, 1_000_000]],
  ]) {
    try {
      found.push([name, String(exports[name](...args))]);
    } catch (error) {
      found.push([name, error.constructor.name]);
    }
  }
  return found;
}

for (const { name, before, after } of modules) {
  test(`post: ${name} behaves as before`, () => {
    const expected = results(before);
    assert.deepEqual(results(after), expected);
    assert.deepEqual(expected[3], ["apply", "RuntimeError"]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(after)));
    assert.equal(exports.seven?.(6), name.includes("with names") ? 42 : undefined);
  });
}

async function outcome(file) {
  const args = ["--no-warnings", join(import.meta.dirname, "wasi.mjs"), file];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  return { stdout, stderr };
}

for (const { name, before, after } of programs) {
  test(`post: ${name} says the same under WASI`, async () => {
    const expected = await outcome(before);
    assert.match(expected.stdout, /\d[^]*status \d+\n$/);
    assert.deepEqual(await outcome(after), expected);
  });
}

test("post: exceptions that were filled in unwind", () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(unwound)));
  assert.deepEqual([1, 5, 2, 3].map((x) => exports.guarded(x)), [11, 105, 12, 103]);
});
