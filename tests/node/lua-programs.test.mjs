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
    // Syntax that 5.4 does not have.
    if (name.endsWith("_55.lua") && built.lua !== "5.5") continue;
    test(`${built.name}::lua::${name}`, async () => {
      const host = await Host.create(built.module);
      host.setChunkName(`@tests/lua/${name}`);
      const [ok, checks] = host.run(readFileSync(join(luaPrograms, name))).values;
      // A program that ended early has proved nothing.
      assert.equal(String(ok), "ok");
      assert.ok(checks > 0n, `expected a number of checks, found ${checks}`);
    });
  }
}
