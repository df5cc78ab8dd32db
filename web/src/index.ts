/** moonwright: Lua in pages, workers and Node, with state that is still there after a reload. */
export { Lua } from "./lua.js";
export type { LoadOptions, LuaModules, ModuleLoader, Path, RestoreOptions, SnapshotOptions, ScriptOptions, SyncScriptOptions } from "./lua.js";
export type { LuaLimits, LuaStats } from "./instance.js";
export type { Unreadable } from "./transfer.js";
export type { UnreadableEntry } from "./store/unreadable.js";
export type { OnOutput } from "./output.js";
export type { CallOptions, Result, RunOptions } from "./bridge.js";
export { compile, supports } from "./module.js";
export type { WasmChoice, WasmSource } from "./module.js";
export { LuaError } from "./error.js";
export type { LuaErrorKind } from "./error.js";
export { LuaHandle, LuaTable } from "./handles.js";
export type { LuaFunction, LuaKind } from "./handles.js";
export { live } from "./memory.js";
export type { LuaMemory } from "./memory.js";
export { float } from "./codec.js";
export type { DecodeOptions, LuaFloat } from "./codec.js";
export { copy, multi, proxy } from "./values.js";
export type { Multi, LuaInput, LuaValue } from "./values.js";
// Memory, files, localStorage and whole states as files: `moonwright/stores`.
export { IndexedDbStore } from "./store/indexeddb.js";
export type { IndexedDbOptions } from "./store/indexeddb.js";
export { StoreError } from "./store/store.js";
export type { DamagedEntry, OpenOptions, Records, Session, Store, StoreErrorCode } from "./store/store.js";
