/** Whole states as files, and what can't be read in them, for an instance that runs. */
import type { Bridge } from "./bridge.js";
import { standIn } from "./clear.js";
import { collectTables } from "./instance.js";
import type { State } from "./state.js";
import * as stateFile from "./store/state-file.js";
import type { Records } from "./store/store.js";
import { dropUnreadable, exportUnreadable, findUnreadable, type UnreadableEntry } from "./store/unreadable.js";

/** The state as it is now. */
export async function exportState(bridge: Bridge, { session, records }: State): Promise<Blob> {
  bridge.flush();
  return stateFile.exportState({ records, version: session?.version ?? 0 });
}

/** Replaces the state by the file's. Nothing has changed if that is damaged (a `StoreError`). */
export async function importState(bridge: Bridge, state: Pick<State, "session" | "records" | "version">, file: Blob | Uint8Array): Promise<void> {
  const { session, records } = state;
  const { version, entries } = await stateFile.readState(file);
  bridge.flush();
  const go = session?.hold();
  try {
    standIn(bridge, () => {
      collectTables(bridge);
      records.clear();
      for (const { id, key, value } of entries) records.set(id, key, value);
      bridge.enter((x) => x.sync_external_table_counter(nextId(records)));
    });
    collectTables(bridge);
    if (records !== session?.records) state.version = version;
    else session.version = version;
  } finally {
    go?.();
  }
}

/** The runtime's counter of ids, as the records have it; 0 if they don't. */
export function nextId(records: Records): number {
  const counter = records.get(0, Uint8Array.of(0x13));
  return counter && counter.length >= 6 ? new DataView(counter.buffer, counter.byteOffset).getUint32(2, true) : 0;
}

/** What in the state no module can read, and what can be done with that. */
export class Unreadable {
  constructor(
    private readonly records: Records,
    readonly entries: readonly UnreadableEntry[],
  ) {}

  /** The entries as a state file of their own, to be looked at elsewhere. */
  export(): Promise<Blob> {
    return exportUnreadable(this.entries);
  }

  /** Removes the entries from the state, as far as they still are what they were. The number of those removed. */
  drop(): number {
    return dropUnreadable(this.records, this.entries);
  }
}

export function unreadable(bridge: Bridge, { records }: Pick<State, "records">): Unreadable {
  bridge.flush();
  return new Unreadable(records, findUnreadable(records));
}
