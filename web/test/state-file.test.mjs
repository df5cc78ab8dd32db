import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 } from "../build/store/container.js";
import { RecordMap } from "../build/store/records.js";
import { exportState, importState, readState, readStateSync, writeState, writeStateSync } from "../build/store/state-file.js";
import { StoreError } from "../build/store/store.js";
import { bytes, dump, text } from "./store-kinds.mjs";

function state(entries, version = 0) {
  const records = new RecordMap();
  for (const [id, key, value] of entries) records.set(id, bytes(key), bytes(value));
  return { records, version };
}

const example = state([[1, "b", "xy"], [1, "a", ""], [0, "n", "1"]], 7);
const plain = (file) => file.entries.map(({ seq, id, key, value }) => [seq, id, text(key), text(value)]);

describe("state file", () => {
  test("is, byte by byte, what docs/state-file.md says", () => {
    const body =
      "02000000" +
      "00000000" + "01000000" + "01000000" + "6e" + "01000000" + "31" +
      "01000000" + "02000000" + "01000000" + "62" + "02000000" + "7879" + "01000000" + "61" + "00000000";
    const file = Buffer.from(writeStateSync(example.records, 7));
    assert.equal(
      file.toString("hex"),
      "8d4d57530d0a1a0a" + "0100" + "0000" + "07000000" + "3200000000000000" + "3200000000000000" + "dc90384a" + "af64a31f" + body,
    );
  });

  test("the checksum is the usual one", () => assert.equal(crc32(bytes("123456789")), 0xcbf43926));

  test("comes back, compressed or not, in order", async () => {
    const expected = [[1, 0, "n", "1"], [2, 1, "b", "xy"], [3, 1, "a", ""]];
    for (const file of [writeStateSync(example.records, 7), await writeState(example.records, 7, false)]) {
      assert.deepEqual(plain(readStateSync(file)), expected);
      assert.deepEqual(plain(await readState(file)), expected);
    }
    const large = state(Array.from({ length: 3000 }, (_, n) => [n % 5, `key ${n}`, "value ".repeat(20)]), 2 ** 32 - 1);
    const file = await writeState(large.records, large.version);
    assert.ok(file.length < writeStateSync(large.records, large.version).length / 10);
    const target = state([[9, "old", "old"]]);
    await importState(target, new Blob([file]));
    assert.deepEqual(dump(target), dump(large));
    assert.throws(() => readStateSync(file), { code: "damaged", message: /compressed/ });
    const blob = await exportState(large, { compress: false });
    assert.equal(blob.size, writeStateSync(large.records, large.version).length);
  });

  test("an empty state, and nothing else, is an empty state", async () => {
    const file = await writeState(new RecordMap(), 0);
    assert.equal(file.length, 44);
    assert.deepEqual(await readState(file), { version: 0, entries: [] });
    for (const bad of [new Uint8Array(), bytes("{}"), new Uint8Array(44), bytes("\x89PNG\r\n\x1a\n" + "x".repeat(40))])
      await assert.rejects(readState(bad), { code: "damaged" });
  });

  test("every changed byte and every length is noticed, and nothing is imported then", async () => {
    const large = state(Array.from({ length: 40 }, (_, n) => [n % 3, `key ${n}`, `value ${n} `.repeat(9)]), 3);
    for (const compress of [false, true]) {
      const good = await writeState(large.records, large.version, compress);
      const target = state([[1, "mine", "untouched"]], 1);
      const before = dump(target);
      const bad = async (file, what) => {
        await assert.rejects(importState(target, file), (error) => {
          assert.ok(error instanceof StoreError && error.code === "damaged", `${what}: ${error}`);
          assert.match(error.message, /^the state file is damaged: .*\d/, what);
          return true;
        });
      };
      for (let at = 0; at < good.length; at++) {
        const file = good.slice();
        file[at] ^= 1 << at % 8;
        await bad(file, `byte ${at}`);
      }
      for (let length = 0; length < good.length; length += 7) await bad(good.slice(0, length), `${length} bytes`);
      await bad(Uint8Array.of(...good, 0), "a byte more");
      assert.deepEqual(dump(target), before);
    }
  });

  test("a file of a newer version is refused, and says so", async () => {
    for (const compress of [false, true]) {
      const file = await writeState(example.records, 0, compress);
      file[8] = 2;
      await assert.rejects(readState(file), { code: "damaged", message: /is version 2; this release reads version 1/ });
    }
  });

  test("a body that lies is an error that names the place, though all checksums are right", async () => {
    const good = writeStateSync(example.records, 0);
    /** The file with another body (or plain size), its checksums made right. */
    function forge(body, { size = body.length, flags = 0 } = {}) {
      const file = new Uint8Array(40 + body.length);
      file.set(good.subarray(0, 40));
      file.set(body, 40);
      const header = new DataView(file.buffer);
      header.setUint16(10, flags, true);
      header.setBigUint64(16, BigInt(body.length), true);
      header.setBigUint64(24, BigInt(size), true);
      header.setUint32(32, crc32(body), true);
      header.setUint32(36, crc32(file.subarray(0, 36)), true);
      return file;
    }
    const u32 = (...numbers) => new Uint8Array(Uint32Array.from(numbers).buffer);
    const say = (file, message) => assert.rejects(readState(file), (error) => error.code === "damaged" && message.test(error.message) || assert.fail(`${error}`));
    await say(forge(u32(1)), /at byte 4 of the body \(44 of an uncompressed file\).* 4 bytes is expected, and 0 are left/);
    await say(forge(u32(0xffffffff)), /at byte 4 /);
    await say(forge(u32(1, 5, 0xffffffff)), /in entry 0 of table 5, at byte 12 /);
    await say(forge(u32(1, 5, 1, 0xfffffff0)), /in entry 0 of table 5, at byte 16 .* 4294967280 bytes are expected, and 0 are left/);
    await say(forge(u32(2, 5, 0, 5, 0)), /table 5 comes after table 5/);
    await say(forge(u32(1, 5, 2, 0, 0, 0, 0)), /in entry 1 of table 5, .* key came before/);
    await say(forge(u32(0, 0)), /at byte 4 .* 4 bytes follow/);
    await say(forge(good.subarray(40), { size: 1 }), /two sizes .* 50 .* and 1 /);
    await say(forge(good.subarray(40), { flags: 1 }), /can't be decompressed/);
    await say(forge(good.subarray(40), { flags: 2 }), /flags .* 0x0002/);
    const zeros = new Uint8Array(await new Response(new Blob([new Uint8Array(1e7)]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
    await say(forge(zeros, { flags: 1, size: 100 }), /decompresses to more than 100 bytes/);
    await say(forge(zeros, { flags: 1, size: 2 ** 52 }), /decompresses to 10000000 instead of/);
  });
});
