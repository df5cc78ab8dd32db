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
export async function acquire(key: string, name: string, options: OpenOptions): Promise<Hold | undefined> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? acquireWebLock(locks, key, name, options) : (await import("./local-lock.js")).acquireLocal(key, name, options);
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
