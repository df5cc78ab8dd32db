/** Locks among the sessions of one thread, for where the engine has no Web Locks. */
import { conflict, type Hold } from "./lock.js";
import type { OpenOptions } from "./store.js";

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
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
