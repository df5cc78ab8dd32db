/** Emptying `Memory`. */
import type { Bridge } from "./bridge.js";
import { collectTables } from "./instance.js";

/**
 * Makes `Memory` an empty table, without looking at what was in it: that may be damaged. What scripts still hold of
 * it goes on as plain tables.
 */
export function clearMemory(bridge: Bridge): void {
  detachMemory(bridge);
  // The table that stood in.
  collectTables(bridge);
}

/** Makes `Memory` a table that is read from the store when it is touched; all that was read before goes on as plain tables. */
export function detachMemory(bridge: Bridge): void {
  const attach = (id: number): void => {
    if (id === 0 || bridge.enter((x) => x.attach_memory_table(id)) !== 0) throw bridge.lastError();
  };
  const id = bridge.enter((x) => x.get_memory_table_id());
  attach(bridge.enter((x) => x.ext_table_new()));
  collectTables(bridge);
  attach(id);
}
