/** States that live as long as the store object does: for tests, and for programs that want sessions but no trace. */
import { acquireLocal } from "./local-lock.js";
import type { Entry, Journal } from "./records.js";
import { checkName, openSession, type Backend } from "./session.js";
import type { OpenOptions, Session, Store } from "./store.js";

interface Stored {
  entries: Map<number, Entry>;
  version: number;
}

let stores = 0;

export class MemoryStore implements Store {
  #states = new Map<string, Stored>();
  #prefix = `memory ${++stores}:`;

  open(name: string, options: OpenOptions = {}): Promise<Session> {
    return openSession(name, options, this.#prefix + name, async () => this.#backend(name), acquireLocal);
  }

  async list(): Promise<string[]> {
    return [...this.#states.keys()].sort();
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    const lock = await acquireLocal(this.#prefix + name, name, {});
    this.#states.delete(name);
    await lock!.release();
  }

  #backend(name: string): Backend {
    const states = this.#states;
    const stored = states.get(name);
    return {
      // A copy: the session must not see, nor make, changes but by commits. An entry keeps its place when it is set anew,
      // and numbers ascend, so the order is that of the numbers.
      entries: [...(stored?.entries.values() ?? [])],
      version: stored?.version ?? 0,
      fresh: !stored,
      commit(journal: Journal) {
        const old = states.get(name);
        const entries = new Map(journal.clear ? [] : old?.entries);
        for (const [seq, entry] of journal.entries) {
          if (entry) entries.set(seq, entry);
          else entries.delete(seq);
        }
        states.set(name, { entries, version: journal.version ?? old?.version ?? 0 });
      },
      close() {},
    };
  }
}
