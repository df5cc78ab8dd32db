/** The state that an instance works on: which records, when they are saved, and upgrades from older versions of them. */
import { LuaError } from "./error.js";
import { RecordMap } from "./store/records.js";
import type { OpenOptions, Records, Session, Store } from "./store/store.js";

export interface StateOptions {
  /** Where the state is kept. Without one, `Memory` lasts as long as the instance. */
  store?: Store | undefined;
  /** The state's name in the store; `default` by default. */
  name?: string | undefined;
  /** False: `Memory` starts empty, and what is stored stays until the first `save()` replaces it. True by default. */
  autoRestore?: boolean | undefined;
  /** False: the instance works on a copy of the state, and only `save()` writes. True by default. */
  autoSave?: boolean | undefined;
  /** What to do if another page or process has the state. */
  onConflict?: OpenOptions["onConflict"];
  /** The application's version of what is under `Memory`. */
  version?: number | undefined;
  /** Ends the loading. */
  signal?: AbortSignal | undefined;
}

export function copyRecords(from: Records, to: Records): void {
  for (const id of from.tables()) for (const [key, value] of from.entries(id)) to.set(id, key, value);
}

export class State {
  /** The version of a copy that is not the session's. */
  version: number | undefined;

  private constructor(
    /** The open state, if there is a store. */
    readonly session: Session | undefined,
    /** What the module works on: the session's records, or a copy. */
    readonly records: Records,
  ) {}

  /** Opens the state. Fails with a `StoreError`, or the signal's reason. */
  static async open({ store, name = "default", autoRestore, autoSave, onConflict, signal }: StateOptions): Promise<State> {
    const session = await store?.open(name, { ...(signal && { signal }), ...(onConflict && { onConflict }) });
    if (session && autoRestore !== false && autoSave !== false) return new State(session, session.records);
    const records = new RecordMap();
    if (session && autoRestore !== false) copyRecords(session.records, records);
    return new State(session, records);
  }

  /** The session, if what it has stored is of another version. */
  outdated(version: number | undefined): Session | undefined {
    return version === undefined || this.session?.version === version ? undefined : this.session;
  }

  /** Brings to the disk what has been flushed. */
  async save(): Promise<void> {
    const { session, records } = this;
    if (!session) throw new LuaError("there is no store to save to: give one when loading", { kind: "persist" });
    if (records !== session.records) {
      const go = session.hold();
      session.records.clear();
      copyRecords(records, session.records);
      session.version = this.version ?? session.version;
      go();
    }
    await session.save();
  }
}
