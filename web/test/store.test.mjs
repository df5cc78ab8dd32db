import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportState, importState } from "../dist/stores.js";
import { bytes, dump, kinds, settle, text } from "./store-kinds.mjs";

for (const [kind, make] of Object.entries(kinds)) {
  describe(kind, () => {
    /** Writes `entries` as text into a new session, saves and closes. */
    async function write(store, name, entries, version = 0) {
      const session = await store.open(name);
      for (const [id, key, value] of entries) assert.equal(session.records.set(id, bytes(key), bytes(value)), 0);
      session.version = version;
      await session.save();
      await session.close();
    }

    async function read(store, name) {
      const session = await store.open(name);
      const found = dump(session);
      await session.close();
      return found;
    }

    test("what is saved is there again, byte by byte", async () => {
      const { store } = make();
      const all = String.fromCharCode(...Array(256).keys());
      const first = await store.open("s");
      assert.equal(first.fresh, true);
      assert.equal(first.readonly, false);
      assert.deepEqual(dump(first), { version: 0, tables: [] });
      await first.close();
      assert.deepEqual(await store.list(), [], "a state begins with its first commit");
      const long = "k".repeat(20000);
      await write(store, "s", [[0, "", ""], [1, all, all], [0xffffffff, long, "v".repeat(70000)]], 0xffffffff);
      const again = await store.open("s");
      assert.equal(again.fresh, false);
      assert.equal(again.dirty, false);
      assert.deepEqual(dump(again), {
        version: 0xffffffff,
        tables: [[0, [["", ""]]], [1, [[all, all]]], [0xffffffff, [[long, "v".repeat(70000)]]]],
      });
      assert.equal(again.records.get(1, bytes("?")), undefined);
      assert.equal(again.records.size(1), 1);
      assert.equal(again.records.size(2), 0);
      await again.close();
    });

    test("records are copies of what was handed over", async () => {
      const { store } = make();
      const session = await store.open("s");
      const key = bytes("key");
      const value = bytes("value");
      session.records.set(1, key, value);
      key.fill(0);
      value.fill(0);
      await session.close();
      assert.deepEqual((await read(store, "s")).tables, [[1, [["key", "value"]]]]);
    });

    test("keys keep their order of insertion", async () => {
      const { store } = make();
      await write(store, "s", [[1, "c", "1"], [1, "a", "2"], [1, "b", "3"], [1, "z", "4"]]);
      const session = await store.open("s");
      session.records.set(1, bytes("c"), bytes("new value, old place"));
      session.records.delete(1, bytes("a"));
      await session.save();
      session.records.set(1, bytes("a"), bytes("at the end"));
      session.records.set(1, bytes("x"), bytes("5"));
      const order = () => session.records.keys(1).map(text).join("");
      assert.equal(order(), "cbzax");
      await session.close();
      const again = await read(store, "s");
      assert.equal(again.tables[0][1].map(([key]) => key).join(""), "cbzax");
    });

    test("delete, drop and clear", async () => {
      const { store } = make();
      await write(store, "s", [[1, "a", "1"], [2, "b", "2"], [2, "c", "3"], [3, "d", "4"]]);
      let session = await store.open("s");
      assert.equal(session.records.delete(1, bytes("not there")), 0);
      assert.equal(session.records.delete(9, bytes("not there")), 0);
      assert.equal(session.records.drop(9), 0);
      assert.equal(session.dirty, false, "nothing was there to be changed");
      session.records.delete(1, bytes("a"));
      session.records.drop(2);
      await session.close();
      assert.deepEqual((await read(store, "s")).tables, [[3, [["d", "4"]]]]);
      session = await store.open("s");
      session.version = 7;
      session.records.clear();
      session.records.set(5, bytes("e"), bytes("5"));
      await session.close();
      assert.deepEqual(await read(store, "s"), { version: 7, tables: [[5, [["e", "5"]]]] });
    });

    test("changes are committed without being asked to, and together", async () => {
      const { store } = make();
      const session = await store.open("s");
      session.records.set(1, bytes("a"), bytes("1"));
      session.records.set(2, bytes("b"), bytes("2"));
      session.version = 3;
      assert.equal(session.dirty, true);
      await settle(session);
      assert.equal(session.dirty, false);
      session.records.set(1, bytes("a"), bytes("lost"));
      await session.close({ discard: true });
      assert.deepEqual(await read(store, "s"), { version: 3, tables: [[1, [["a", "1"]]], [2, [["b", "2"]]]] });
    });

    test("while it is held, only save commits", async () => {
      const { store } = make();
      await write(store, "s", [[1, "a", "old"]], 1);
      let session = await store.open("s");
      session.hold();
      session.records.set(1, bytes("a"), bytes("half an upgrade"));
      await new Promise((done) => setTimeout(done, 30));
      assert.equal(session.dirty, true);
      await session.close({ discard: true });
      assert.equal((await read(store, "s")).tables[0][1][0][1], "old");
      session = await store.open("s");
      const release = session.hold();
      session.records.set(1, bytes("a"), bytes("whole"));
      release();
      release();
      await settle(session);
      assert.equal(session.dirty, false);
      await session.close({ discard: true });
      assert.equal((await read(store, "s")).tables[0][1][0][1], "whole");
    });

    test("a closed session changes nothing and says so", async () => {
      const { store } = make();
      const session = await store.open("s");
      session.records.set(1, bytes("a"), bytes("1"));
      await Promise.all([session.close(), session.close()]);
      assert.equal(session.records.set(1, bytes("a"), bytes("2")), -1);
      assert.equal(session.records.delete(1, bytes("a")), -1);
      assert.equal(session.records.drop(1), -1);
      assert.equal(session.records.clear(), -1);
      assert.equal(text(session.records.get(1, bytes("a"))), "1");
      await assert.rejects(session.save(), { name: "StoreError", code: "closed" });
    });

    test("states with any names, apart from one another", async () => {
      const { store } = make();
      const names = ["a", "A", "a/../b", "..", "ä ö", "日本", "100%", "con", "x.mwstate"];
      for (const [n, name] of names.entries()) await write(store, name, [[1, "n", String(n)]]);
      assert.deepEqual(await store.list(), [...names].sort());
      for (const [n, name] of names.entries()) assert.deepEqual((await read(store, name)).tables, [[1, [["n", String(n)]]]]);
      await store.delete("a/../b");
      await store.delete("never there");
      assert.deepEqual(await store.list(), names.filter((name) => name !== "a/../b").sort());
      assert.deepEqual((await read(store, "a/../b")).tables, []);
      for (const bad of ["", "\ud800", 7, undefined]) {
        await assert.rejects(store.open(bad), TypeError);
        await assert.rejects(store.delete(bad), TypeError);
      }
    });

    test("the version is an integer of 32 bits", async () => {
      const { store } = make();
      const session = await store.open("s");
      for (const bad of [-1, 1.5, 2 ** 32, NaN, "1"]) assert.throws(() => (session.version = bad), RangeError);
      assert.equal(session.dirty, false);
      await session.close();
    });

    test("a second session: an error, read-only, or waiting", async () => {
      const { store } = make();
      await write(store, "s", [[1, "a", "1"]]);
      const first = await store.open("s");
      await assert.rejects(store.open("s"), { name: "StoreError", code: "locked" });
      await assert.rejects(store.delete("s"), { code: "locked" });
      const other = await store.open("other");
      await other.close();

      const reader = await store.open("s", { onConflict: "readonly" });
      assert.equal(reader.readonly, true);
      await reader.save();
      assert.equal(reader.records.set(1, bytes("a"), bytes("reader's")), 0);
      await assert.rejects(reader.save(), { code: "readonly" });
      await reader.close();

      const given = new AbortController();
      const patience = store.open("s", { onConflict: "wait", signal: given.signal });
      setTimeout(() => given.abort(new Error("enough")), 20);
      await assert.rejects(patience, /enough/);
      await assert.rejects(store.open("free", { signal: AbortSignal.abort(new Error("before")) }), /before/);
      await (await store.open("free")).close();

      const waiting = store.open("s", { onConflict: "wait" });
      first.records.set(1, bytes("a"), bytes("first's"));
      await first.close();
      const second = await waiting;
      assert.equal(text(second.records.get(1, bytes("a"))), "first's");
      await second.close();
      assert.equal((await store.open("s", { onConflict: "readonly" }).then(async (s) => (await s.close(), s))).readonly, false);
    });

    test("a whole state goes into another store", async () => {
      const { store } = make();
      await write(store, "s", [[2, "b", "2"], [1, "z", "1"], [1, "a", "0"]], 5);
      const from = await store.open("s");
      const blob = await exportState(from);
      const before = dump(from);
      await from.close();
      const { store: target } = kinds.memory();
      await write(target, "t", [[9, "old", "old"]]);
      const into = await target.open("t");
      await importState(into, blob);
      await into.close();
      assert.deepEqual(await read(target, "t"), before);
      const back = await store.open("s");
      await importState(back, new Uint8Array(await blob.arrayBuffer()));
      await back.close();
      assert.deepEqual(await read(store, "s"), before);
    });

    if (kind === "memory") return; // never full

    test("no room: save and event say so, nothing is lost, and later it works", async () => {
      const { store, fill } = make();
      await write(store, "s", [[1, "a", "old"], [2, "b", "b"]], 1);
      const session = await store.open("s");
      const events = [];
      const off = session.on("error", (error) => events.push(error));
      fill("s", true);
      session.records.set(1, bytes("a"), bytes("new"));
      session.version = 2;
      await new Promise((done) => setTimeout(done, 30));
      assert.deepEqual(events.map(({ name, code }) => [name, code]), [["StoreError", "quota"]]);
      assert.equal(session.dirty, true);
      session.records.drop(2);
      await assert.rejects(session.save(), (error) => error.code === "quota" && error.message.includes('"s"') && error.cause !== undefined);
      await assert.rejects(session.close(), { code: "quota" });
      const reader = await store.open("s", { onConflict: "readonly" });
      assert.deepEqual(dump(reader), { version: 1, tables: [[1, [["a", "old"]]], [2, [["b", "b"]]]] });
      await reader.close();
      fill("s", false);
      await session.save();
      off();
      await session.close();
      assert.equal(events.every(({ code }) => code === "quota"), true);
      assert.deepEqual(await read(store, "s"), { version: 2, tables: [[1, [["a", "new"]]]] });
    });
  });
}
