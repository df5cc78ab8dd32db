/** Changes of records on their way from a worker to the page that keeps them. */
import { Reader, Writer } from "../codec.js";
import { RecordMap } from "../store/records.js";
import type { Records } from "../store/store.js";

const enum Change {
  Set, Delete, Drop, Clear,
}

/** The worker's records: what the module changes is noted. */
export class NotedRecords extends RecordMap {
  readonly #log = new Writer();

  #note(change: Change, id: number, ...parts: Uint8Array[]): void {
    this.#log.u8(change);
    this.#log.u32(id);
    for (const part of parts) this.#log.block(part);
  }

  override set(id: number, key: Uint8Array, value: Uint8Array): 0 | -1 {
    this.#note(Change.Set, id, key, value);
    return super.set(id, key, value);
  }

  override delete(id: number, key: Uint8Array): 0 | -1 {
    this.#note(Change.Delete, id, key);
    return super.delete(id, key);
  }

  override drop(id: number): 0 | -1 {
    this.#note(Change.Drop, id);
    return super.drop(id);
  }

  override clear(): 0 | -1 {
    this.#note(Change.Clear, 0);
    return super.clear();
  }

  /** What has changed since the last call; undefined: nothing. */
  changes(): Uint8Array | undefined {
    // The journal is for stores, of which there is none here.
    this.take();
    const bytes = this.#log.take().slice();
    return bytes.length ? bytes : undefined;
  }
}

/** Makes the changes in the page's records. */
export function applyChanges(bytes: Uint8Array, records: Records): void {
  for (const r = new Reader(bytes); !r.done; ) {
    const change: Change = r.u8();
    const id = r.u32();
    if (change === Change.Clear) records.clear();
    else if (change === Change.Drop) records.drop(id);
    else if (change === Change.Delete) records.delete(id, r.block());
    else records.set(id, r.block(), r.block());
  }
}
