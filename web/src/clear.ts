/** Emptying `Memory`, and having it read anew. */
import type { Bridge } from "./bridge.js";
import { collectTables } from "./instance.js";

/** The stored table that is behind `Memory` when an instance starts. */
const FIRST = 1;

/** Puts another table behind `Memory` while `change` changes what is stored; then `Memory` is read from there. */
export function standIn(bridge: Bridge, change: () => void, id = FIRST): void {
  const attach = (id: number): void => {
    if (id === 0 || bridge.enter((x) => x.attach_memory_table(id)) !== 0) throw bridge.lastError();
  };
  attach(bridge.enter((x) => x.ext_table_new()));
  change();
  attach(id);
}

/** Forgets all that was read from the store: what scripts hold of it goes on as plain tables. Drops it from the records, too. */
export function detachMemory(bridge: Bridge): void {
  standIn(bridge, () => collectTables(bridge), bridge.enter((x) => x.get_memory_table_id()));
}

/** Makes `Memory` an empty table, without looking at what was in it: that may be damaged. */
export function clearMemory(bridge: Bridge): void {
  detachMemory(bridge);
  // The table that stood in.
  collectTables(bridge);
}
