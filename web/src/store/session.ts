/**
 * A session over any place that can load entries and commit a journal as a whole: when commits happen, what becomes of
 * those that fail, and who is told.
 */
import { acquire, type Hold } from "./lock.js";
import { RecordMap, type Entry, type Journal } from "./records.js";
import { StoreError, type DamagedEntry, type OpenOptions, type Session } from "./store.js";

/** What a store's kind has to do for one open state. */
export interface Backend {
  /** The entries on disk in ascending order of their numbers. Read once. */
  readonly entries: Iterable<Entry>;
  readonly version: number;
  /** True if there is no state of that name yet. */
  readonly fresh: boolean;
  /** Names or codes of errors that say that there is no room, beside QuotaExceededError. */
  readonly full?: RegExp;
  /** Entries that could not be read: their numbers, to be dropped by, and what to tell people. */
  readonly damaged?: readonly { seq: number; place: string; bytes: Uint8Array | undefined }[];
  /**
   * Writes the journal, all or nothing, over what the last successful commit left. `all` is the whole state as it is now. If the page is
   * `leaving`, what can be done should be done before this returns.
   */
  commit(journal: Journal, all: RecordMap, leaving: boolean): Promise<void> | void;
  /** Gives connections free. Called once, after the last commit. */
  close(): Promise<void> | void;
}

/**
 * Opens a session: takes the lock `lock` (or, as `options` ask, goes on read-only), then loads through `load`.
 * Throws a StoreError.
 */
export async function openSession(
  name: string,
  options: OpenOptions,
  lock: string,
  load: (readonly: boolean) => Promise<Backend>,
  take: typeof acquire = acquire,
): Promise<Session> {
  checkName(name);
  const held = await take(lock, name, options);
  try {
    options.signal?.throwIfAborted();
    return new StateSession(name, await load(!held), held);
  } catch (error) {
    await held?.release();
    throw error;
  }
}

/** Throws a TypeError unless it can name a state. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string" || name === "" || /[\ud800-\udfff]/u.test(name))
    throw new TypeError(`a state's name is a text that is not empty, not ${JSON.stringify(name)}`);
}

/** Any failure of a commit as a StoreError. */
function asStoreError(error: unknown, name: string, full: RegExp | undefined): StoreError {
  if (error instanceof StoreError) return error;
  const { name: kind, code, message } = (error ?? {}) as { name?: string; code?: string; message?: string };
  return kind === "QuotaExceededError" || full?.test(`${kind} ${code}`)
    ? new StoreError("quota", `no room to save the state "${name}"; its changes are kept: free some room and save again`, error)
    : new StoreError("failed", `saving the state "${name}" failed: ${message ?? String(error)}`, error);
}

class StateSession implements Session {
  readonly name: string;
  readonly records: RecordMap;
  readonly readonly: boolean;
  readonly fresh: boolean;
  readonly damaged: readonly DamagedEntry[];
  #backend: Backend;
  #lock: Hold | undefined;
  #listeners = new Set<(error: StoreError) => void>();
  /** Settles, never rejecting, when no commit is under way or asked for. */
  #tail: Promise<void> = Promise.resolve();
  /** What the last commit writes, until it ends. */
  #current: Journal | undefined;
  /** Settles, never rejecting, when what went out as the page was being left is on disk, or is not. */
  #left: Promise<void> | undefined;
  #holds = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;

  constructor(name: string, backend: Backend, lock: Hold | undefined) {
    this.name = name;
    this.readonly = !lock;
    this.fresh = backend.fresh;
    this.#backend = backend;
    this.#lock = lock;
    const records = (this.records = new RecordMap(backend.entries, backend.version));
    this.damaged = (backend.damaged ?? []).map(({ seq, place, bytes }) => ({ place, bytes, drop: () => records.forget(seq) }));
    if (lock) {
      records.onchange = () => this.#schedule();
      globalThis.addEventListener?.("pagehide", this.#leave);
      globalThis.document?.addEventListener("visibilitychange", this.#leave);
    }
  }

  get version(): number {
    return this.records.version;
  }

  set version(version: number) {
    this.records.version = version;
  }

  get dirty(): boolean {
    return !!this.#current || this.records.dirty;
  }

  save(): Promise<void> {
    // Commits follow one another: a later one must not overtake the one whose changes it builds on.
    const saved = this.#tail.then(() => this.#commit(false));
    this.#tail = saved.catch(() => {});
    return saved;
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (held && --this.#holds === 0) this.#schedule();
      held = false;
    };
  }

  close(options: { discard?: boolean } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.discard === true || this.readonly).catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    }));
  }

  on(_event: "error", listener: (error: StoreError) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #close(discard: boolean): Promise<void> {
    if (discard) {
      this.records.closed = true;
      this.records.take();
      await this.#tail;
    } else {
      // What is handed over while the last commit runs still belongs to the state.
      do await this.save();
      while (this.records.dirty);
      this.records.closed = true;
    }
    globalThis.removeEventListener?.("pagehide", this.#leave);
    globalThis.document?.removeEventListener("visibilitychange", this.#leave);
    try {
      await this.#backend.close();
    } finally {
      await this.#lock?.release();
    }
  }

  /** The page may be gone in a moment: whatever is there goes out now. */
  #leave = (event: Event): void => {
    const leaving = event.type === "pagehide" || globalThis.document?.visibilityState === "hidden";
    if (this.#holds || !leaving) return;
    if (this.#current) {
      // It may need more turns of the page than there are, and what comes after it would have to wait for it: all goes out now
      // in one piece. If the other one gets through nevertheless, that one comes after it.
      try {
        this.#current.abort?.();
      } catch {
        // It is on its way to the disk.
      }
      this.records.restore(this.#current);
    }
    // If that fails and the page stays, the next commit tells.
    if (this.records.dirty) this.#left = this.#commit(true).catch(() => this.#schedule());
  };

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#holds || !this.records.dirty) return;
      this.save().catch((error: unknown) => {
        // Nobody misses what was given up with the session.
        if (this.records.closed) return;
        // Without a listener, a lost write must at least not go unseen.
        if (this.#listeners.size === 0) console.error(error);
        for (const listener of this.#listeners) listener(error as StoreError);
      });
    });
  }

  async #commit(leaving: boolean): Promise<void> {
    const { records } = this;
    if (!leaving) await this.#left;
    if (records.closed) throw new StoreError("closed", `the state "${this.name}" is closed; open it again`);
    if (!records.dirty) return;
    if (this.readonly)
      throw new StoreError("readonly", `the state "${this.name}" is open elsewhere: it is read-only here`);
    const journal = (this.#current = records.take());
    try {
      await this.#backend.commit(journal, records, leaving);
    } catch (error) {
      // Another one has taken its place: the journal is in that one, or back where it came from.
      if (this.#current !== journal) return await this.#commit(false);
      records.restore(journal);
      throw asStoreError(error, this.name, this.#backend.full);
    } finally {
      if (this.#current === journal) this.#current = undefined;
    }
  }
}
