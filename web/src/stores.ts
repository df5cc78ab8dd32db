/** The stores beside IndexedDB and memory, and what can be done to whole states: `moonwright/stores`. */
export { FileStore, type FileOptions } from "./store/file.js";
export { IndexedDbStore, type IndexedDbOptions } from "./store/indexeddb.js";
export { LocalStorageStore, type LocalStorageOptions } from "./store/local-storage.js";
export { MemoryStore } from "./store/memory.js";
export { exportState, importState, readState, writeState, type StateFile } from "./store/state-file.js";
export { StoreError, type DamagedEntry, type OpenOptions, type Records, type Session, type Store, type StoreErrorCode } from "./store/store.js";
export { dropUnreadable, exportUnreadable, findUnreadable, type UnreadableEntry } from "./store/unreadable.js";
