import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RecordMap } from "../build/store/records.js";
import { readState } from "../build/store/state-file.js";
import { dropUnreadable, exportUnreadable, findUnreadable } from "../build/store/unreadable.js";

const hex = (text) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const HASH = "1122334455667788";

/** A sound state: data of each kind, a function with a cell and a text, coroutines, metatable, permanent, handle. */
const sound = [
  [0, "13", "13 01 0a000000 00000000"],
  [0, `12 ${HASH}`, "12 01 00 04 03000000 616263"],
  [0, "10 05000000", `10 01 ${HASH} 00000000 01 06000000`],
  [0, "11 06000000", "11 01 02 0100000000000000"],
  [1, "04 01000000 61", "04 00000000"],
  [1, "02 0100000000000000", "01 01"],
  [1, "03 000000000000f83f", "03 000000000000f07f"],
  [1, "01 00", "07 02000000"],
  [1, "04 01000000 66", "10 01 05000000"],
  [1, "04 01000000 73", "06 0700"],
  [1, "14", "14 01 07 03000000"],
  [1, "04 01000000 70", "15 01 01 01000000 70"],
  [1, "04 01000000 68", "16 01 04000000"],
  [0, "11 09000000", "11 01 00"],
  [0, "17 07000000", "17 01 36 01 04000000 01000000  06 0100  11 01 09000000  07 02000000  02000000"
    + "00 01000000 00000000 02000000 00000000 00000000  01 03000000 00"],
  [0, "18 08000000", "18 01 17 01 07000000"],
  [1, "04 01000000 63", "17 01 07000000"],
  [1, "04 01000000 77", "18 01 08000000"],
  [1, "17 99", "whatever a later release keeps there".split("").map(() => "ff").join("")],
];

function state(changes = []) {
  const records = new RecordMap();
  for (const [id, key, value] of [...sound, ...changes]) {
    if (value === null) records.delete(id, hex(key));
    else records.set(id, hex(key), hex(value));
  }
  return records;
}

describe("unreadable entries", () => {
  test("none in a sound state", () => assert.deepEqual(findUnreadable(state()), []));

  for (const [what, id, key, value, reason] of [
    ["a string cut short", 1, "04 01000000 61", "04 05000000 6162", /^value: 5 bytes are expected at byte 5, and 2 are left$/],
    ["bytes left over", 1, "04 01000000 61", "00 00", /ends at byte 1, and has 2/],
    ["no bytes at all", 1, "04 01000000 61", "", /1 bytes are expected at byte 0/],
    ["a boolean of 2", 1, "04 01000000 61", "01 02", /boolean/],
    ["bytecode", 1, "04 01000000 61", "05 00000000", /bytecode/],
    ["seal", 1, "04 01000000 61", "16 02 05000000 00000000", /check/],
    ["an unknown tag", 1, "04 01000000 61", "1f 01", /tag 31/],
    ["a later version", 1, "04 01000000 66", "10 02 05000000", /version is 2 .* 1 is expected/],
    ["table 0", 1, "04 01000000 61", "07 00000000", /0 is no table/],
    ["a metatable that is a string", 1, "14", "14 01 04 00000000", /metatable/],
    ["a key that is no key", 1, "07 01000000", "00", /^key: tag 7/],
    ["an integer as a float key", 1, "03 000000000000f03f", "00", /float key is never 1/],
    ["a function without a record", 1, "04 01000000 67", "10 01 09000000", /function 9 has no record/],
    ["a coroutine without a record", 1, "04 01000000 67", "17 01 0a000000", /coroutine 10 has no record/],
    ["a coroutine of no version of Lua", 0, "17 0b000000", "17 01 35 00 01000000 00000000", /53 is no version/],
    ["a coroutine with a variable that is nowhere", 0, "17 0b000000", "17 01 36 00 02000000 00000000 11 01 0c000000", /its variable in slot 1/],
    ["a coroutine with fewer values than it says", 0, "17 0b000000", "17 01 36 00 00000001 00000000 00", /1 bytes are expected/],
    ["a frame of no kind", 0, "17 0b000000", "17 01 36 01 01000000 00000000 09 01000000 00", /9 is no kind of a frame/],
    ["a wrap function of a function", 0, "18 0b000000", "18 01 10 01 05000000", /not of tag 16/],
    ["a counter cut short", 0, "13", "13 01 00", /8 bytes are expected/],
    ["a text that is no string", 0, `12 ${HASH}`, "12 01 00 02", /text's tag/],
    ["another thing in table 0", 0, "04 00000000", "00", /tag 4 is no entry's of table 0/],
  ]) {
    test(what, () => {
      const records = state([[id, key, value]]);
      const found = findUnreadable(records);
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.deepEqual([found[0].table, found[0].key, found[0].value], [id, hex(key), hex(value)]);
      assert.match(found[0].reason, reason);
    });
  }

  test("what a function lacks makes it unreadable wherever it is stored; listed, exported, dropped", async () => {
    for (const [key, missing] of [["11 06000000", "upvalue 1"], [`12 ${HASH}`, "text"]]) {
      const records = state([[0, key, null]]);
      const found = findUnreadable(records);
      assert.deepEqual(found.map(({ table, reason }) => [table, reason.includes(`its ${missing} is not in table 0`)]), [[0, true], [1, true]]);
      assert.match(found[1].reason, /^value: function 5 can't be read/);
      const file = await readState(await exportUnreadable(found));
      assert.deepEqual(file.entries.map(({ id, key, value }) => [id, [...key], [...value]]), found.map(({ table, key, value }) => [table, [...key], [...value]]));
      records.set(found[1].table, found[1].key, hex("00"));
      assert.equal(dropUnreadable(records, found), 1, "the other one was mended meanwhile");
      assert.deepEqual(findUnreadable(records), []);
      assert.deepEqual(records.get(1, found[1].key), hex("00"));
    }
  });

  test("damage of any kind is a reason, never an exception or a hang", () => {
    let seed = 1;
    const next = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % n;
    let found = 0;
    for (let round = 0; round < 3000; round++) {
      const [id, key, value] = sound[next(sound.length)];
      const bytes = hex(next(3) ? value : key);
      for (let n = 1 + next(3); n > 0 && bytes.length > 0; n--) bytes[next(bytes.length)] = next(256);
      const records = state();
      records.set(id, next(4) ? hex(key) : bytes, bytes.subarray(0, next(bytes.length + 1)));
      found += findUnreadable(records).length > 0;
    }
    assert.ok(found > 1000, `${found}`);
  });
});
