/**
 * States in localStorage, one item each, the state file in base 64. For small states (browsers give 5 MB of text to
 * an origin) in pages that want what they saved to be there at once: a commit is synchronous, also on `pagehide`.
 */
import { acquire } from "./lock.js";
import { byteText } from "./records.js";
import { checkName, openSession, type Backend } from "./session.js";
import { readStateSync, writeStateSync, type StateFile } from "./state-file.js";
import { StoreError, type OpenOptions, type Session, type Store } from "./store.js";

export interface LocalStorageOptions {
  /** Before the names of items; "moonwright:" by default. */
  prefix?: string;
  /** Where the items are; `localStorage` by default (`sessionStorage` works too). */
  storage?: Storage;
}

export class LocalStorageStore implements Store {
  readonly #prefix: string;
  readonly #given: Storage | undefined;

  constructor(options: LocalStorageOptions = {}) {
    this.#prefix = options.prefix ?? "moonwright:";
    this.#given = options.storage;
  }

  open(name: string, options: OpenOptions = {}): Promise<Session> {
    return openSession(name, options, this.#lock(name), async () => this.#load(name));
  }

  async list(): Promise<string[]> {
    const storage = this.#storage();
    const names = Array.from({ length: storage.length }, (_, n) => storage.key(n)!);
    return names.filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length)).sort();
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    const lock = await acquire(this.#lock(name), name, {});
    try {
      this.#storage().removeItem(this.#prefix + name);
    } finally {
      await lock!.release();
    }
  }

  #lock(name: string): string {
    return `moonwright localStorage/${this.#prefix}${name}`;
  }

  #storage(): Storage {
    const storage = this.#given ?? globalThis.localStorage;
    if (!storage) throw new StoreError("failed", "there is no localStorage here (workers and Node have none); use another store");
    return storage;
  }

  #load(name: string): Backend {
    const storage = this.#storage();
    const item = this.#prefix + name;
    let last = storage.getItem(item);
    const state = last === null ? { version: 0, entries: [] } : decode(last, item);
    return {
      ...state,
      fresh: last === null,
      // Firefox's name for it.
      full: /NS_ERROR_DOM_QUOTA_REACHED/,
      commit(_journal, records) {
        if (storage.getItem(item) !== last)
          throw new StoreError("taken", `the item "${item}" of localStorage was changed from elsewhere while it was open here; open the state again to see what is there now`);
        const text = btoa(byteText(writeStateSync(records, records.version)));
        storage.setItem(item, text);
        last = text;
      },
      close() {},
    };
  }
}

function decode(text: string, item: string): StateFile {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (error) {
    throw new StoreError("damaged", `the item "${item}" of localStorage is damaged: it is not base 64`, error);
  }
  try {
    return readStateSync(bytes);
  } catch (error) {
    throw new StoreError("damaged", `the item "${item}" of localStorage can't be read: ${(error as Error).message}`, error);
  }
}
