import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, decode, encode, float, Reader, Writer } from "../build/codec.js";

// docs/contract.md, "Records"
const TAG = { NIL: 0, BOOLEAN: 1, INTEGER: 2, FLOAT: 3, STRING: 4, TABLE: 8, SEEN: 10 };

function bytes(...values) {
  const w = new Writer();
  encode(w, values);
  return w.take();
}
const back = (values, options = {}) => decode(new Reader(bytes(...values)), options);

test("scalars keep their value and Lua's subtype", () => {
  const values = [true, false, 0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 1.5, Infinity, -Infinity, 2n ** 62n, -(2n ** 63n), "", "a\0b", "žluťoučký 🌙", "\ufeffBOM"];
  assert.deepEqual(back(values), values);
  assert.ok(Number.isNaN(back([NaN])[0]));
  assert.ok(Object.is(back([-0])[0], -0));
  assert.deepEqual(back([null, undefined]), [undefined, undefined]);
  assert.equal(bytes(1)[0], TAG.INTEGER);
  assert.equal(bytes(float(1))[0], TAG.FLOAT);
  assert.equal(bytes(2 ** 53)[0], TAG.FLOAT);
  assert.equal(bytes(5n)[0], TAG.INTEGER);
  assert.equal(back([5n])[0], 5, "a bigint that is safe as a number comes back as one");
  assert.throws(() => bytes(2n ** 63n), /9223372036854775808 is no 64-bit integer/);
});

test("integers at every border of their representation", () => {
  const values = [];
  for (let bit = 0n; bit < 63n; bit++) for (const d of [-1n, 0n, 1n]) values.push((1n << bit) + d, -(1n << bit) + d);
  values.push(2n ** 63n - 1n, -(2n ** 63n));
  const expected = values.map((v) => (Number.isSafeInteger(Number(v)) ? Number(v) : v));
  assert.deepEqual(back(values), expected);
  // As numbers they are the same bytes.
  assert.deepEqual(bytes(...expected.filter((v) => typeof v === "number")), bytes(...values.filter((v) => Number.isSafeInteger(Number(v)))));
});

test("texts of every length and script", () => {
  for (const unit of ["a", "é", "€", "🌙", "a€", "aaaaaaaaaaaaaaaaaaaa🌙"]) {
    for (let n = 0; n < 300; n += 1 + (n >> 3)) {
      const text = unit.repeat(n);
      const w = bytes(text);
      assert.deepEqual(w.slice(5), new Uint8Array(new TextEncoder().encode(text)));
      assert.deepEqual(back([text, 1]), [text, 1]);
    }
  }
  assert.deepEqual(back(["\ud800"]), ["\ufffd"], "half a character has no bytes");
  assert.deepEqual(back([new Uint8Array([97, 0xc3])]), [new Uint8Array([97, 0xc3])]);
});

test("strings that are no text stay bytes", () => {
  const raw = new Uint8Array([0xff, 0, 0x80]);
  assert.deepEqual(back([raw]), [raw]);
  assert.deepEqual(back([raw.buffer]), [raw]);
  assert.deepEqual(back([new Uint16Array([0x6161])]), ["aa"]);
  assert.deepEqual(back(["text"], { strings: "bytes" }), [new TextEncoder().encode("text")]);
  assert.deepEqual(back([{ key: "v" }], { strings: "bytes" }), [{ key: new TextEncoder().encode("v") }]);
  assert.equal(asText(raw), undefined);
});

test("a table becomes an array, an object or a Map by its keys", () => {
  assert.deepEqual(back([[1, "two", [3]]]), [[1, "two", [3]]]);
  assert.deepEqual(back([{ a: 1, b: { c: [] } }]), [{ a: 1, b: { c: {} } }], "a table without entries is an object");
  const mixed = new Map([[1, "a"], ["k", "b"], [true, "c"]]);
  assert.deepEqual(back([mixed]), [mixed]);
  assert.deepEqual(back([new Map([[2, "b"], [1, "a"]])]), [["a", "b"]], "in any order");
  const gap = new Map([[1, "a"], [3, "c"]]);
  assert.deepEqual(back([gap]), [gap]);
  assert.deepEqual(back([[1]], { tables: "map" }), [new Map([[1, 1]])]);
  assert.deepEqual(back([new Map([[new Uint8Array([0xff]), 1]])])[0], new Map([[new Uint8Array([0xff]), 1]]));
});

test("a key named __proto__ is a key", () => {
  const [o] = back([new Map([["__proto__", { polluted: true }]])]);
  assert.equal(Object.getPrototypeOf(o), Object.prototype);
  assert.deepEqual(Object.keys(o), ["__proto__"]);
  assert.equal({}.polluted, undefined);
});

test("cycles and shared parts", () => {
  const o = { list: [1] };
  o.self = o;
  o.list.push(o);
  const [p, q] = back([o, o.list]);
  assert.equal(p.self, p);
  assert.equal(p.list[1], p);
  assert.equal(q, p.list);
});

test("nesting is no danger to the stack when reading", () => {
  const w = new Writer();
  const depth = 200_000;
  for (let i = 0; i < depth; i++) {
    w.u8(TAG.TABLE);
    w.u32(1);
    w.u8(TAG.BOOLEAN);
    w.u8(1);
  }
  w.u8(TAG.NIL);
  let [at] = decode(new Reader(w.take()), {});
  let n = 0;
  for (; at; n++) at = at.get(true);
  assert.equal(n, depth);
});

test("bytes that are no values are an error, never a value or a hang", () => {
  const good = bytes(1, "text", [1, { a: [true] }], new Map([[1.5, 2]]));
  for (let n = 1; n < good.length; n++) {
    try {
      decode(new Reader(good.slice(0, n)), {});
    } catch (e) {
      assert.ok(e instanceof RangeError || e instanceof TypeError, String(e));
    }
  }
  assert.throws(() => decode(new Reader(new Uint8Array([TAG.STRING, 255, 255, 255, 255, 1])), {}), RangeError);
  assert.throws(() => decode(new Reader(new Uint8Array([TAG.TABLE, 255, 255, 255, 255])), {}), RangeError);
  assert.throws(() => decode(new Reader(new Uint8Array([TAG.SEEN, 0, 0, 0, 0])), {}), /not in it/);
  for (const tag of [5, 6, 7, 9, 0x0b, 0x10, 0x40, 0x41, 0xff]) {
    assert.throws(() => decode(new Reader(new Uint8Array([tag, 0, 0, 0, 0, 0, 0, 0, 0])), {}), /is no value here/);
  }
});

test("mutated records are read or refused", () => {
  const good = bytes(1, "text", [1, { a: [true] }], new Map([[1.5, 2], ["k", new Uint8Array([255])]]));
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const bad = good.slice();
    for (let k = 0; k <= random(3); k++) bad[random(bad.length)] = random(256);
    try {
      decode(new Reader(bad), {});
    } catch (e) {
      assert.ok(e instanceof RangeError || e instanceof TypeError, e.stack);
      refused++;
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});
