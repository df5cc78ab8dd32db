// The kinds of stores that a page has, for the package's tests of stores; ../store-kinds.mjs has node's.
import { compressed, encrypted } from "../../build/layers.js";
import { IndexedDbStore } from "../../build/store/indexeddb.js";
import { LocalStorageStore } from "../../build/store/local-storage.js";
import { MemoryStore } from "../../build/store/memory.js";

// A page can't take a disk's room from itself: here what happens then is done by hand. storage.test.mjs has the real thing.
const full = { databases: false, storage: false };

const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (...args) {
  const { transaction } = this;
  if (full.databases && !Object.hasOwn(transaction, "error")) {
    Object.defineProperty(transaction, "error", { value: new DOMException("the disk is full", "QuotaExceededError") });
    // As soon as all has been put: the transaction is not on its way to the disk yet.
    queueMicrotask(() => transaction.abort());
  }
  return put.apply(this, args);
};

const { setItem } = Storage.prototype;
Storage.prototype.setItem = function (...args) {
  if (full.storage) throw new DOMException("the quota has been exceeded", "QuotaExceededError");
  return setItem.apply(this, args);
};

let databases = 0;

/** Each gives `store` and, where its commits can fail, `fill(name, full)`: there is no room from now on, or there is again. */
export const kinds = {
  memory: () => ({ store: new MemoryStore() }),
  indexeddb() {
    const database = `test ${++databases}`;
    return { store: new IndexedDbStore({ database }), database, fill: (_name, on) => (full.databases = on) };
  },
  localstorage() {
    localStorage.clear();
    return { store: new LocalStorageStore({ storage: localStorage }), storage: localStorage, fill: (_name, on) => (full.storage = on) };
  },
  "indexeddb, layered"() {
    const { store, ...rest } = kinds.indexeddb();
    return { ...rest, store: compressed(encrypted(store, new Uint8Array(32)), { threshold: 0 }) };
  },
};

export { bytes, dump, settle, text } from "../store-dump.mjs";
