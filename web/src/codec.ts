/**
 * The one codec of the package: values as the module writes and reads them (docs/contract.md, "Records", and
 * docs/bridge.md, "Values"). Handles and host values are left to whoever calls.
 */

export const enum Tag {
  Nil, Boolean, Integer, Float, String, Bytecode, Library, Stored, Table, Opaque, Seen,
  Handle = 0x40, Host, Error,
}

const encoder = new TextEncoder();
// A byte order mark is text like any other, and bytes that are no text are not to be replaced by something else.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8 of a text; bytes as they are. */
export const toBytes = (text: string | Uint8Array): Uint8Array => (typeof text === "string" ? encoder.encode(text) : text);

/** The text that `bytes` are in UTF-8; what is no UTF-8 becomes U+FFFD. */
export const toText = (bytes: Uint8Array): string => lossy.decode(bytes);

/** Up to this length, a loop over ASCII is several times as fast as the engines' coders. */
const SHORT = 32;

/** The text that `bytes` are in UTF-8; undefined if they are not. */
export function asText(bytes: Uint8Array): string | undefined {
  let text = "";
  let i = bytes.length > SHORT ? -1 : 0;
  for (; i >= 0 && i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte > 127) i = -2;
    else text += String.fromCharCode(byte);
  }
  if (i === bytes.length) return text;
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes that grow. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  /** Where the next n bytes go. It may replace the view, so it has to come first. */
  #room(n: number): number {
    const at = this.#size;
    if ((this.#size += n) > this.#bytes.length) {
      const bytes = new Uint8Array(this.#size * 2);
      bytes.set(this.#bytes.subarray(0, at));
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }

  u8(n: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, n);
  }
  u32(n: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, n, true);
  }
  i64(n: bigint | number): void {
    const at = this.#room(8);
    if (typeof n === "bigint") this.#view.setBigInt64(at, n, true);
    else {
      this.#view.setInt32(at, n, true);
      this.#view.setInt32(at + 4, Math.floor(n / 2 ** 32), true);
    }
  }
  f64(n: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, n, true);
  }
  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }
  /** A length, and the text in UTF-8. */
  text(text: string): void {
    // Three bytes for each 16-bit unit are the most that UTF-8 takes.
    const at = this.#room(4 + 3 * text.length) + 4;
    let n = 0;
    if (text.length <= SHORT) {
      for (let unit; n < text.length && (unit = text.charCodeAt(n)) < 128; n++) this.#bytes[at + n] = unit;
    }
    if (n < text.length) n += encoder.encodeInto(n ? text.slice(n) : text, this.#bytes.subarray(at + n)).written;
    this.#view.setUint32(at - 4, n, true);
    this.#size = at + n;
  }
  /** A length and the bytes. */
  block(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }
  /** Gives what was written, valid until more is, and begins anew. */
  take(): Uint8Array {
    const n = this.#size;
    this.#size = 0;
    return this.#bytes.subarray(0, n);
  }
}

