/**
 * States in IndexedDB: in any browser, in pages and workers. One database holds all states.
 *
 * | object store | key | value |
 * |---|---|---|
 * | `states` | name | `{ version, stamp }`: the application's version; a number that each commit draws anew |
 * | `records` | [name, number of the entry] | one Uint8Array: f64 number, u32 table, u32 length of the key, key, value |
 */
// The build bundles the little that this is, so that pages need neither a bundler nor an import map.
import { promisifyRequest as result } from "idb-keyval";
import { view, type Entry, type Journal } from "./records.js";
import { checkName, openSession, type Backend } from "./session.js";
import { StoreError, type OpenOptions, type Session, type Store } from "./store.js";

export const STATES = "states";
export const RECORDS = "records";
const AT_ID = 8;
const AT_KEY_LENGTH = AT_ID + 4;
const AT_KEY = AT_KEY_LENGTH + 4;

interface State {
  version: number;
  stamp: number;
}

export interface IndexedDbOptions {
  /** Name of the database; "moonwright" by default. */
  database?: string;
  /** "relaxed" commits faster, but after a power failure what `save` promised may be missing. */
  durability?: Durability;
}

const rare = () => import("./indexeddb-states.js");

export class IndexedDbStore implements Store {
  readonly #database: string;
  readonly #durability: Durability;

  constructor(options: IndexedDbOptions = {}) {
    this.#database = options.database ?? "moonwright";
    this.#durability = options.durability ?? "strict";
  }

  open(name: string, options: OpenOptions = {}): Promise<Session> {
    return openSession(name, options, this.#lock(name), () => this.#load(name));
  }

  async list(): Promise<string[]> {
    return (await rare()).list(await this.#connect());
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    const { remove } = await rare();
    await remove(await this.#connect(), name, this.#lock(name), this.#durability);
  }

  #lock(name: string): string {
    return `moonwright ${this.#database}/${name}`;
  }

  async #connect(): Promise<IDBDatabase> {
    if (!globalThis.indexedDB) throw new StoreError("failed", "there is no IndexedDB here; use another store");
    try {
      const opening = indexedDB.open(this.#database, 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore(STATES);
        opening.result.createObjectStore(RECORDS);
      };
      const db = await result(opening);
      // Somebody wants to delete or upgrade the database; a commit that is under way still ends.
      db.onversionchange = () => db.close();
      return db;
    } catch (error) {
      throw new StoreError("failed", `the browser does not open the database "${this.#database}" (private browsing, or storage is blocked or full): ${String(error)}`, error);
    }
  }

  async #load(name: string): Promise<Backend> {
    let db = await this.#connect();
    const tx = db.transaction([STATES, RECORDS]);
    const records = tx.objectStore(RECORDS);
    const [state, rows] = await Promise.all([
      result(tx.objectStore(STATES).get(name) as IDBRequest<State | undefined>),
      result(records.getAll(all(name)) as IDBRequest<unknown[]>),
    ]);
    const entries: Entry[] = [];
    const read = rows.map(unpack);
    for (const entry of read) if (entry) entries.push(entry);
    const damaged =
      entries.length === rows.length ? [] : await (await rare()).listDamaged(db, name, rows.map((row, n) => (read[n] ? undefined : { row })));
    let stamp = state?.stamp;
    let version = state?.version ?? 0;
    return {
      entries,
      version,
      fresh: !state && rows.length === 0,
      damaged,
      commit: async (journal, _records, leaving) => {
        const unchecked = leaving && globalThis.navigator?.locks !== undefined;
        const next = { version: journal.version ?? version, stamp: Math.random() };
        try {
          await this.#commit(db, name, journal, stamp, next, unchecked);
        } catch (error) {
          if ((error as Error | undefined)?.name !== "InvalidStateError") throw error;
          // The connection was closed under us. What the database holds now is checked by the commit itself.
          db = await this.#connect();
          await this.#commit(db, name, journal, stamp, next, false);
        }
        ({ version, stamp } = next);
      },
      close: () => db.close(),
    };
  }

  async #commit(db: IDBDatabase, name: string, journal: Journal, stamp: number | undefined, next: State, leaving: boolean): Promise<void> {
    const { tx, states, records } = write(db, this.#durability);
    const done = ended(tx);
    journal.abort = () => tx.abort();
    let taken = false;
    try {
      // Locks can be missing or stolen; this can't. But it takes a turn of the page's, and one that is closing may have
      // none left: there the lock has to do, and all the rest happens outside of the page.
      if (!leaving) {
        const found = states.get(name);
        found.onsuccess = () => {
          taken = (found.result as State | undefined)?.stamp !== stamp;
          if (taken) tx.abort();
          else tx.commit();
        };
      }
      if (journal.clear) records.delete(all(name));
      for (const [seq, entry] of journal.entries) {
        if (entry) records.put(pack(entry), [name, seq]);
        else records.delete([name, seq]);
      }
      states.put(next, name);
      if (leaving) tx.commit();
    } catch (error) {
      done.catch(() => {});
      tx.abort();
      throw error;
    }
    try {
      await done;
    } catch (error) {
      if (!taken) throw error;
      throw new StoreError("taken", `the state "${name}" was changed or deleted from elsewhere; open it again`);
    }
  }
}

type Durability = "strict" | "relaxed";

/** A transaction that writes. */
export function write(db: IDBDatabase, durability: Durability): { tx: IDBTransaction; states: IDBObjectStore; records: IDBObjectStore } {
  const tx = db.transaction([STATES, RECORDS], "readwrite", { durability });
  return { tx, states: tx.objectStore(STATES), records: tx.objectStore(RECORDS) };
}

/** Resolves when all of it is done; rejects with what has ended it. (A request's own failure ends it too, with the same error.) */
export function ended(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
}

/** The keys of all records of a state: an array sorts behind any number. */
export function all(name: string): IDBKeyRange {
  return IDBKeyRange.bound([name], [name, []]);
}

function pack({ seq, id, key, value }: Entry): Uint8Array {
  const row = new Uint8Array(AT_KEY + key.length + value.length);
  const data = view(row);
  data.setFloat64(0, seq, true);
  data.setUint32(AT_ID, id, true);
  data.setUint32(AT_KEY_LENGTH, key.length, true);
  row.set(key, AT_KEY);
  row.set(value, AT_KEY + key.length);
  return row;
}

function unpack(row: unknown): Entry | undefined {
  if (!(row instanceof Uint8Array) || row.length < AT_KEY) return undefined;
  const data = view(row);
  const seq = data.getFloat64(0, true);
  const split = AT_KEY + data.getUint32(AT_KEY_LENGTH, true);
  if (split > row.length || !Number.isSafeInteger(seq)) return undefined;
  return { seq, id: data.getUint32(AT_ID, true), key: row.subarray(AT_KEY, split), value: row.subarray(split) };
}
