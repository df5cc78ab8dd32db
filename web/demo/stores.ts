/** Where the demo pages keep their states: one database, a state for each page. */
import { IndexedDbStore } from "moonwright";

export const store = new IndexedDbStore({ database: "moonwright-demo" });

/** What a state's records take: bytes of keys and values, and how many there are. */
export function weigh(records: { tables(): number[]; entries(id: number): [Uint8Array, Uint8Array][] }): { bytes: number; entries: number } {
  let bytes = 0;
  let entries = 0;
  for (const id of records.tables()) {
    for (const [key, value] of records.entries(id)) {
      bytes += key.length + value.length;
      entries++;
    }
  }
  return { bytes, entries };
}
