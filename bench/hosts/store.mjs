// The stored tables of a host for measurements, kept in memory and served straight from the module's, as a host that cares for
// speed does it. (tests/node/store.mjs has what tests need, and takes most of the time where that is measured.)

/** Texts of up to so many bytes are looked for among those seen last. */
const SHORT = 64;
/** Values of up to so many bytes are copied faster by a loop. */
const FEW = 32;
/** Tables of up to so many keys are searched faster without a `Map`. */
const SMALL = 8;
/** The tag of encoded integers. */
const INTEGER = 2;
/** No entry, no id. */
const NONE = -1;

const texts = new Array(1024).fill("");

/** Bytes as a text of as many characters: mostly one that is there already. */
function text(bytes, at, size) {
  if (size > SHORT) return Buffer.from(bytes.buffer, at, size).toString("latin1");
  let hash = size;
  for (let i = 0; i < size; i++) hash = Math.imul(hash ^ bytes[at + i], 0x01000193);
  const place = (hash ^ (hash >>> 15)) & 1023;
  const known = texts[place];
  let i = known.length === size ? 0 : size + 1;
  while (i < size && known.charCodeAt(i) === bytes[at + i]) i++;
  if (i === size) return known;
  return (texts[place] = String.fromCharCode(...bytes.subarray(at, at + size)));
}

/** An encoded key as a number (integers from 0 to 2^31 - 1) or a text. */
function keyOf(bytes, at, size) {
  if (size === 9 && bytes[at] === INTEGER && bytes[at + 4] < 128 &&
      (bytes[at + 5] | bytes[at + 6] | bytes[at + 7] | bytes[at + 8]) === 0)
    return bytes[at + 1] | (bytes[at + 2] << 8) | (bytes[at + 3] << 16) | (bytes[at + 4] << 24);
  return text(bytes, at, size);
}

const sizeOf = (key) => (typeof key === "number" ? 9 : key.length);

function putWord(bytes, at, word) {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
  return at + 4;
}

/** Puts an encoded key where there is room for it, behind its length, and gives the place behind it. */
function putKey(bytes, at, key) {
  at = putWord(bytes, at, sizeOf(key));
  if (typeof key === "number") {
    bytes[at] = INTEGER;
    return putWord(bytes, putWord(bytes, at + 1, key), 0);
  }
  for (let i = 0; i < key.length; i++) bytes[at + i] = key.charCodeAt(i);
  return at + key.length;
}

function copy(to, at, from, start, size) {
  if (size > FEW) to.set(from.subarray(start, start + size), at);
  else for (let i = 0; i < size; i++) to[at + i] = from[start + i];
}

/** One stored table: the first and the last of its entries, which are in the order of insertion. */
class Table {
  first = NONE;
  last = NONE;
  size = 0;
  /** Where the entry of each key is, once there are many. */
  places = null;
}

export class PlainStore {
  /** Changes that it was given. */
  entries = 0;
  /** The tables by id, in pages. */
  #pages = new Map();
  /** The page that was asked for last: mostly it is again. */
  #page = [];
  #number = NONE;

  // Entries are numbers; what they have is in columns, and their values' bytes in one array. So the engine has few objects to
  // make and to keep.
  #keys = [];
  #columns = { next: new Int32Array(64), prev: new Int32Array(64), start: new Int32Array(64), size: new Int32Array(64) };
  /** Entries that were deleted, linked by `next`. */
  #free = NONE;
  #bytes = new Uint8Array(4096);
  #end = 0;
  /** Bytes of values that are no more. */
  #waste = 0;

  /** The page that has a table's place. */
  #pageOf(id) {
    const number = id >>> 10;
    if (number !== this.#number) {
      if (!this.#pages.has(number)) this.#pages.set(number, new Array(1024).fill(undefined));
      this.#page = this.#pages.get(number);
      this.#number = number;
    }
    return this.#page;
  }

