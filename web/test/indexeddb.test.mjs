// What is particular to IndexedDB: what it writes, somebody else in the database, damaged rows, pages that are left.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { promisifyRequest } from "idb-keyval";
import { IndexedDbStore } from "../build/store/indexeddb.js";
import { acquire } from "../build/store/lock.js";
import { bytes, dump, kinds, settle, text } from "./store-kinds.mjs";

/** The database itself, for what stores do not do. */
async function openDatabase(name) {
  const db = await promisifyRequest(indexedDB.open(name));
  return {
    on: (store, method, ...args) => promisifyRequest(db.transaction(store, "readwrite").objectStore(store)[method](...args)),
    close: () => db.close(),
  };
}

/** What is written to object stores while `work` runs: [object store, method, key]. */
async function writes(work) {
  const seen = [];
  const { put, delete: remove } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    seen.push([this.name, "put", key]);
    return put.call(this, value, key);
  };
  IDBObjectStore.prototype.delete = function (key) {
    seen.push([this.name, "delete", key instanceof IDBKeyRange ? "all" : key]);
    return remove.call(this, key);
  };
  try {
    await work();
  } finally {
    Object.assign(IDBObjectStore.prototype, { put, delete: remove });
  }
  return seen;
}

/** Counts transactions that write. */
async function transactions(work) {
  let count = 0;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode, options) {
    if (mode === "readwrite") count++;
    return transaction.call(this, names, mode, options);
  };
  try {
    await work();
  } finally {
    IDBDatabase.prototype.transaction = transaction;
  }
  return count;
}

/** A LockManager as the standard describes it, as far as the stores use it; locks are taken when it is their turn. */
function fakeLocks() {
  const held = new Map();
  return {
    async request(name, { ifAvailable = false, signal }, work) {
      while (held.has(name)) {
        if (ifAvailable) return work(null);
        await new Promise((done, failed) => {
          signal?.addEventListener("abort", () => failed(signal.reason));
          held.get(name).then(done);
        });
      }
      signal?.throwIfAborted();
      let free;
      held.set(name, new Promise((done) => (free = done)));
      await null;
      try {
        return await work({ name, mode: "exclusive" });
      } finally {
        held.delete(name);
        free();
      }
    },
  };
}

async function withNavigator(navigator, work) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  try {
    await work();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete globalThis.navigator;
  }
}

