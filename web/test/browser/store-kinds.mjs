// The kinds of stores that a page has, for the package's tests of stores; ../store-kinds.mjs has node's. Their commits can't be made to
// fail from inside of a page: storage.test.mjs does that from outside.
import { IndexedDbStore } from "../../build/store/indexeddb.js";
import { LocalStorageStore } from "../../build/store/local-storage.js";
import { MemoryStore } from "../../build/store/memory.js";

let databases = 0;

export const kinds = {
  memory: () => ({ store: new MemoryStore() }),
  indexeddb() {
    const database = `test ${++databases}`;
    return { store: new IndexedDbStore({ database }), database };
  },
  localstorage() {
    localStorage.clear();
    return { store: new LocalStorageStore({ storage: localStorage }), storage: localStorage };
  },
};

export { bytes, dump, settle, text } from "../store-dump.mjs";
