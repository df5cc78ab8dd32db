/**
 * The records of one state, in memory, and the journal of what has changed since the last commit.
 *
 * Each entry gets a number when its key is inserted and keeps it until the key is deleted. The numbers ascend over all
 * tables, so whoever stores entries by number can load them in order, and the order of insertion is the map's again.
 */
import type { Records } from "./store.js";

/** One record. Never changed: a new value is a new entry under the same number. */
export interface Entry {
  readonly seq: number;
  readonly id: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What one commit writes: all of it, or nothing. */
export interface Journal {
  /**
   * Where a store's commits take turns of the page: gives the commit that writes this up. Then nothing of it is written, and `commit` rejects.
   * Throws if it is too late for that.
   */
  abort?: () => void;
  /** Everything stored before is forgotten first. */
  clear: boolean;
  /** By number: the entry as it is now, or null if it is gone. */
  entries: Map<number, Entry | null>;
  /** The new application version, if it has changed. */
  version: number | undefined;
}

export function emptyJournal(): Journal {
  return { clear: false, entries: new Map(), version: undefined };
}

export function isEmpty(journal: Journal): boolean {
  return !journal.clear && journal.entries.size === 0 && journal.version === undefined;
}

/** Bytes as a string of as many characters, which a `Map` can look up. */
export function byteText(key: Uint8Array): string {
  const chars = (part: Uint8Array): string => String.fromCharCode.apply(null, part as unknown as number[]);
  if (key.length <= 8192) return chars(key);
  // A call takes a limited number of arguments.
  let text = "";
  for (let at = 0; at < key.length; at += 8192) text += chars(key.subarray(at, at + 8192));
  return text;
}

/** The numbers in bytes. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export class RecordMap implements Records {
  /** Called after each change. */
  onchange: (() => void) | undefined;
  /** True: nothing may be changed any more. */
  closed = false;
  #tables = new Map<number, Map<string, Entry>>();
  #next = 1;
  /** Entries from this number on have never been handed to a commit. */
  #unseen = 1;
  #journal = emptyJournal();
  #version: number;

  /** `entries` in ascending order of their numbers. */
  constructor(entries: Iterable<Entry> = [], version = 0) {
    for (const entry of entries) {
      this.#table(entry.id).set(byteText(entry.key), entry);
      this.#next = entry.seq + 1;
    }
    this.#unseen = this.#next;
    this.#version = version;
  }

  get(id: number, key: Uint8Array): Uint8Array | undefined {
    return this.#tables.get(id)?.get(byteText(key))?.value;
  }

  set(id: number, key: Uint8Array, value: Uint8Array): 0 | -1 {
    if (this.closed) return -1;
    const table = this.#table(id);
    const text = byteText(key);
    const old = table.get(text);
    // The bytes usually are a view of the module's memory.
    const entry = { seq: old?.seq ?? this.#next++, id, key: old?.key ?? key.slice(), value: value.slice() };
    table.set(text, entry);
    return this.#note(entry.seq, entry);
  }

  delete(id: number, key: Uint8Array): 0 | -1 {
    if (this.closed) return -1;
    const table = this.#tables.get(id);
    const text = byteText(key);
    const old = table?.get(text);
    if (!old) return 0;
    table!.delete(text);
    if (table!.size === 0) this.#tables.delete(id);
    return this.#note(old.seq, null);
  }

  size(id: number): number {
    return this.#tables.get(id)?.size ?? 0;
  }

  keys(id: number): Uint8Array[] {
    return Array.from(this.#tables.get(id)?.values() ?? [], (entry) => entry.key);
  }

  entries(id: number): [Uint8Array, Uint8Array][] {
    return Array.from(this.#tables.get(id)?.values() ?? [], ({ key, value }) => [key, value]);
  }

  drop(id: number): 0 | -1 {
    if (this.closed) return -1;
    const table = this.#tables.get(id);
    this.#tables.delete(id);
    for (const entry of table?.values() ?? []) this.#note(entry.seq, null);
    return 0;
  }

  clear(): 0 | -1 {
    if (this.closed) return -1;
    this.#tables.clear();
    this.#journal.clear = true;
    this.#journal.entries.clear();
    this.onchange?.();
    return 0;
  }

  tables(): number[] {
    return [...this.#tables.keys()].sort((a, b) => a - b);
  }

  get version(): number {
    return this.#version;
  }

  /** Throws a RangeError unless it is an integer from 0 to 2^32 - 1. */
  set version(version: number) {
    if (version >>> 0 !== version)
      throw new RangeError(`a state's version is an integer from 0 to 2**32-1, not ${String(version)}`);
    if (version === this.#version || this.closed) return;
    this.#version = this.#journal.version = version;
    this.onchange?.();
  }

  /** An entry's removal by its number alone: for one that the store could not read. */
  forget(seq: number): void {
    if (!this.closed) this.#note(seq, null);
  }

  get dirty(): boolean {
    return !isEmpty(this.#journal);
  }

  /** Hands over the journal and begins a new one. */
  take(): Journal {
    const journal = this.#journal;
    this.#journal = emptyJournal();
    this.#unseen = this.#next;
    return journal;
  }

  /** Takes back a journal that could not be committed. What has changed since then counts. */
  restore(failed: Journal): void {
    const since = this.#journal;
    this.#journal = {
      clear: failed.clear || since.clear,
      entries: since.clear ? since.entries : new Map([...failed.entries, ...since.entries]),
      version: since.version ?? failed.version,
    };
  }

  #table(id: number): Map<string, Entry> {
    let table = this.#tables.get(id);
    if (!table) this.#tables.set(id, (table = new Map()));
    return table;
  }

  #note(seq: number, entry: Entry | null): 0 {
    // What came and went between two commits is nobody's business.
    if (!entry && seq >= this.#unseen) this.#journal.entries.delete(seq);
    else this.#journal.entries.set(seq, entry);
    this.onchange?.();
    return 0;
  }
}
