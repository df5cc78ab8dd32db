// Runs every tests/lua/*.lua in every module, each program as one test in a fresh instance.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { fits, runLuaProgram } from "./lua-program.mjs";
import { luaPrograms, modules } from "./modules.mjs";

const programs = readdirSync(luaPrograms).filter((name) => name.endsWith(".lua")).sort();

test("there are Lua programs", () => {
  assert.notEqual(programs.length, 0, `expected Lua programs in ${luaPrograms}, found none`);
});

for (const built of modules) {
  for (const name of programs) {
    if (!fits(name, built.lua)) continue;
    test(`${built.name}::lua::${name}`, () => runLuaProgram(built.module, name, readFileSync(join(luaPrograms, name))));
  }
}