/** Reads what a Writer wrote; a RangeError where the bytes end too early. */
export class Reader {
  #view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  #skip(n: number): number {
    const at = this.#at;
    this.#at += n;
    return at;
  }
  get done(): boolean {
    return this.#at >= this.bytes.length;
  }
  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }
  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }
  /** A number where that is safe. */
  i64(): bigint | number {
    const at = this.#skip(8);
    const n = this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    return Number.isSafeInteger(n) ? n : this.#view.getBigInt64(at, true);
  }
  f64(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }
  /** A copy of what has not been read yet; it has been then. */
  rest(): Uint8Array {
    return this.bytes.slice(this.#skip(this.bytes.length - this.#at));
  }
  /** The bytes themselves, not a copy. */
  block(): Uint8Array {
    const n = this.u32();
    const at = this.#skip(n);
    if (this.#at > this.bytes.length) throw new RangeError(`expected ${n} bytes at ${at}, found ${this.bytes.length - at}`);
    return this.bytes.subarray(at, this.#at);
  }
}

/** Elements of an array. A hole is one, so a short program can make an array that nobody could send. */
const LONGEST = 2 ** 26;

/** A number that arrives in Lua as a float even where it is whole: `float(1)` is 1.0. */
export class LuaFloat {
  constructor(readonly value: number) {}
}
/** See {@link LuaFloat}. */
export const float = (value: number): LuaFloat => new LuaFloat(value);

/** What an encoder asks for objects that don't go by value: true if it has written the value itself. */
export type WriteReference = (value: unknown, writer: Writer) => boolean;

/**
 * Writes values, one after another. `reference` is asked first for each object, function and symbol. One table
 * of tables for all of them: parts that are shared stay shared, cycles work.
 */
export function encode(w: Writer, values: readonly unknown[], reference: WriteReference = () => false): void {
  const seen = new Map<object, number>();
  const write = (v: unknown): void => {
    switch (typeof v) {
      case "undefined":
        return w.u8(Tag.Nil);
      case "boolean":
        w.u8(Tag.Boolean);
        return w.u8(+v);
      case "number":
        if (!Number.isSafeInteger(v) || Object.is(v, -0)) {
          w.u8(Tag.Float);
          return w.f64(v);
        }
        w.u8(Tag.Integer);
        return w.i64(v);
      case "bigint":
        if (BigInt.asIntN(64, v) !== v) throw new RangeError(`${v} is no 64-bit integer`);
        w.u8(Tag.Integer);
        return w.i64(v);
      case "string":
        w.u8(Tag.String);
        return w.text(v);
    }
    if (v === null) return w.u8(Tag.Nil);
    if (v instanceof LuaFloat) {
      w.u8(Tag.Float);
      return w.f64(v.value);
    }
    const bytes = asBytes(v);
    if (bytes) {
      w.u8(Tag.String);
      return w.block(bytes);
    }
    const before = seen.get(v as object);
    if (before !== undefined) {
      w.u8(Tag.Seen);
      return w.u32(before);
    }
    if (reference(v, w)) return;
    if (typeof v !== "object") throw new TypeError(`a ${typeof v} is no value for Lua here`);
    seen.set(v, seen.size);
    w.u8(Tag.Table);
    if (Array.isArray(v)) {
      if (v.length > LONGEST) throw new RangeError(`an array of ${v.length} elements is too long for Lua`);
      w.u32(v.length);
      for (let i = 0; i < v.length; i++) {
        write(i + 1);
        write(v[i]);
      }
    } else {
      const entries = v instanceof Map ? [...v] : Object.entries(v);
      w.u32(entries.length);
      for (const [key, value] of entries) {
        if (key == null || key !== key) throw new TypeError(`${key} is no key of a Lua table`);
        write(key);
        write(value);
      }
    }
  };
  values.forEach(write);
}

function asBytes(v: unknown): Uint8Array | undefined {
  if (v instanceof ArrayBuffer) return new Uint8Array(v);
  return ArrayBuffer.isView(v) ? new Uint8Array(v.buffer, v.byteOffset, v.byteLength) : undefined;
}

/** How values come from Lua. */
export interface DecodeOptions {
  /**
   * `text` (the default): a string where the bytes are UTF-8, otherwise a `Uint8Array`, so that nothing is lost.
   * `bytes`: always a `Uint8Array` (keys of tables that are text stay strings).
   */
  strings?: "text" | "bytes" | undefined;
  /**
   * `copy` (the default): a table with the keys 1 to n becomes an array, one with keys that are all text (or without
   * any) an object, any other a `Map`. `map`: always a `Map`. `handle`: a `LuaTable`. `auto`: as `copy`, but
   * tables with a metatable as `LuaTable`.
   */
  tables?: "copy" | "map" | "handle" | "auto" | undefined;
}

/** What a decoder asks for values that are no data. */
export interface References {
  handle(kind: number, id: number): unknown;
  host(id: number): unknown;
  /** Reads the payload of another tag. */
  other?(tag: number, r: Reader): unknown;
}

/** A table on its way: keys and values in turn. What it becomes depends on all of its keys, so cycles need this step. */
class Pending {
  items: unknown[] = [];
  out: unknown;
  constructor(readonly want: number) {}
}

/** Reads all values up to the end of `r`. Fails with a RangeError or TypeError where the bytes are no values. */
export function decode(r: Reader, options: DecodeOptions, references?: References): unknown[] {
  const roots: unknown[] = [];
  const tables: Pending[] = [];
  const stack: Pending[] = [];
  let top: Pending | undefined;
  for (;;) {
    while (top && top.items.length === top.want) top = stack.pop();
    if (!top && r.done) break;
    const into: unknown[] = top ? top.items : roots;
    const isKey = top && into.length % 2 === 0;
    const tag = r.u8();
    switch (tag) {
      case Tag.Nil:
        into.push(undefined);
        break;
      case Tag.Boolean:
        into.push(r.u8() !== 0);
        break;
      case Tag.Integer:
        into.push(r.i64());
        break;
      case Tag.Float:
        into.push(r.f64());
        break;
      case Tag.String: {
        const bytes = r.block();
        into.push((options.strings !== "bytes" || isKey ? asText(bytes) : undefined) ?? bytes.slice());
        break;
      }
      case Tag.Table: {
        const table = new Pending(r.u32() * 2);
        into.push(table);
        tables.push(table);
        if (top) stack.push(top);
        top = table;
        break;
      }
      case Tag.Seen: {
        const table = tables[r.u32()];
        if (!table) throw new RangeError("the record refers to a table that is not in it");
        into.push(table);
        break;
      }
      case Tag.Handle:
      case Tag.Host: {
        if (!references) return unknown(tag);
        if (tag === Tag.Handle) into.push(references.handle(r.u8(), r.u32()));
        else {
          const id = r.u32();
          r.u8();
          r.block();
          into.push(references.host(id));
        }
        break;
      }
      default:
        if (!references?.other) return unknown(tag);
        into.push(references.other(tag, r));
    }
  }
  for (const table of tables) table.out = shape(table.items, options.tables === "map");
  const finished = (v: unknown): unknown => (v instanceof Pending ? v.out : v);
  for (const { items, out } of tables) {
    for (let i = 0; i < items.length; i += 2) {
      const key = finished(items[i]);
      const value = finished(items[i + 1]);
      if (Array.isArray(out)) out[(key as number) - 1] = value;
      else if (out instanceof Map) out.set(key, value);
      // An assignment would make that the object's prototype.
      else if (key === "__proto__") Object.defineProperty(out, key, { value, writable: true, enumerable: true, configurable: true });
      else (out as Record<string, unknown>)[key as string] = value;
    }
  }
  return roots.map(finished);
}

function unknown(tag: number): never {
  throw new TypeError(`tag ${tag} is no value here`);
}

function shape(items: unknown[], map: boolean): unknown {
  if (map) return new Map();
  let texts = true;
  let indexes = items.length > 0;
  const n = items.length / 2;
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    if (typeof key !== "string") texts = false;
    // A table has no key twice, so n whole numbers from 1 to n are all of them. (Whole floats are integers as keys.)
    if (!(typeof key === "number" && Number.isInteger(key) && key >= 1 && key <= n)) indexes = false;
  }
  return indexes ? new Array<unknown>(n) : texts ? {} : new Map();
}
