/**
 * A whole state as one file: versioned, checksummed, compressed if wanted. The Rust crate reads and writes the same.
 * docs/state-file.md has it byte by byte.
 */
import { fail, HEADER, STATE, unwrap, unwrapCompressed, wrap, wrapCompressed } from "./container.js";
import { byteText, view, type Entry } from "./records.js";
import type { Records } from "./store.js";

/** What a state file holds. */
export interface StateFile {
  /** The application's version of the state. */
  version: number;
  /** Ascending by table, and within a table in order of insertion. Their bytes may be views of the file. */
  entries: Entry[];
}

/** The state as a file that is not compressed: for where nothing can be waited for. */
export function writeStateSync(records: Records, version: number): Uint8Array {
  return wrap(STATE, version, encode(records));
}

/** The state as a file, compressed unless `compress` is false. What is in the file is what was there at the call. */
export async function writeState(records: Records, version: number, compress = true): Promise<Uint8Array> {
  const body = encode(records);
  return compress ? wrapCompressed(STATE, version, body) : wrap(STATE, version, body);
}

/** Reads a file that is not compressed. Throws a StoreError ("damaged") that names the place. */
export function readStateSync(file: Uint8Array): StateFile {
  const { info, body } = unwrap(STATE, file);
  return { version: info, entries: decode(body) };
}

/** Reads a file. Rejects with a StoreError ("damaged") that names the place. */
export async function readState(file: Uint8Array | Blob): Promise<StateFile> {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
  const { info, body } = await unwrapCompressed(STATE, bytes);
  return { version: info, entries: decode(body) };
}

/** A session's state as one Blob, to be offered for download, say. */
export async function exportState(session: { records: Records; version: number }, options: { compress?: boolean } = {}): Promise<Blob> {
  const file = await writeState(session.records, session.version, options.compress);
  return new Blob([file as BlobPart], { type: "application/octet-stream" });
}

/**
 * Puts a state file in the place of all that the session holds, its version too; `session.save` tells when that is on disk, as a
 * whole. A file that can't be read is a StoreError, and nothing has changed. Not for a session whose records
 * an instance has loaded from: that one has to be started anew.
 */
export async function importState(session: { records: Records; version: number }, file: Uint8Array | Blob): Promise<void> {
  const { version, entries } = await readState(file);
  session.records.clear();
  for (const { id, key, value } of entries) session.records.set(id, key, value);
  session.version = version;
}

function encode(records: Records): Uint8Array {
  const ids = records.tables();
  const tables = ids.map((id) => records.entries(id));
  let size = 4;
  for (const table of tables) {
    size += 8;
    for (const [key, value] of table) size += 8 + key.length + value.length;
  }
  const body = new Uint8Array(size);
  const data = view(body);
  let at = 0;
  const u32 = (number: number): void => {
    data.setUint32(at, number, true);
    at += 4;
  };
  const bytes = (part: Uint8Array): void => {
    u32(part.length);
    body.set(part, at);
    at += part.length;
  };
  u32(ids.length);
  ids.forEach((id, n) => {
    u32(id);
    u32(tables[n]!.length);
    for (const [key, value] of tables[n]!) {
      bytes(key);
      bytes(value);
    }
  });
  return body;
}

function decode(body: Uint8Array): Entry[] {
  const data = view(body);
  const entries: Entry[] = [];
  const known = new Set<string>();
  let at = 0;
  let place = "";
  const bad = (how: string): never => fail("state file", `${place}at byte ${at} of the body (${HEADER + at} of an uncompressed file) ${how}`);
  const u32 = (): number => {
    if (body.length - at < 4) bad(`a number of 4 bytes is expected, and ${body.length - at} are left`);
    at += 4;
    return data.getUint32(at - 4, true);
  };
  const bytes = (): Uint8Array => {
    const length = u32();
    if (body.length - at < length) bad(`${length} bytes are expected, and ${body.length - at} are left`);
    at += length;
    return body.subarray(at - length, at);
  };
  let last = -1;
  for (let tables = u32(); tables > 0; tables--) {
    place = "";
    const id = u32();
    if (id <= last) bad(`table ${id} comes after table ${last}`);
    last = id;
    known.clear();
    const count = u32();
    for (let n = 0; n < count; n++) {
      place = `in entry ${n} of table ${id}, `;
      const key = bytes();
      const value = bytes();
      const text = byteText(key);
      if (known.has(text)) bad("is the end of an entry whose key came before");
      known.add(text);
      entries.push({ seq: entries.length + 1, id, key, value });
    }
  }
  place = "";
  if (at !== body.length) bad(`the last table ends, and ${body.length - at} bytes follow`);
  return entries;
}
