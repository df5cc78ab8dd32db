// The kinds of stores that the tests run over, each with a way to make its commits fail.
import "fake-indexeddb/auto";
import { mkdtempSync, rmSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compressed, encrypted } from "../dist/layers.js";
import { FileStore } from "../dist/stores.js";
import { IndexedDbStore } from "../dist/stores.js";
import { LocalStorageStore } from "../dist/stores.js";
import { MemoryStore } from "../dist/stores.js";

/** A Storage with a quota, as browsers have one. */
class FakeStorage {
  #items = new Map();
  full = false;
  get length() {
    return this.#items.size;
  }
  key(n) {
    return [...this.#items.keys()][n] ?? null;
  }
  getItem(key) {
    return this.#items.get(key) ?? null;
  }
  setItem(key, value) {
    if (this.full) throw new DOMException("the quota has been exceeded", "QuotaExceededError");
    this.#items.set(key, String(value));
  }
  removeItem(key) {
    this.#items.delete(key);
  }
}

const folders = [];
process.on("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true })));

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "moonwright-store-"));
  folders.push(folder);
  return folder;
}

// A browser finds out that the disk is full when it carries a write out, long after `put` has returned.
let full = false;
const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (...args) {
  const { transaction } = this;
  if (full) setImmediate(() => transaction._state === "finished" || transaction._abort("QuotaExceededError"));
  return put.apply(this, args);
};

// A full disk takes half of what is written.
let fullDisk = false;
const { open } = fs;
fs.open = async (path, flags) => {
  const file = await open(path, flags);
  if (!fullDisk || !path.endsWith(".new")) return file;
  const { writeFile } = file;
  file.writeFile = async (content) => {
    await writeFile.call(file, content.subarray(0, content.length / 2));
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
  return file;
};
syncBuiltinESMExports();

let databases = 0;

/** Each gives `store` and, where its commits can fail, `fill(name, full)`: there is no room from now on, or there is again. */
export const kinds = {
  memory: () => ({ store: new MemoryStore() }),
  indexeddb() {
    const database = `test ${++databases}`;
    return { store: new IndexedDbStore({ database }), database, fill: (_name, on) => (full = on) };
  },
  localstorage() {
    const storage = new FakeStorage();
    return { store: new LocalStorageStore({ storage }), storage, fill: (_name, on) => (storage.full = on) };
  },
  file: () => files({}),
  "file, compressed": () => files({ compress: true }),
  "file, layered": () => layered(files({})),
};

/** Under a layer that compresses and one that encrypts. */
function layered({ store, ...rest }) {
  return { ...rest, store: compressed(encrypted(store, new Uint8Array(32)), { threshold: 0 }) };
}

function files(options) {
  const folder = temporaryFolder();
  return { store: new FileStore(folder, options), folder, fill: (_name, on) => (fullDisk = on) };
}

export { bytes, dump, settle, text } from "./store-dump.mjs";
