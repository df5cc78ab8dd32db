// Runs every tests/lua/*.lua in every module, each program as one test in a fresh instance.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { Host } from "./host.mjs";
import { luaPrograms, modules } from "./modules.mjs";

const programs = readdirSync(luaPrograms).filter((name) => name.endsWith(".lua")).sort();

test("there are Lua programs", () => {
  assert.notEqual(programs.length, 0, `expected Lua programs in ${luaPrograms}, found none`);
});

for (const built of modules) {
  for (const name of programs) {
    test(`${built.name}::lua::${name}`, async () => {
      const host = await Host.create(built.module);
      host.setChunkName(`@${name}`);
      host.run(readFileSync(join(luaPrograms, name)));
    });
  }
}
