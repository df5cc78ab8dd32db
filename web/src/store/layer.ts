/**
 * A store over another one, in which each value stands as a layer has encoded it. Records are served in memory, so values are decoded
 * while a state is opened and encoded while it is committed, and both can take their time. docs/store-layers.md has the formats.
 */
import { byteText, view, type Entry, type Journal } from "./records.js";
import { openSession, type Backend } from "./session.js";
import { StoreError, type OpenOptions, type Session, type Store } from "./store.js";

/** What a layer makes of a value. Table and key are there so that no value can stand in for another one. */
export interface Layer {
  encode(table: number, key: Uint8Array, value: Uint8Array): Promise<Uint8Array>;
  /** Rejects with an error whose message says what is wrong with the bytes. */
  decode(table: number, key: Uint8Array, stored: Uint8Array): Promise<Uint8Array>;
}

/** What encoded values begin with: which layer's they are, and the version of its format. */
export const [STORED, DEFLATED, AUTHENTICATED, ENCRYPTED] = [0xe0, 0xe1, 0xe2, 0xe3];
export const VERSION = 1;

/** Values that are encoded or decoded at the same time. */
const BATCH = 256;

export class LayeredStore implements Store {
  readonly #store: Store;
  readonly #layer: Layer;

  constructor(store: Store, layer: Layer) {
    this.#store = store;
    this.#layer = layer;
  }

  open(name: string, options: OpenOptions = {}): Promise<Session> {
    let below!: Session;
    const discard = { discard: true };
    const take = async (): Promise<{ release(): Promise<void> } | undefined> => {
      below = await this.#store.open(name, options);
      if (options.signal?.aborted) {
        await below.close(discard);
        options.signal.throwIfAborted();
      }
      return below.readonly ? undefined : { release: () => below.close(discard) };
    };
    const load = async (): Promise<Backend> => {
      try {
        return await overlay(below, this.#layer);
      } catch (error) {
        await below.close(discard);
        throw error;
      }
    };
    return openSession(name, options, "", load, take);
  }

  list(): Promise<string[]> {
    return this.#store.list();
  }

  delete(name: string): Promise<void> {
    return this.#store.delete(name);
  }
}

/** The open state `below`, decoded. Rejects with a StoreError ("damaged") that names the first entry that can't be. */
async function overlay(below: Session, layer: Layer): Promise<Backend> {
  const stored = below.records.tables().flatMap((id) => below.records.entries(id).map(([key, value]) => ({ id, key, value })));
  const entries = await inBatches(stored, async ({ id, key, value }, n): Promise<Entry> => {
    try {
      return { seq: n + 1, id, key, value: await layer.decode(id, key, value) };
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError("damaged", `the entry ${keyText(key)} of table ${id} of the state "${below.name}" can't be read: ${(error as Error).message}`, error);
    }
  });
  /** What is below, by the numbers that the records above have for it. */
  const known = new Map(entries.map((entry) => [entry.seq, entry]));
  // Nothing is committed below but by the commits above.
  below.hold();
  return {
    entries,
    version: below.version,
    fresh: below.fresh,
    // Numbers below zero are no entry's.
    damaged: below.damaged.map(({ place, bytes }, n) => ({ seq: -1 - n, place, bytes })),
    async commit(journal: Journal) {
      let [givenUp, late] = [false, false];
      journal.abort = () => {
        if (late) throw new Error("the commit is on its way");
        givenUp = true;
      };
      const changed = [...journal.entries.values()].filter((entry) => entry !== null).sort((a, b) => a.seq - b.seq);
      const encoded = await inBatches(changed, ({ id, key, value }) => layer.encode(id, key, value));
      if (givenUp) throw new StoreError("failed", `the commit of the state "${below.name}" was given up for a later one`);
      late = true;
      const { records } = below;
      if (journal.clear) {
        records.clear();
        known.clear();
      }
      // What is gone comes first: its key may be there again under another number.
      for (const [seq, entry] of journal.entries) {
        if (entry) continue;
        const old = known.get(seq);
        if (old) records.delete(old.id, old.key);
        else below.damaged[-1 - seq]?.drop();
        known.delete(seq);
      }
      changed.forEach((entry, n) => {
        records.set(entry.id, entry.key, encoded[n]!);
        known.set(entry.seq, entry);
      });
      if (journal.version !== undefined) below.version = journal.version;
      await below.save();
    },
    close: () => below.close(),
  };
}

async function inBatches<T, R>(items: readonly T[], f: (item: T, n: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += BATCH) results.push(...(await Promise.all(items.slice(at, at + BATCH).map((item, n) => f(item, at + n)))));
  return results;
}

/** A key for people: a string as such, any other in hexadecimal. */
function keyText(key: Uint8Array): string {
  if (key[0] === 4 && key.length >= 5 && view(key).getUint32(1, true) === key.length - 5) return JSON.stringify(new TextDecoder().decode(key.subarray(5)));
  return key.length ? Array.from(byteText(key), (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join(" ") : "(empty)";
}

/** What follows tag and version. Throws if a value has others. */
export function contents(stored: Uint8Array, tag: number, kind: string, least: number): Uint8Array {
  if (stored[0] !== tag) throw new Error(`it is not ${kind}: it begins with ${stored.length ? stored[0] : "nothing"}, not ${tag}`);
  if (stored[1] !== VERSION) throw new Error(`version ${stored[1]} of ${kind} values is unknown here; this release reads version ${VERSION}`);
  if (stored.length < 2 + least) throw new Error(`it is truncated: it has ${stored.length} bytes, and ${kind} values at least ${2 + least}`);
  return stored.subarray(2);
}

/** Tag, version, and the parts. */
export function record(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 2));
  whole.set([tag, VERSION]);
  let at = 2;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
