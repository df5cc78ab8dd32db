/** What IndexedDbStore needs less often: the states as a whole, and what can't be read in them. */
import { promisifyRequest as result } from "idb-keyval";
import { all, ended, RECORDS, STATES, write } from "./indexeddb.js";
import { acquire } from "./lock.js";
import type { Backend } from "./session.js";

/** The states' names, sorted. Closes the connection. */
export async function list(db: IDBDatabase): Promise<string[]> {
  try {
    return (await result(db.transaction(STATES).objectStore(STATES).getAllKeys())).map(String).sort();
  } finally {
    db.close();
  }
}

/** Deletes a state that nobody has open. Closes the connection. */
export async function remove(db: IDBDatabase, name: string, lockName: string, durability: "strict" | "relaxed"): Promise<void> {
  try {
    const lock = await acquire(lockName, name, {});
    try {
      const { tx, states, records } = write(db, durability);
      states.delete(name);
      records.delete(all(name));
      await ended(tx);
    } finally {
      await lock!.release();
    }
  } finally {
    db.close();
  }
}

/** Entries of a state that are no records: those of `rows` that are not undefined. */
export async function listDamaged(db: IDBDatabase, name: string, rows: readonly ({ row: unknown } | undefined)[]): Promise<NonNullable<Backend["damaged"]>> {
  const keys = await result(db.transaction(RECORDS).objectStore(RECORDS).getAllKeys(all(name)));
  return rows.flatMap((bad, n) => {
    if (!bad) return [];
    const seq = (keys[n] as [string, number])[1];
    const place = `entry ${String(seq)} of the state "${name}" in the database "${db.name}" is not a record`;
    return [{ seq, place, bytes: bad.row instanceof Uint8Array ? bad.row : undefined }];
  });
}
