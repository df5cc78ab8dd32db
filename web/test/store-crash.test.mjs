// What a store promises when commits fail and when programs end without warning.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { acquireLocal } from "../build/store/local-lock.js";
import { FileStore } from "../build/store/file.js";
import { openSession } from "../build/store/session.js";
import { bytes, dump, kinds, temporaryFolder, text } from "./store-kinds.mjs";

/** Repeatable pseudo-random numbers (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A place in memory whose commits take their time and fail as `fails` says; a commit that fails leaves nothing. */
function flaky(fails) {
  let disk = { entries: new Map(), version: 0, there: false };
  return {
    open: (name, options = {}) =>
      openSession(name, options, `flaky ${name}`, async () => ({
        entries: [...disk.entries.values()].sort((a, b) => a.seq - b.seq),
        version: disk.version,
        fresh: !disk.there,
        async commit(journal) {
          const entries = new Map(journal.clear ? [] : disk.entries);
          for (const [seq, entry] of [...journal.entries]) entry ? entries.set(seq, entry) : entries.delete(seq);
          for (let turns = Math.floor(fails.random() * 3); turns > 0; turns--) await new Promise((done) => setImmediate(done));
          if (fails.random() < fails.rate) throw new Error("the disk is on fire");
          disk = { entries, version: journal.version ?? disk.version, there: true };
        },
        close() {},
      }), acquireLocal),
  };
}

describe("random changes and failures: what reopens is what was at some tick, at least the last that was saved", () => {
  const places = {
    flaky(rng) {
      const fails = { random: rng, rate: 0.4 };
      return { store: flaky(fails), weather: () => {}, calm: () => (fails.rate = 0) };
    },
    ...Object.fromEntries(
      ["indexeddb", "localstorage", "file"].map((kind) => [
        kind,
        (rng) => {
          const { store, fill } = kinds[kind]();
          return { store, weather: () => fill("s", rng() < 0.4), calm: () => fill("s", false) };
        },
      ]),
    ),
  };
  for (const [kind, make] of Object.entries(places)) {
    test(kind, async () => {
      const rounds = { flaky: 60, file: 6 }[kind] ?? 15;
      let failures = 0;
      let reopened = 0;
      for (let round = 0; round < rounds; round++) {
        const rng = random(round + 1);
        const pick = (n) => Math.floor(rng() * n);
        const { store, weather, calm } = make(rng);
        let session = await store.open("s");
        session.on("error", () => failures++);
        /** The state at each tick since the last save that succeeded. */
        let history = [dump(session)];
        for (let step = 0; step < 60; step++) {
          weather();
          for (let changes = pick(5); changes > 0; changes--) {
            const key = bytes(`k${pick(6)}`);
            const what = rng();
            if (what < 0.55) session.records.set(pick(3), key, bytes(`v${step}.${changes}`));
            else if (what < 0.85) session.records.delete(pick(3), key);
            else if (what < 0.9) session.records.drop(pick(3));
            else if (what < 0.95) session.version = pick(100);
            else session.records.clear();
          }
          history.push(dump(session));
          const then = rng();
          if (then < 0.3) await new Promise((done) => setTimeout(done, pick(3)));
          else if (then < 0.6) {
            const known = history.length - 1;
            const saved = await session.save().then(() => true, () => (failures++, false));
            if (saved) history = history.slice(known);
          } else if (then < 0.7) {
            await session.close({ discard: true });
            // The disk is read at its leisure, so it may well work again.
            calm();
            session = await store.open("s");
            session.on("error", () => failures++);
            reopened++;
            const found = dump(session);
            const at = history.findLastIndex((state) => JSON.stringify(state) === JSON.stringify(found));
            assert.notEqual(at, -1, `round ${round}, step ${step}: ${JSON.stringify(found)} is none of\n${history.map((s) => JSON.stringify(s)).join("\n")}`);
            history = [found];
          }
        }
        calm();
        if (kind === "flaky") assert.ok(failures > 0);
        await session.close();
        session = await store.open("s");
        assert.deepEqual(dump(session), history.at(-1), `round ${round}`);
        await session.close();
      }
      assert.ok(failures > rounds && reopened > rounds, `${failures} failures, ${reopened} reopened: the test tests nothing`);
    });
  }
});