describe("indexeddb", () => {
  test("one transaction per tick, and only the records that changed", async () => {
    const { store } = kinds.indexeddb();
    const session = await store.open("s");
    for (let n = 0; n < 1000; n++) session.records.set(1, bytes(`k${n}`), bytes("v"));
    await session.save();
    const change = async () => {
      session.records.set(1, bytes("k500"), bytes("w"));
      session.records.set(1, bytes("k500"), bytes("x"));
      session.records.delete(1, bytes("k7"));
      session.records.set(2, bytes("come"), bytes("and gone"));
      session.records.drop(2);
      await settle(session);
    };
    let seen;
    assert.equal(await transactions(async () => (seen = await writes(change))), 1);
    assert.deepEqual(seen, [["records", "put", ["s", 501]], ["records", "delete", ["s", 8]], ["states", "put", "s"]]);
    assert.equal(await transactions(() => session.save()), 0, "nothing has changed");
    await session.close();
  });

  test("without locks, the one who commits second is told, and overwrites nothing", async () => {
    // Two programs that do not see each other's locks: the database is the same, the names of locks are not.
    const { store, database } = kinds.indexeddb();
    const first = await store.open("s");
    first.records.set(1, bytes("a"), bytes("1"));
    await first.save();
    const reader = await store.open("s", { onConflict: "readonly" });
    const db = await openDatabase(database);
    const state = await db.on("states", "get", "s");
    await db.on("states", "put", { ...state, stamp: state.stamp / 2 }, "s");
    first.records.set(1, bytes("a"), bytes("2"));
    await assert.rejects(first.save(), { code: "taken" });
    await db.on("states", "delete", "s");
    await assert.rejects(first.save(), { code: "taken" });
    assert.equal((await db.on("records", "getAll")).length, 1);
    assert.match(Buffer.from((await db.on("records", "getAll"))[0]).toString("latin1"), /a1$/);
    db.close();
    await first.close({ discard: true });
    await reader.close();
  });

  test("rows that are no records are listed, and stay until they are dropped", async () => {
    const { store, database } = kinds.indexeddb();
    let session = await store.open("s");
    for (const key of "abcd") session.records.set(1, bytes(key), bytes(key));
    await session.close();
    const db = await openDatabase(database);
    await db.on("records", "put", Uint8Array.of(1, 2, 3), ["s", 2]);
    await db.on("records", "put", { not: "bytes" }, ["s", 3]);
    session = await store.open("s");
    assert.deepEqual(dump(session).tables, [[1, [["a", "a"], ["d", "d"]]]]);
    assert.deepEqual(session.damaged.map(({ place, bytes }) => [place, bytes && [...bytes]]), [
      [`entry 2 of the state "s" in the database "${database}" is not a record`, [1, 2, 3]],
      [`entry 3 of the state "s" in the database "${database}" is not a record`, undefined],
    ]);
    session.records.set(1, bytes("e"), bytes("e"));
    await session.close();
    session = await store.open("s");
    assert.equal(session.damaged.length, 2);
    for (const entry of session.damaged) entry.drop();
    await session.close();
    session = await store.open("s");
    assert.equal(session.damaged.length, 0);
    assert.equal(session.records.keys(1).map(text).join(""), "ade");
    await session.close();
    db.close();
  });

  test("a connection that was closed is opened again", async () => {
    const { store, database } = kinds.indexeddb();
    const session = await store.open("s");
    session.records.set(1, bytes("a"), bytes("1"));
    await session.save();
    await new Promise((done) => {
      // Another release wants to upgrade the database: the session gives way.
      const request = indexedDB.deleteDatabase(database);
      request.onsuccess = done;
    });
    session.records.set(1, bytes("b"), bytes("2"));
    await assert.rejects(session.save(), { code: "taken" }, "the database is another one now");
    await session.close({ discard: true });
    const again = await store.open("s");
    assert.deepEqual(dump(again).tables, []);
    await again.close();
  });

  test("what a page that is left has not saved goes out at once", async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    Object.assign(globalThis, { document: page, addEventListener: page.addEventListener.bind(page), removeEventListener: page.removeEventListener.bind(page) });
    try {
      for (const navigator of [{}, { locks: fakeLocks() }]) {
        await withNavigator(navigator, async () => {
          const { store } = kinds.indexeddb();
          const session = await store.open("s");
          for (const event of ["pagehide", "visibilitychange"]) {
            session.records.set(1, bytes(event), bytes("1"));
            page.visibilityState = "visible";
            page.dispatchEvent(new Event("visibilitychange"));
            const count = await transactions(async () => {
              if (event === "visibilitychange") page.visibilityState = "hidden";
              page.dispatchEvent(new Event(event));
              await null; // not even a timer's turn
              await null;
            });
            assert.equal(count, 1, event);
            await settle(session);
          }
          await session.close({ discard: true });
          assert.equal(await transactions(async () => page.dispatchEvent(new Event("pagehide"))), 0);
          const again = await store.open("s");
          assert.equal(again.records.size(1), 2);
          await again.close();
        });
      }
    } finally {
      for (const name of ["document", "addEventListener", "removeEventListener"]) delete globalThis[name];
    }
  });

  test("Web Locks: an error, read-only, waiting, giving up", async () => {
    await withNavigator({ locks: fakeLocks() }, async () => {
      const { store, database } = kinds.indexeddb();
      const first = await store.open("s");
      // Another store object, as another tab has.
      const tab = new IndexedDbStore({ database });
      await assert.rejects(tab.open("s"), { code: "locked", message: /another tab/ });
      const reader = await tab.open("s", { onConflict: "readonly" });
      assert.equal(reader.readonly, true);
      await reader.close();
      const given = new AbortController();
      setTimeout(() => given.abort(new Error("enough")), 10);
      await assert.rejects(tab.open("s", { onConflict: "wait", signal: given.signal }), /enough/);
      const waiting = tab.open("s", { onConflict: "wait" });
      await first.close();
      await (await waiting).close();
      const hold = await acquire("free", "free", {});
      await hold.release();
      await (await acquire("free", "free", {})).release();
    });
  });

  test("10,000 records in 100 tables come back in order", async () => {
    const { store } = kinds.indexeddb();
    const session = await store.open("s");
    for (let n = 0; n < 10000; n++) session.records.set(n % 100, bytes(`key ${n}`), bytes(`value ${n}`));
    await session.close();
    const again = await store.open("s");
    assert.equal(again.records.tables().length, 100);
    assert.equal(again.records.keys(7).map(text)[99], "key 9907");
    await again.close();
  });
});
