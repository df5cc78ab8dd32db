// Runs every tests/persist/*.lua in every module.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { modules, persistPrograms } from "./modules.mjs";
import { companionOf, fits, PersistProgram, sectionsOf } from "./persist-program.mjs";

const programs = readdirSync(persistPrograms).filter((name) => name.endsWith(".lua")).sort();
const text = (...path) => readFileSync(join(persistPrograms, ...path), "utf8");

test("there are programs that restart", () => {
  assert.notEqual(programs.length, 0, `expected Lua programs in ${persistPrograms}, found none`);
});

for (const name of programs) {
  const sections = sectionsOf(name, text(name));
  const file = companionOf(sections);
  const companion = file === undefined ? undefined : text("with", file);
  for (const built of modules) {
    if (!fits(sections, built.lua)) continue;
    test(`${built.name}::persist::${name}`, () => new PersistProgram(built.module, name, sections, companion).run());
  }
}
