/**
 * Entries of a state that no module can read: damaged bytes, and functions whose parts are missing. Found by their bytes alone
 * (docs/stored-format.md), without running anything. What is readable but names something that the new program does not
 * have (a permanent, a text that no longer compiles) only shows when it is touched.
 */
import { RecordMap, view } from "./records.js";
import { writeState } from "./state-file.js";
import type { Records } from "./store.js";

/** One entry that can't be read. */
export interface UnreadableEntry {
  /** The stored table; 0 is the runtime's own. */
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** What is wrong, with the position in the key or value. */
  readonly reason: string;
}

const [NIL, BOOLEAN, INTEGER, FLOAT, STRING, BYTECODE, LIBRARY, TABLE] = [0, 1, 2, 3, 4, 5, 6, 7];
const [FUNCTION, CELL, TEXT, COUNTER, METATABLE, PERMANENT, HANDLE] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16];
const [COROUTINE, WRAP] = [0x17, 0x18];
const [VERSION, SEALED] = [1, 2];
/** What has a record in table 0 and is referred to by values. */
const OBJECTS: Record<number, string> = { [FUNCTION]: "function", [COROUTINE]: "coroutine", [WRAP]: "function of coroutine.wrap" };
/** What bytecode begins with. */
const SIGNATURE = [0x1b, 0x4c, 0x75, 0x61];

/** Lists them, by table and in order of insertion. */
export function findUnreadable(records: Records): UnreadableEntry[] {
  return records.tables().flatMap((table) =>
    records.entries(table).flatMap(([key, value]) => {
      try {
        (table === 0 ? checkOwn : checkEntry)(records, key, unsealed(value));
        return [];
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        return [{ table, key, value, reason: error.message }];
      }
    }),
  );
}

/** The entries as a state file of their own, to be looked at elsewhere. */
export async function exportUnreadable(entries: readonly UnreadableEntry[]): Promise<Blob> {
  const records = new RecordMap();
  for (const { table, key, value } of entries) records.set(table, key, value);
  return new Blob([(await writeState(records, 0)) as BlobPart], { type: "application/octet-stream" });
}

/** Removes the entries, as far as they still are what they were when they were found. The number of those removed. */
export function dropUnreadable(records: Records, entries: readonly UnreadableEntry[]): number {
  const same = entries.filter(({ table, key, value }) => records.get(table, key) === value);
  return same.filter(({ table, key }) => records.delete(table, key) === 0).length;
}

class Unreadable extends Error {}

/** A stored value without its seal, which must fit: as it stands in the tables of docs/stored-format.md. */
function unsealed(value: Uint8Array): Uint8Array {
  if (value.length <= 6 || value[0]! < FUNCTION || value[1] !== SEALED) return value;
  const bytes = value.slice(0, -4);
  const found = view(value).getUint32(bytes.length, true);
  const expected = check(bytes);
  if (found !== expected) throw new Unreadable(`value: its check is ${found} at byte ${bytes.length}, and ${expected} is expected`);
  bytes[1] = VERSION;
  return bytes;
}

/** The low half of the 64-bit FNV-1a hash: the prime's upper half is above what it depends on. */
function check(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x1b3), 0x84222325) >>> 0;
}

/** Reads bytes in order; throws Unreadable. */
class Reader {
  at = 0;
  constructor(
    readonly what: string,
    readonly bytes: Uint8Array,
  ) {}

  fail(how: string): never {
    throw new Unreadable(`${this.what}: ${how}`);
  }

  skip(count: number): number {
    const left = this.bytes.length - this.at;
    if (left < count) this.fail(`${count} bytes are expected at byte ${this.at}, and ${left} are left`);
    return (this.at += count) - count;
  }

  u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  u32(): number {
    return view(this.bytes).getUint32(this.skip(4), true);
  }

  f64(): number {
    return view(this.bytes).getFloat64(this.skip(8), true);
  }

  string(): void {
    this.skip(this.u32());
  }

  expect(name: string, expected: number): void {
    const found = this.u8();
    if (found !== expected) this.fail(`${name} is ${found} at byte ${this.at - 1}, and ${expected} is expected`);
  }

  end(): void {
    if (this.at !== this.bytes.length) this.fail(`it ends at byte ${this.at}, and has ${this.bytes.length}`);
  }
}

/** An entry of a table of the script's. */
function checkEntry(records: Records, key: Uint8Array, value: Uint8Array): void {
  const reader = new Reader("value", value);
  if (key[0] === METATABLE) {
    checkKey(key);
    reader.expect("the tag", METATABLE);
    reader.expect("the version", VERSION);
    if (value[2] !== TABLE && value[2] !== PERMANENT) reader.fail(`a metatable is a table or a permanent, not tag ${value[2]}`);
  } else if (key[0]! > METATABLE) return; // left alone by modules too
  else checkKey(key);
  checkValue(records, reader);
  reader.end();
}

function checkKey(key: Uint8Array): void {
  const reader = new Reader("key", key);
  const tag = reader.u8();
  if (tag === BOOLEAN) checkBoolean(reader);
  else if (tag === INTEGER) reader.skip(8);
  else if (tag === FLOAT) {
    const number = reader.f64();
    // Beyond the range of integers a float stays one.
    if (Number.isNaN(number) || (Number.isInteger(number) && number >= -(2 ** 63) && number < 2 ** 63)) reader.fail(`a float key is never ${number}`);
  } else if (tag === STRING) reader.string();
  else if (tag < FUNCTION) reader.fail(`tag ${tag} is no key's`);
  else if (tag !== METATABLE) return;
  reader.end();
}

