// Runs every tests/persist/*.lua in every module: sections of one program, each in a fresh instance over the same stored
// tables. tests/persist/README.md says what its comments mean.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { Host, LuaFailure } from "./host.mjs";
import { modules, persistPrograms } from "./modules.mjs";
import { Tables } from "./store.mjs";

const known = [
  "lua",
  "with",
  "seeds",
  "repeat",
  "steps",
  "witness",
  "expect-error",
  "expect-kind",
  "may-fail",
  "collect",
  "fail-writes",
];

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

/** The error record of a text that a host runs, or null where it succeeded. */
function failureOf(host, text) {
  try {
    host.run(text);
    return null;
  } catch (error) {
    if (error instanceof LuaFailure) return error.record;
    throw error;
  }
}

/** A program that runs in one module. */
class Run {
  constructor(built, name, sections) {
    Object.assign(this, { built, name, sections });
    const file = sections[0].with;
    this.companion = file === undefined ? null : readFileSync(join(persistPrograms, "with", file), "utf8");
  }

  async run() {
    const { seeds } = this.sections[0];
    if (seeds === undefined) return this.runSections(null);
    for (let seed = 1; seed <= Number.parseInt(seeds, 10); seed++) await this.runSections(seed);
  }

  async runSections(seed) {
    const tables = new Tables();
    const turn = { seed, number: 0, stored: false };
    for (const [index, section] of this.sections.entries()) {
      if ("witness" in section) continue;
      const next = this.sections[index + 1];
      for (let left = Number(section.repeat ?? 1); left > 0; left--) {
        const host = await this.begin(tables);
        for (let steps = Number(section.steps ?? 1); steps > 0; steps--) {
          turn.number++;
          turn.stored = this.step(host, tables, index, turn);
          if (next !== undefined && "witness" in next) {
            const copy = tables.copy();
            this.step(await this.begin(copy), copy, index + 1, turn);
          }
        }
      }
    }
  }

  /** An instance over these tables, in which the program's companion has run. */
  async begin(tables) {
    const host = await Host.create(this.built.module, { tables });
    if (this.companion !== null) {
      host.setChunkName(`@${this.sections[0].with}`);
      host.run(this.companion);
    }
    return host;
  }

  /** Runs a section's text once; gives whether it succeeded, which it need not where it may fail. */
  step(host, tables, index, { seed, number, stored }) {
    const section = this.sections[index];
    const what = `section ${index + 1} of ${this.name}, seed ${seed}, turn ${number}`;
    const values = `local SEED, TURN, STORED, TABLES = ${seed}, ${number}, ${stored}, ${tables.count()}; `;
    host.setChunkName(`@${this.name}#${index + 1}`);
    if ("fail-writes" in section) {
      const [oneIn, start] = section["fail-writes"].split(/\s+/);
      tables.failAtRandom(Number(start) + (seed ?? 0) * 1000 + number, oneIn);
    }
    const failure = failureOf(host, (seed === null ? "" : values) + section.text);
    tables.failNever();
    const wanted = section["may-fail"] ?? section["expect-error"];
    if (wanted === undefined) assert.equal(failure, null, `${what}: ${failure?.message}\n${failure?.traceback}`);
    else if (failure === null) assert.ok("may-fail" in section, `${what}: expected an error`);
    else {
      const message = Buffer.from(failure.message, "latin1").toString("utf8");
      assert.ok(message.includes(wanted), `${what}: ${message}`);
      if ("expect-kind" in section) assert.equal(failure.kind, section["expect-kind"], what);
    }
    if ("collect" in section) assert.ok(host.exports.collect_tables(0, 0) >= 0, `${what}: collect_tables failed`);
    return failure === null;
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
    test(`${built.name}::persist::${name}`, () => new Run(built, name, sections).run());
  }
}
