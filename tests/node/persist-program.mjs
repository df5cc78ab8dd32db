// One program of tests/persist: sections that are run in fresh instances over the same stored tables. tests/persist/README.md says what
// its comments mean. Runs in pages too, so it uses nothing of node's but Buffer.

import { Host, LuaFailure } from "./host.mjs";
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

/** The sections of the program `name`: each its text, and its directives by name. */
export function sectionsOf(name, text) {
  const sections = [{ text: "" }];
  for (const line of text.split("\n")) {
    const directive = /^--- ([a-z-]+)(?::\s*(.*))?/.exec(line);
    if (directive?.[1] === "restart") {
      sections.push({ text: "" });
      continue;
    }
    if (directive) {
      if (!known.includes(directive[1])) throw new Error(`${name}: there is no directive ${directive[1]}`);
      sections.at(-1)[directive[1]] = directive[2] ?? "";
    }
    sections.at(-1).text += `${line}\n`;
  }
  return sections;
}

/** Whether the program is for modules of this Lua version. */
export function fits(sections, lua) {
  return (sections[0].lua ?? lua) === lua;
}

/** The file in tests/persist/with that runs first in each instance; undefined if there is none. */
export function companionOf(sections) {
  return sections[0].with;
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

/** Fails unless a section ended as its directives say. */
function check(section, failure, what) {
  const wanted = section["may-fail"] ?? section["expect-error"];
  if (wanted === undefined) {
    if (failure !== null) throw new Error(`${what}: ${failure.message}\n${failure.traceback}`);
  } else if (failure === null) {
    if (!("may-fail" in section)) throw new Error(`${what}: expected an error`);
  } else {
    const message = Buffer.from(failure.message, "latin1").toString("utf8");
    if (!message.includes(wanted)) throw new Error(`${what}: expected an error with ${wanted}, found ${message}`);
    const kind = section["expect-kind"] ?? failure.kind;
    if (failure.kind !== kind) throw new Error(`${what}: expected an error of kind ${kind}, found ${failure.kind}`);
  }
}

/** A program that runs in one module: `companion` is the text of its companion, where it has one. */
export class PersistProgram {
  constructor(module, name, sections, companion) {
    Object.assign(this, { module, name, sections, companion });
  }

  /** Runs it; fails with what is wrong. */
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
    const host = await Host.create(this.module, { tables });
    if (this.companion !== undefined) {
      host.setChunkName(`@${companionOf(this.sections)}`);
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
    check(section, failure, what);
    if ("collect" in section && host.exports.collect_tables(0, 0) < 0) throw new Error(`${what}: collect_tables failed`);
    return failure === null;
  }
}