function checkBoolean(reader: Reader): void {
  if (reader.u8() > 1) reader.fail(`a boolean is 0 or 1 at byte ${reader.at - 1}`);
}

/** A value; what it refers to, too, if it is to be looked at `deep`. */
function checkValue(records: Records, reader: Reader, deep = true): void {
  const tag = reader.u8();
  if (tag >= FUNCTION) reader.expect("the version", VERSION);
  switch (tag) {
    case NIL: return;
    case BOOLEAN: return checkBoolean(reader);
    case INTEGER:
    case FLOAT: return void reader.skip(8);
    case STRING: return reader.string();
    case BYTECODE: {
      const at = reader.at + 4;
      reader.string();
      // The rest is for a module's verifier to judge.
      return SIGNATURE.every((byte, n) => reader.bytes[at + n] === byte) ? undefined : reader.fail("bytecode begins with its signature");
    }
    case LIBRARY: return void reader.skip(2);
    case TABLE:
    case HANDLE: return reader.u32() === 0 ? reader.fail("0 is no table") : undefined;
    case FUNCTION:
    case COROUTINE:
    case WRAP: return checkObject(records, reader, tag, deep);
    case PERMANENT:
      if (reader.u8() > 1) reader.fail("a permanent is named by the runtime (0) or by a script (1)");
      return reader.string();
    default: reader.fail(`tag ${tag} is no value's`);
  }
}

/** The record of a function or coroutine and what it refers to, one level deep: what that holds are entries of their own. */
function checkObject(records: Records, reader: Reader, tag: number, deep: boolean): void {
  const id = reader.bytes.slice(reader.skip(4), reader.at);
  const record = records.get(0, Uint8Array.of(tag, ...id));
  const name = `${OBJECTS[tag]} ${view(id).getUint32(0, true)}`;
  if (!record) return reader.fail(`${name} has no record in table 0`);
  if (!deep) return;
  try {
    checkOwn(records, Uint8Array.of(tag, ...id), unsealed(record));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    reader.fail(`${name} can't be read (${error.message})`);
  }
}

/** Fails unless table 0 has the record of that kind and id. */
type Needs = (kind: number, what: string, id: Uint8Array) => void;

/** A coroutine's stack, variables to be closed, and frames. Whether they fit the functions' code is for a module to judge. */
function checkCoroutine(records: Records, reader: Reader, needs: Needs): void {
  const [lua, status] = [reader.u8(), reader.u8()];
  if (lua !== 54 && lua !== 55) reader.fail(`${lua} is no version of Lua`);
  if (status > 5) reader.fail(`${status} is no status of a coroutine`);
  const [slots, closed] = [reader.u32(), reader.u32()];
  if (slots === 0) reader.fail("a stack is never empty");
  for (let slot = slots - 1; slot > 0; slot--) {
    if (reader.bytes[reader.at] !== CELL) checkValue(records, reader, false);
    else needs(CELL, `variable in slot ${slot}`, reader.bytes.subarray(reader.skip(6) + 2, reader.at));
  }
  reader.skip(4 * closed);
  while (reader.at < reader.bytes.length) {
    const kind = reader.u8() & 0x7f;
    if (kind > 5) reader.fail(`${kind} is no kind of a frame at byte ${reader.at - 1}`);
    reader.skip(kind === 0 ? 20 : 5);
  }
}

/** An entry of table 0. */
function checkOwn(records: Records, key: Uint8Array, value: Uint8Array): void {
  const name = new Reader("key", key);
  const tag = name.u8();
  const reader = new Reader("value", value);
  if (!(tag in OBJECTS) && tag !== CELL && tag !== TEXT && tag !== COUNTER) name.fail(`tag ${tag} is no entry's of table 0`);
  name.skip(tag === TEXT ? 8 : tag === COUNTER ? 0 : 4);
  name.end();
  reader.expect("the tag", tag);
  reader.expect("the version", VERSION);
  const needs: Needs = (kind, what, id) => {
    if (!records.get(0, Uint8Array.of(kind, ...id))) reader.fail(`its ${what} is not in table 0`);
  };
  if (tag === FUNCTION) {
    needs(TEXT, "text", value.subarray(reader.skip(8), reader.at));
    reader.skip(4);
    const cells = reader.u8();
    for (let n = 1; n <= cells; n++) needs(CELL, `upvalue ${n}`, value.subarray(reader.skip(4), reader.at));
  } else if (tag === CELL) checkValue(records, reader);
  else if (tag === COROUTINE) checkCoroutine(records, reader, needs);
  else if (tag === WRAP) {
    if (value[reader.at] !== COROUTINE) reader.fail(`it is the function of a coroutine, not of tag ${value[reader.at]}`);
    checkValue(records, reader, false);
  } else if (tag === TEXT) {
    const named = reader.u8();
    if (named === STRING) reader.string();
    else if (named !== NIL) reader.fail("a chunk's name is a string or nil");
    reader.expect("the text's tag", STRING);
    reader.string();
  } else reader.skip(8);
  reader.end();
}
