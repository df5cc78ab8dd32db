// Layers over stores: what an entry is like below them, and what becomes of entries that were changed there. That a layered store is a
// store as any other is is in store.test.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { authenticated, compressed, encrypted } from "../dist/layers.js";
import { importState, MemoryStore } from "../dist/stores.js";
import { exchanged, key } from "./layer-kinds.mjs";
import { load } from "./load.mjs";
import { bytes, dump, text } from "./store-kinds.mjs";

const otherKey = key.map((byte) => byte ^ 1);
const name = (text) => new Uint8Array([4, text.length, 0, 0, 0, ...bytes(text)]);
const layers = {
  compressed: (store) => compressed(store),
  authenticated: (store, k = key) => authenticated(store, k),
  encrypted: (store, k = key) => encrypted(store, k),
};

/** Writes entries of table 1 through a layer into a new store. */
async function write(layer, entries) {
  const store = new MemoryStore();
  const session = await layer(store).open("s");
  for (const [k, value] of Object.entries(entries)) session.records.set(1, name(k), typeof value === "string" ? bytes(value) : value);
  session.version = 3;
  await session.close();
  return store;
}

/** Lets `change` work on what is stored below. */
async function below(store, change) {
  const session = await store.open("s");
  const result = change(session.records);
  await session.close();
  return result;
}

const at = (k) => (records) => records.get(1, name(k));
const put = (k, value) => (records) => records.set(1, name(k), value);

for (const [kind, layer] of Object.entries(layers)) {
  describe(kind, () => {
    test("every changed byte is an error that names the entry, and the rest is still there", async () => {
      const value = "some text ".repeat(40);
      const store = await write(layer, { other: "o".repeat(500), "my entry": value });
      const whole = await below(store, at("my entry"));
      const stride = whole.length > 100 ? 7 : 1;
      for (let n = 0; n < whole.length; n += n < 60 ? 1 : stride) {
        // Without a key, what does not look like a compressed value is none; and the last byte has bits that mean nothing.
        if (kind === "compressed" && (n === 0 || n === whole.length - 1)) continue;
        const changed = whole.slice();
        changed[n] ^= 0x10;
        await below(store, put("my entry", changed));
        await assert.rejects(layer(store).open("s"), (error) => error.name === "StoreError" && error.code === "damaged" && /entry "my entry" of table 1 of the state "s"/.test(error.message), `byte ${n}`);
      }
      for (let length = kind === "compressed" ? 1 : 0; length < whole.length; length += 3) {
        await below(store, put("my entry", whole.slice(0, length)));
        await assert.rejects(layer(store).open("s"), { code: "damaged" });
      }
      await below(store, put("my entry", whole));
      const session = await layer(store).open("s");
      assert.equal(text(session.records.get(1, name("my entry"))), value);
      assert.equal(session.version, 3);
      await session.close();
    });

    test("a newer version is refused, and says so", async () => {
      const store = await write(layer, { k: "x".repeat(1000) });
      await below(store, (records) => {
        const value = records.get(1, name("k")).slice();
        value[1] = 2;
        records.set(1, name("k"), value);
      });
      await assert.rejects(layer(store).open("s"), { code: "damaged", message: new RegExp(`version 2 of ${kind} values is unknown here; this release reads version 1`) });
    });

    test("Lua runs over it, and its state is there again", async () => {
      const store = new MemoryStore();
      let lua = await load({ store: layer(store) });
      await lua.run("local n = 0; Memory.count = function() n = n + 1; return n end; Memory.long = ('long '):rep(1000); Memory.count()");
      await lua.close();
      lua = await load({ store: layer(store) });
      assert.deepEqual((await lua.run("return Memory.count(), #Memory.long")).values, [2, 5000]);
      await lua.close();
    });

    test("states that the others wrote open", async () => {
      for (const writer of ["npm", "chromium", "crate"]) {
        const store = new MemoryStore();
        const session = await store.open("default");
        await importState(session, readFileSync(new URL(`../../tests/state/layers/${writer}-${kind}.mwstate`, import.meta.url)));
        await session.close();
        const lua = await load({ store: exchanged[kind](store) });
        const check = text(readFileSync(new URL("../../tests/state/check.lua", import.meta.url)));
        assert.deepEqual((await lua.run(check)).values, ["ok"]);
        await lua.close();
      }
    });
  });
}

