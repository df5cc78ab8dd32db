/** The stores beside IndexedDB and memory, and what can be done to whole states: `moonwright/stores`. */
export { FileStore, type FileOptions } from "./file.js";
export { IndexedDbStore, type IndexedDbOptions } from "./indexeddb.js";
export { LocalStorageStore, type LocalStorageOptions } from "./local-storage.js";
export { MemoryStore } from "./memory.js";
export { exportState, importState, readState, writeState, type StateFile } from "./state-file.js";
export { StoreError, type DamagedEntry, type OpenOptions, type Records, type Session, type Store, type StoreErrorCode } from "./store.js";
export { dropUnreadable, exportUnreadable, findUnreadable, type UnreadableEntry } from "./unreadable.js";
