// Reads the records that a module writes, and refuses whatever ABI.md does not allow in them; tests/src/record.rs is
// the same in Rust.
//
// nil is null, integers are BigInts, floats are numbers, strings are Buffers, tables are Maps (one Map for all its
// occurrences); functions and opaque values are objects with the one field `lua`, `c` or `opaque`.

class Reader {
  constructor(bytes) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    this.tables = [];
  }

  take(length, what) {
    const left = this.bytes.length - this.at;
    if (length > left) throw new Error(`at byte ${this.at}: expected ${length} more bytes for ${what}, found ${left}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  sized(what) {
    return this.take(this.take(4, what).readUInt32LE(), what);
  }

  item() {
    const at = this.at;
    const tag = this.take(1, "a tag")[0];
    switch (tag) {
      case 0x00:
        return null;
      case 0x01: {
        const value = this.take(1, "a boolean")[0];
        if (value > 1) throw new Error(`at byte ${at + 1}: expected a boolean of 0 or 1, found ${value}`);
        return value === 1;
      }
      case 0x02:
        return this.take(8, "an integer").readBigInt64LE();
      case 0x03:
        return this.take(8, "a float").readDoubleLE();
      case 0x04:
        return this.sized("a string");
      case 0x05:
        return { lua: this.sized("a Lua function") };
      case 0x06:
        return { c: this.take(2, "a C function").readUInt16LE() };
      case 0x09:
        return { opaque: this.sized("an opaque value").toString("latin1") };
      case 0x0a: {
        const index = this.take(4, "a table reference").readUInt32LE();
        if (index >= this.tables.length) {
          throw new Error(`at byte ${at}: refers to table ${index}, but only ${this.tables.length} came before`);
        }
        return this.tables[index];
      }
      default:
        throw new Error(`at byte ${at}: tag 0x${tag.toString(16).padStart(2, "0")} has no place here`);
    }
  }

  /** One value with everything in it; nesting is a list here, not recursion. */
  value() {
    const open = [];
    for (;;) {
      const at = this.at;
      let value;
      if (this.bytes[this.at] === 0x08) {
        this.take(1, "a tag");
        const left = this.take(4, "a table").readUInt32LE();
        value = new Map();
        this.tables.push(value);
        if (left > 0) {
          open.push({ table: value, left, key: undefined });
          continue;
        }
      } else {
        value = this.item();
      }
      for (;;) {
        const inner = open.at(-1);
        if (inner === undefined) return value;
        if (inner.key === undefined) {
          const isInteger = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 63;
          if (value === null || Number.isNaN(value) || isInteger) throw new Error(`at byte ${at}: not a table key: ${value}`);
          // Equal strings are distinct Buffers, so string keys become text.
          inner.key = Buffer.isBuffer(value) ? value.toString("latin1") : value;
          break;
        }
        inner.table.set(inner.key, value);
        inner.key = undefined;
        inner.left -= 1;
        if (inner.left > 0) break;
        value = inner.table;
        open.pop();
      }
    }
  }
}

/** A result record: `output` (a Buffer) and `values`. */
export function decodeResult(bytes) {
  const reader = new Reader(bytes);
  const output = reader.sized("the output");
  const values = [];
  while (reader.at < bytes.length) values.push(reader.value());
  return { output, values };
}

const FIELDS = {
  message: Buffer.isBuffer,
  traceback: Buffer.isBuffer,
  chunk: Buffer.isBuffer,
  line: (value) => typeof value === "bigint",
  kind: (value) => ["syntax", "runtime", "memory", "limit", "persist"].includes(String(value)),
  output: Buffer.isBuffer,
  incomplete: (value) => value === true,
  truncated: (value) => value === true,
};

/** An error record: its fields, texts as strings of one character a byte. */
export function decodeError(bytes) {
  const reader = new Reader(bytes);
  const table = reader.value();
  if (!(table instanceof Map)) throw new Error("error record: expected one table by value");
  if (reader.at < bytes.length) throw new Error(`error record: ${bytes.length - reader.at} bytes are left over`);
  const record = {};
  for (const [key, value] of table) {
    if (!Object.hasOwn(FIELDS, key) || !FIELDS[key](value)) throw new Error(`error record: expected no ${key} = ${value}`);
    record[key] = Buffer.isBuffer(value) ? value.toString("latin1") : value;
  }
  for (const key of ["message", "traceback", "kind", "output"]) {
    if (!Object.hasOwn(record, key)) throw new Error(`error record: the key ${key} is missing`);
  }
  return record;
}