describe("files and processes", () => {
  /** Another process that does `code` with `store`, a FileStore over `folder`. */
  function child(folder, code) {
    const program = `
      import { FileStore } from ${JSON.stringify(new URL("../build/store/file.js", import.meta.url).href)};
      const store = new FileStore(${JSON.stringify(folder)});
      const bytes = (text) => new TextEncoder().encode(text);
      ${code}`;
    const process_ = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise((done) => process_.on("exit", done));
    process_.stdout.setEncoding("utf8");
    let out = "";
    const says = (what) =>
      new Promise((done, failed) => {
        const look = () => out.includes(what) && done(out);
        process_.stdout.on("data", (part) => ((out += part), look()));
        process_.on("exit", () => failed(new Error(`the process ended and said ${JSON.stringify(out)}`)));
        look();
      });
    return { process: process_, ended, says, out: () => out };
  }

  test("another process has the state: the error names it, and its end frees the state", async () => {
    const folder = temporaryFolder();
    const other = child(folder, `
      const session = await store.open("s");
      session.records.set(1, bytes("a"), bytes("child's"));
      await session.save();
      console.log("open");
      process.stdin.on("data", () => {});`);
    await other.says("open");
    const store = new FileStore(folder);
    await assert.rejects(store.open("s"), (error) => error.code === "locked" && error.message.includes(`process ${other.process.pid} on ${hostname()}`));
    const reader = await store.open("s", { onConflict: "readonly" });
    assert.equal(text(reader.records.get(1, bytes("a"))), "child's");
    await reader.close();
    const waiting = store.open("s", { onConflict: "wait" });
    other.process.kill("SIGKILL");
    await other.ended;
    const session = await waiting;
    assert.equal(session.readonly, false);
    assert.equal(text(session.records.get(1, bytes("a"))), "child's");
    await session.close();
    assert.deepEqual(readdirSync(folder), ["s.mwstate"]);
  });

  test("of many processes that find a dead one's lock, one at a time gets the state", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "s.mwstate.lock"), `process 4194304 on ${hostname()}`);
    const code = `
      for (let n = 0; n < 5; n++) {
        const session = await store.open("s", { onConflict: "wait" });
        const old = session.records.get(1, bytes("n"));
        session.records.set(1, bytes("n"), bytes(String(Number(old ? new TextDecoder().decode(old) : 0) + 1)));
        await session.close();
      }`;
    const all = [1, 2, 3].map(() => child(folder, code));
    assert.deepEqual(await Promise.all(all.map(({ ended }) => ended)), [0, 0, 0]);
    const session = await new FileStore(folder).open("s");
    assert.equal(text(session.records.get(1, bytes("n"))), "15");
    await session.close();
    assert.deepEqual(readdirSync(folder), ["s.mwstate"]);
  });

  test("a process that is killed while it saves leaves a whole state, not older than its last save", async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 4; round++) {
      const other = child(folder, `
        const session = await store.open("s");
        for (let n = 1; ; n++) {
          for (let key = 0; key < 50; key++) session.records.set(key % 3, bytes("k" + key), bytes(n + " ".repeat(2000)));
          await session.save();
          console.log("saved " + n + ".");
        }`);
      await other.says("saved 3.");
      await new Promise((done) => setTimeout(done, round * 7));
      other.process.kill("SIGKILL");
      await other.ended;
      const session = await new FileStore(folder).open("s");
      const values = new Set(session.records.tables().flatMap((id) => session.records.keys(id).map((key) => parseInt(text(session.records.get(id, key))))));
      assert.equal(values.size, 1, "all values are from one save");
      const last = Number(other.out().match(/saved (\d+)\.\n/g).at(-1).match(/\d+/)[0]);
      assert.ok([...values][0] >= last, `${[...values][0]} is older than ${last}`);
      await session.close();
    }
  });

  test("a file that was replaced meanwhile is not overwritten", async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    const session = await store.open("s");
    session.records.set(1, bytes("a"), bytes("1"));
    await session.save();
    const path = join(folder, "s.mwstate");
    const other = Buffer.concat([readFileSync(path)]);
    writeFileSync(path, other);
    session.records.set(1, bytes("a"), bytes("2"));
    await assert.rejects(session.save(), (error) => error.code === "taken" && error.message.includes(path));
    assert.deepEqual(readFileSync(path), other);
    await session.close({ discard: true });
  });

  test("a damaged file is an error that names it, and stays as it is", async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    const session = await store.open("s");
    session.records.set(1, bytes("a"), bytes("1"));
    await session.close();
    const path = join(folder, "s.mwstate");
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[bad.length - 1] ^= 1;
    writeFileSync(path, bad);
    await assert.rejects(store.open("s"), (error) => error.code === "damaged" && error.message.includes(path) && /checksum of its body \(bytes 40 to \d+\)/.test(error.message));
    assert.deepEqual(readFileSync(path), bad);
    assert.deepEqual(readdirSync(folder), ["s.mwstate"], "the lock is free again");
    writeFileSync(path, good);
    const again = await store.open("s");
    assert.equal(text(again.records.get(1, bytes("a"))), "1");
    await again.close();
  });
});
