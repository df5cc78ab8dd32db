/**
 * One writer per state. Web Locks hold among the tabs and workers of an origin; where there are none (an insecure
 * context, node) the lock holds within this thread, and the stores' own check at each commit is what keeps others out.
 */
import { StoreError, type OpenOptions } from "./store.js";

/** A lock that is held. */
export interface Hold {
  /** Resolves when somebody else can take it. */
  release(): Promise<void>;
}

/**
 * Takes the lock `key` of the state `name`. Gives undefined if somebody else has it and the session may be read-only.
 * Throws a StoreError ("locked"), or the signal's reason.
 */
export function acquire(key: string, name: string, options: OpenOptions): Promise<Hold | undefined> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? acquireWebLock(locks, key, name, options) : acquireLocal(key, name, options);
}

/** What happens where a lock is taken already and waiting was not asked for. Throws a StoreError. */
export function conflict(name: string, options: OpenOptions, where = "in another tab, worker or session"): undefined {
  if (options.onConflict === "readonly") return undefined;
  throw new StoreError("locked", `the state "${name}" is open ${where}; close it there, or open it with onConflict "readonly" or "wait"`);
}

function acquireWebLock(locks: LockManager, key: string, name: string, options: OpenOptions): Promise<Hold | undefined> {
  const { onConflict, signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const how: LockOptions = onConflict !== "wait" ? { ifAvailable: true } : signal ? { signal } : {};
    const ended = locks.request(key, how, (lock) => {
      if (!lock) return resolve(conflict(name, options));
      // The lock is held until the promise given to the lock manager settles.
      return new Promise<void>((free) => {
        resolve({
          release() {
            free();
            return ended.then(() => {}, () => {});
          },
        });
      });
    });
    // If the lock is stolen later this changes nothing: the next commit finds out.
    ended.catch(reject);
  });
}

const local = new Map<string, Promise<void>>();

/** As `acquire`, among the sessions of this thread only. */
export async function acquireLocal(key: string, name: string, options: OpenOptions): Promise<Hold | undefined> {
  const { onConflict, signal } = options;
  for (let held; (held = local.get(key)); ) {
    if (onConflict !== "wait") return conflict(name, options, "in another session of this program");
    await abortable(held, signal);
  }
  signal?.throwIfAborted();
  let free!: () => void;
  local.set(key, new Promise((resolve) => (free = resolve)));
  return {
    async release() {
      local.delete(key);
      free();
    },
  };
}

/** The promise, or a rejection with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