  #find(id) {
    return this.#pageOf(id)[id & 1023];
  }

  #all() {
    return [...this.#pages.values()].flat().filter((table) => table !== undefined);
  }

  #entry(table, key) {
    if (table.places !== null) return table.places.get(key) ?? NONE;
    const { next } = this.#columns;
    let entry = table.first;
    while (entry !== NONE && this.#keys[entry] !== key) entry = next[entry];
    return entry;
  }

  #add(table, key) {
    let entry = this.#free;
    if (entry !== NONE) this.#free = this.#columns.next[entry];
    else if ((entry = this.#keys.length) === this.#columns.next.length)
      for (const [name, column] of Object.entries(this.#columns)) {
        this.#columns[name] = new Int32Array(entry * 2);
        this.#columns[name].set(column);
      }
    this.#keys[entry] = key;
    const { next, prev, size } = this.#columns;
    next[entry] = NONE;
    prev[entry] = table.last;
    size[entry] = 0;
    if (table.last === NONE) table.first = entry;
    else next[table.last] = entry;
    table.last = entry;
    table.size++;
    if (table.places !== null) table.places.set(key, entry);
    else if (table.size > SMALL) table.places = new Map(this.#list(table).map((entry) => [this.#keys[entry], entry]));
    return entry;
  }

  #list(table) {
    const list = [];
    for (let entry = table.first; entry !== NONE; entry = this.#columns.next[entry]) list.push(entry);
    return list;
  }

  #remove(table, entry) {
    const { next, prev, size } = this.#columns;
    if (prev[entry] === NONE) table.first = next[entry];
    else next[prev[entry]] = next[entry];
    if (next[entry] === NONE) table.last = prev[entry];
    else prev[next[entry]] = prev[entry];
    table.size--;
    table.places?.delete(this.#keys[entry]);
    this.#waste += size[entry];
    this.#keys[entry] = undefined;
    next[entry] = this.#free;
    this.#free = entry;
  }

  /** Makes room for `size` bytes more behind the values, and drops what is no value any more if that is the most. */
  #reserve(size) {
    if (this.#end + size <= this.#bytes.length) return;
    const old = this.#bytes;
    this.#bytes = new Uint8Array((this.#end + size) * 2);
    if (this.#waste * 2 < this.#end) {
      this.#bytes.set(old);
      return;
    }
    this.#end = this.#waste = 0;
    const { start, size: sizes } = this.#columns;
    for (const table of this.#all())
      for (const entry of this.#list(table)) {
        copy(this.#bytes, this.#end, old, start[entry], sizes[entry]);
        start[entry] = this.#end;
        this.#end += sizes[entry];
      }
  }

  #put(id, key, from, at, size) {
    let table = this.#find(id);
    if (table === undefined) this.#pageOf(id)[id & 1023] = table = new Table();
    let entry = this.#entry(table, key);
    if (entry === NONE) entry = this.#add(table, key);
    const columns = this.#columns;
    if (columns.size[entry] < size) {
      this.#waste += columns.size[entry];
      columns.size[entry] = 0;
      this.#reserve(size);
      columns.start[entry] = this.#end;
      this.#end += size;
    } else this.#waste += columns.size[entry] - size;
    columns.size[entry] = size;
    copy(this.#bytes, columns.start[entry], from, at, size);
  }

  /** The bytes of all keys and values. */
  bytes() {
    let sum = 0;
    for (const table of this.#all())
      for (const entry of this.#list(table)) sum += sizeOf(this.#keys[entry]) + this.#columns.size[entry];
    return sum;
  }

  #putKeys(table, to, begin) {
    const { next } = this.#columns;
    let at = putWord(to, begin, table?.size ?? 0);
    for (let entry = table?.first ?? NONE; entry !== NONE; entry = next[entry]) at = putKey(to, at, this.#keys[entry]);
  }

  #keysSize(table) {
    const { next } = this.#columns;
    let size = 4;
    for (let entry = table?.first ?? NONE; entry !== NONE; entry = next[entry]) size += 4 + sizeOf(this.#keys[entry]);
    return size;
  }

  /** The store's imports for an instance that has the exports `exports()`. */
  imports(exports) {
    let view = new Uint8Array();
    // Memory that grows takes the bytes out of a view of it.
    const memory = () => (view.length > 0 ? view : (view = new Uint8Array(exports().memory.buffer)));
    return {
      js_ext_table_set: (id, key, keySize, value, valueSize) => {
        const bytes = memory();
        this.#put(id, keyOf(bytes, key, keySize), bytes, value, valueSize);
        this.entries++;
        return 0;
      },
      js_ext_table_get: (id, key, keySize, to, room) => {
        const bytes = memory();
        const table = this.#find(id);
        const entry = table === undefined ? NONE : this.#entry(table, keyOf(bytes, key, keySize));
        if (entry === NONE) return -1;
        const size = this.#columns.size[entry];
        copy(bytes, to, this.#bytes, this.#columns.start[entry], Math.min(size, room >>> 0));
        return size;
      },
      js_ext_table_delete: (id, key, keySize) => {
        const table = this.#find(id);
        const entry = table === undefined ? NONE : this.#entry(table, keyOf(memory(), key, keySize));
        if (entry !== NONE) this.#remove(table, entry);
        this.entries++;
        return 0;
      },
      js_ext_table_size: (id) => this.#find(id)?.size ?? 0,
      js_ext_table_keys: (id, to, room) => {
        const table = this.#find(id);
        const size = this.#keysSize(table);
        if (size <= room >>> 0) this.#putKeys(table, memory(), to);
        else {
          const bytes = new Uint8Array(size);
          this.#putKeys(table, bytes, 0);
          memory().set(bytes.subarray(0, room >>> 0), to);
        }
        return size;
      },
      js_ext_table_drop: (id) => {
        const table = this.#find(id);
        if (table !== undefined) for (const entry of this.#list(table)) this.#remove(table, entry);
        this.#pageOf(id)[id & 1023] = undefined;
        this.entries++;
        return 0;
      },
    };
  }
}
