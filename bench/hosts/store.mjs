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

/** Keys and values in the order of insertion: two lists, or a `Map` once there are many. */
class Table {
  #keys = [];
  #values = [];
  #map = null;

  get size() {
    return this.#map === null ? this.#keys.length : this.#map.size;
  }

  get(key) {
    if (this.#map !== null) return this.#map.get(key);
    const place = this.#keys.indexOf(key);
    return place < 0 ? undefined : this.#values[place];
  }

  set(key, value) {
    if (this.#map !== null) {
      this.#map.set(key, value);
      return;
    }
    const place = this.#keys.indexOf(key);
    if (place >= 0) this.#values[place] = value;
    else if (this.#keys.push(key) && this.#values.push(value) > SMALL)
      this.#map = new Map(this.#keys.map((key, place) => [key, this.#values[place]]));
  }

  delete(key) {
    if (this.#map !== null) {
      this.#map.delete(key);
      return;
    }
    const place = this.#keys.indexOf(key);
    if (place < 0) return;
    this.#keys.splice(place, 1);
    this.#values.splice(place, 1);
  }

  keys() {
    return this.#map === null ? this.#keys : [...this.#map.keys()];
  }
}

export class PlainStore {
  /** Changes that it was given. */
  entries = 0;
  #tables = new Map();

  /** The bytes of all keys and values. */
  bytes() {
    let sum = 0;
    for (const table of this.#tables.values()) for (const key of table.keys()) sum += sizeOf(key) + table.get(key).length;
    return sum;
  }

  /** The store's imports for an instance that has the exports `exports()`. */
  imports(exports) {
    let view = new Uint8Array();
    // Memory that grows takes the bytes out of a view of it.
    const memory = () => (view.length > 0 ? view : (view = new Uint8Array(exports().memory.buffer)));
    return {
      js_ext_table_set: (id, key, keySize, value, valueSize) => {
        const bytes = memory();
        let table = this.#tables.get(id);
        if (table === undefined) this.#tables.set(id, (table = new Table()));
        const stored = new Uint8Array(valueSize);
        copy(stored, 0, bytes, value, valueSize);
        table.set(keyOf(bytes, key, keySize), stored);
        this.entries++;
        return 0;
      },
      js_ext_table_get: (id, key, keySize, to, room) => {
        const bytes = memory();
        const value = this.#tables.get(id)?.get(keyOf(bytes, key, keySize));
        if (value === undefined) return -1;
        copy(bytes, to, value, 0, Math.min(value.length, room >>> 0));
        return value.length;
      },
      js_ext_table_delete: (id, key, keySize) => {
        this.#tables.get(id)?.delete(keyOf(memory(), key, keySize));
        this.entries++;
        return 0;
      },
      js_ext_table_size: (id) => this.#tables.get(id)?.size ?? 0,
      js_ext_table_keys: (id, to, room) => {
        const keys = this.#tables.get(id)?.keys() ?? [];
        let size = 4;
        for (let i = 0; i < keys.length; i++) size += 4 + sizeOf(keys[i]);
        const fits = size <= room >>> 0;
        const bytes = fits ? memory() : new Uint8Array(size);
        let at = putWord(bytes, fits ? to : 0, keys.length);
        for (let i = 0; i < keys.length; i++) at = putKey(bytes, at, keys[i]);
        if (!fits) memory().set(bytes.subarray(0, room >>> 0), to);
        return size;
      },
      js_ext_table_drop: (id) => {
        this.#tables.delete(id);
        this.entries++;
        return 0;
      },
    };
  }
}