for (const kind of ["authenticated", "encrypted"]) {
  describe(`${kind}, with keys`, () => {
    const layer = layers[kind];

    test("another key opens nothing, and changes nothing", async () => {
      const store = await write(layer, { a: "1", b: "2" });
      const before = await below(store, (records) => records.entries(1));
      await assert.rejects(layer(store, otherKey).open("s"), { code: "damaged", message: /the entry "a" of table 1 of the state "s" can't be read: .*another key, or changed/ });
      assert.deepEqual(await below(store, (records) => records.entries(1)), before);
      await (await layer(store).open("s")).close();
    });

    test("values can't change places", async () => {
      const store = await write(layer, { a: "same size 1", b: "same size 2" });
      await below(store, (records) => {
        const [a, b] = [at("a")(records), at("b")(records)];
        records.set(1, name("a"), b);
        records.set(1, name("b"), a);
      });
      await assert.rejects(layer(store).open("s"), { code: "damaged" });
      const moved = await write(layer, { a: "1" });
      await below(moved, (records) => {
        records.set(2, name("a"), at("a")(records));
        records.drop(1);
      });
      await assert.rejects(layer(moved).open("s"), /of table 2/);
    });

    test("what was stored without the layer is refused", async () => {
      const store = await write((plain) => plain, { a: "\x04\x01\0\0\0x" });
      await assert.rejects(layer(store).open("s"), { code: "damaged", message: new RegExp(`it is not ${kind}: it begins with 4`) });
      await below(store, put("a", new Uint8Array()));
      await assert.rejects(layer(store).open("s"), /it begins with nothing/);
    });

    test("keys of the engine's do as bytes do, and others are refused", async () => {
      const [algorithm, usages] = kind === "encrypted" ? ["AES-GCM", ["encrypt", "decrypt"]] : [{ name: "HMAC", hash: "SHA-256" }, ["sign", "verify"]];
      const imported = await crypto.subtle.importKey("raw", key, algorithm, false, usages);
      const store = await write((s) => layer(s, imported), { a: "1" });
      const session = await layer(store).open("s");
      assert.equal(text(session.records.get(1, name("a"))), "1");
      await session.close();
      for (const length of [0, 16, 31, 33]) assert.throws(() => layer(store, new Uint8Array(length)), RangeError);
      const oneWay = await crypto.subtle.importKey("raw", key, algorithm, false, [usages[0]]);
      const other = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-512" }, false, ["sign", "verify"]);
      for (const bad of [oneWay, other, "password", null]) assert.throws(() => layer(store, bad), /TypeError: expected 32 bytes, or a CryptoKey/);
    });
  });
}

test("an encrypted value shows neither itself nor that it was stored again", async () => {
  const store = await write(layers.encrypted, { a: "attack at dawn" });
  const first = await below(store, at("a"));
  assert.equal(first.length, 2 + 12 + 14 + 16);
  assert.ok(!text(first).includes("attack"));
  const session = await encrypted(store, key).open("s");
  session.records.set(1, name("a"), bytes("attack at dawn"));
  await session.close();
  const second = await below(store, at("a"));
  assert.notDeepEqual(second.slice(2, 14), first.slice(2, 14), "each has a nonce of its own");
});

test("only what gets smaller is compressed, and what looks compressed is not taken for it", async () => {
  const random = crypto.getRandomValues(new Uint8Array(1000));
  random[0] = 0x20; // (a first byte like the layer's own would be marked as stored)
  const values = { small: "x".repeat(255), large: "x".repeat(256), random, empty: "", stored: "\xe0\x01 own", deflated: "\xe1" };
  const store = await write(layers.compressed, values);
  const sizes = await below(store, (records) => Object.fromEntries(Object.keys(values).map((k) => [k, records.get(1, name(k)).length])));
  assert.ok(sizes.large < 30, `${sizes.large}`);
  assert.deepEqual({ ...sizes, large: 0 }, { small: 255, large: 0, random: 1000, empty: 0, stored: 16, deflated: 11 });
  const session = await compressed(store).open("s");
  for (const [k, value] of Object.entries(values)) assert.equal(text(session.records.get(1, name(k))), typeof value === "string" ? value : text(value));
  await session.close();
  // A state from before the layer.
  const old = await write((plain) => plain, { a: "y".repeat(1000) });
  const opened = await compressed(old, { threshold: 0 }).open("s");
  assert.equal(text(opened.records.get(1, name("a"))), "y".repeat(1000));
  await opened.close();
});

test("a commit that another one overtakes does not undo it", async () => {
  const store = new MemoryStore();
  const session = await encrypted(store, key).open("s");
  for (let n = 0; n < 50; n++) {
    session.records.set(1, name("n"), bytes(String(n)));
    const saved = session.save();
    if (n % 3 === 0) globalThis.dispatchEvent?.(new Event("pagehide"));
    session.records.delete(1, name("n"));
    session.records.set(1, name("n"), bytes(`${n} again`));
    await saved;
  }
  const last = dump(session);
  await session.close();
  const again = await encrypted(store, key).open("s");
  assert.deepEqual(dump(again), last);
  await again.close();
});
