// Runs every tests/persist/*.lua in every module: sections of one program, each in a fresh instance over the same stored
// tables. tests/persist/README.md says what its comments mean.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { Host, LuaFailure } from "./host.mjs";
import { modules, persistPrograms } from "./modules.mjs";
import { Tables } from "./store.mjs";

const known = ["lua", "expect-error", "expect-kind", "may-fail", "collect", "fail-writes"];

/** The sections of a program: its text, and its directives by name. */
function sectionsOf(name) {
  const sections = [{ text: "" }];
  for (const line of readFileSync(join(persistPrograms, name), "utf8").split("\n")) {
    const directive = /^--- ([a-z-]+)(?::\s*(.*))?/.exec(line);
    if (directive?.[1] === "restart") {
      sections.push({ text: "" });
      continue;
    }
    if (directive) {
      assert.ok(known.includes(directive[1]), `${name}: there is no directive ${directive[1]}`);
      sections.at(-1)[directive[1]] = directive[2] ?? "";
    }
    sections.at(-1).text += `${line}\n`;
  }
  return sections;
}

/** The error record of a section, or null where it succeeded. */
function failureOf(host, section) {
  try {
    host.run(section.text);
    return null;
  } catch (error) {
    if (error instanceof LuaFailure) return error.record;
    throw error;
  }
}

async function run(built, name, sections) {
  const tables = new Tables();
  for (const [index, section] of sections.entries()) {
    const what = `section ${index + 1} of ${name}`;
    const host = await Host.create(built.module, { tables });
    host.setChunkName(`@${name}#${index + 1}`);
    if ("fail-writes" in section) {
      const [oneIn, seed] = section["fail-writes"].split(/\s+/);
      tables.failAtRandom(seed, oneIn);
    }
    const failure = failureOf(host, section);
    tables.failNever();
    if ("expect-error" in section) {
      assert.notEqual(failure, null, `${what}: expected an error`);
      const message = Buffer.from(failure.message, "latin1").toString("utf8");
      assert.ok(message.includes(section["expect-error"]), `${what}: ${message}`);
      if ("expect-kind" in section) assert.equal(failure.kind, section["expect-kind"], what);
    } else if (!("may-fail" in section)) {
      assert.equal(failure, null, `${what}: ${failure?.message}\n${failure?.traceback}`);
    }
    if ("collect" in section) assert.ok(host.exports.collect_tables(0, 0) >= 0, `${what}: collect_tables failed`);
  }
}

const programs = readdirSync(persistPrograms).filter((name) => name.endsWith(".lua")).sort();

test("there are programs that restart", () => {
  assert.notEqual(programs.length, 0, `expected Lua programs in ${persistPrograms}, found none`);
});

for (const name of programs) {
  const sections = sectionsOf(name);
  for (const built of modules) {
    if ((sections[0].lua ?? built.lua) !== built.lua) continue;
    test(`${built.name}::persist::${name}`, () => run(built, name, sections));
  }
}
