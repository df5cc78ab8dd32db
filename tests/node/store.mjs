// The stored tables of a host, kept in memory; tests/src/store.rs is the same in Rust.

const hex = (bytes) => Buffer.from(bytes).toString("latin1");

export class Tables {
  #tables = new Map();
  #random = null;

  /** Tables that hold what these do now. */
  copy() {
    const copy = new Tables();
    for (const [id, entries] of this.#tables) copy.#tables.set(id, new Map(entries));
    return copy;
  }

  /** Number of tables with an entry, the runtime's own not counted. */
  count() {
    return [...this.#tables].filter(([id, entries]) => id !== 0 && entries.size > 0).length;
  }

  /** From now on about one write in `oneIn` fails; the same seed fails the same writes. */
  failAtRandom(seed, oneIn) {
    let state = BigInt(seed);
    const mask = (1n << 64n) - 1n;
    this.#random = () => {
      state = (state + 0x9e3779b97f4a7c15n) & mask;
      let z = state;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      return (z ^ (z >> 31n)) % BigInt(oneIn) === 0n;
    };
  }

  /** From now on every write succeeds. */
  failNever() {
    this.#random = null;
  }

  #fails() {
    return this.#random !== null && this.#random();
  }

  set(id, key, value) {
    if (this.#fails()) return false;
    if (!this.#tables.has(id)) this.#tables.set(id, new Map());
    this.#tables.get(id).set(hex(key), Uint8Array.from(value));
    return true;
  }

  get(id, key) {
    return this.#tables.get(id)?.get(hex(key));
  }

  delete(id, key) {
    if (this.#fails()) return false;
    this.#tables.get(id)?.delete(hex(key));
    return true;
  }

  /** The bytes of all keys and values. */
  bytes() {
    let sum = 0;
    for (const table of this.#tables.values()) for (const [key, value] of table) sum += key.length + value.length;
    return sum;
  }

  size(id) {
    return this.#tables.get(id)?.size ?? 0;
  }

  /** The keys in insertion order, in the form that `js_ext_table_keys` writes. */
  keys(id) {
    const word = (n) => Buffer.from(Uint32Array.of(n).buffer);
    const parts = [word(this.size(id))];
    for (const key of this.#tables.get(id)?.keys() ?? []) parts.push(word(key.length), Buffer.from(key, "latin1"));
    return Buffer.concat(parts);
  }

  drop(id) {
    if (this.#fails()) return false;
    this.#tables.delete(id);
    return true;
  }
}
