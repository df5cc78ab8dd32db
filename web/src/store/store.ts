/**
 * What a store of Lua states is: the interfaces between the VM's host (which serves the module's six
 * `js_ext_table_*` imports) and the places where states are kept.
 *
 * A *state* has a name and holds *records*: (table id, key) -> value, all of them bytes that only the module
 * understands. A *session* is one state, open.
 */

/** A state's records, all in memory, so that the module's synchronous imports can be served. */
export interface Records {
  /** Stores a copy of `value` under (a copy of) `key`. 0, or -1 once the session is closed. */
  set(id: number, key: Uint8Array, value: Uint8Array): 0 | -1;
  /** The value, not to be changed by the caller; undefined if there is no such key. */
  get(id: number, key: Uint8Array): Uint8Array | undefined;
  /** Removes a key; 0 also if it never was there, -1 once the session is closed. */
  delete(id: number, key: Uint8Array): 0 | -1;
  /** Number of keys of a table; 0 for one that does not exist. */
  size(id: number): number;
  /** The keys of a table in the order of their first insertion, not to be changed by the caller. */
  keys(id: number): Uint8Array[];
  /** Keys with their values, as `keys` and `get` give them. */
  entries(id: number): [key: Uint8Array, value: Uint8Array][];
  /** Forgets a whole table; 0, or -1 once the session is closed. */
  drop(id: number): 0 | -1;
  /** Forgets all tables; 0, or -1 once the session is closed. */
  clear(): 0 | -1;
  /** Ids of the tables that have keys, ascending. */
  tables(): number[];
}

/** One state, open. Everything that is changed in `records` is on its way to the disk by itself. */
export interface Session {
  readonly name: string;
  readonly records: Records;
  /**
   * True if another page or process has the state: `records` can still be changed, but no change is ever
   * written, and `save` says so.
   */
  readonly readonly: boolean;
  /** True if nothing was stored under this name when the session was opened. */
  readonly fresh: boolean;
  /** Entries of the store that could not be understood. They stay where they are until they are dropped. */
  readonly damaged: readonly DamagedEntry[];
  /**
   * The application's version of the state, an integer from 0 to 2^32 - 1; 0 in a fresh one. Assigning is a
   * change like one of a record, and is committed together with those made before the next tick.
   */
  version: number;
  /** True if there are changes that are not on disk yet. */
  readonly dirty: boolean;
  /**
   * Resolves when every change made before this call is on disk. Rejects with a `StoreError`; the changes then
   * are kept, and the next `save` (or the next change) tries again.
   */
  save(): Promise<void>;
  /**
   * Starts no commit by itself until the function that it returns has been called (for an upgrade that has to come
   * as a whole); `save` commits nevertheless.
   */
  hold(): () => void;
  /**
   * Saves (unless `discard`), then gives the state free. Afterwards records can be read but not changed. If saving fails, it
   * rejects and the session stays open.
   */
  close(options?: { discard?: boolean }): Promise<void>;
  /** Calls `listener` when a commit fails that no `save` waits for. Returns a function that ends it. */
  on(event: "error", listener: (error: StoreError) => void): () => void;
}

/** An entry of the store that is no record. */
export interface DamagedEntry {
  /** Where it is and what is wrong with it, for people. */
  readonly place: string;
  /** What is there, if it is bytes at all. */
  readonly bytes: Uint8Array | undefined;
  /** Removes it from the store with the next commit. */
  drop(): void;
}

export interface OpenOptions {
  /** Ends waiting for a state that another page or process has. */
  signal?: AbortSignal;
  /**
   * What to do if the state is open elsewhere: fail with a `StoreError` of code "locked" (the default), open it
   * read-only as it is on disk now, or wait until it is free.
   */
  onConflict?: "error" | "readonly" | "wait";
}

/** A place where named states are kept. */
export interface Store {
  /** Opens a state, and creates it (with the first commit) if there is none of that name. */
  open(name: string, options?: OpenOptions): Promise<Session>;
  /** The names of all states, sorted. */
  list(): Promise<string[]>;
  /** Deletes a state that is not open; nothing happens if there is none of that name. */
  delete(name: string): Promise<void>;
}

/**
 * - `locked`: the state is open elsewhere;
 * - `taken`: it was taken over or deleted by somebody else while it was open; nothing of theirs was overwritten;
 * - `readonly`: a read-only session has changes that it can't save;
 * - `quota`: there is no room;
 * - `damaged`: what is stored can't be understood (`message` names the place);
 * - `closed`: the session is closed;
 * - `failed`: anything else, see `cause`.
 */
export type StoreErrorCode = "locked" | "taken" | "readonly" | "quota" | "damaged" | "closed" | "failed";

export class StoreError extends Error {
  static override readonly name = "StoreError";
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
