import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashModule, readSnapshot, takeSnapshot } from "../build/snapshot.js";
import { HEADER, SNAPSHOT, unwrapCompressed, wrap, wrapCompressed } from "../build/store/container.js";

const PAGE = 65536;
const memory = (initial, maximum) => new WebAssembly.Memory(maximum ? { initial, maximum } : { initial });
const at = (memory_) => new Uint8Array(memory_.buffer);
const module = await hashModule(new TextEncoder().encode("a module"));

/** A fresh memory with the same start each time, as data segments make it. */
function fresh(maximum) {
  const made = memory(2, maximum);
  for (let n = 0; n < 5000; n++) at(made)[1000 + n] = n * 7;
  return made;
}

describe("snapshot", () => {
  test("carries the whole memory, grown or not, and the host's part", async () => {
    for (const grow of [0, 3]) {
      const used = fresh();
      used.grow(grow);
      at(used).set([1, 2, 3], 1500);
      at(used)[1000] ^= 255;
      at(used).set([9], 2 * PAGE - 1);
      if (grow) at(used).set([7], 5 * PAGE - 1);
      const expected = at(used).slice();
      const taking = takeSnapshot({ memory: used, fresh: fresh(), module, host: Uint8Array.of(4, 5, 6) });
      at(used).fill(0xee); // the instance goes on while the snapshot is compressed
      const file = await taking;
      assert.ok(file.length < 400, `${file.length} bytes`);
      const snapshot = await readSnapshot(file, module);
      assert.equal(snapshot.pages, 2 + grow);
      assert.deepEqual([...snapshot.host], [4, 5, 6]);
      const target = fresh();
      snapshot.apply(target);
      assert.ok(Buffer.from(target.buffer).equals(expected));
    }
  });

  test("of nothing is nearly nothing", async () => {
    const file = await takeSnapshot({ memory: fresh(), fresh: fresh(), module });
    assert.ok(file.length < 100, `${file.length} bytes`);
    const target = fresh();
    (await readSnapshot(file, module)).apply(target);
    assert.ok(Buffer.from(target.buffer).equals(at(fresh())));
  });

  test("fits its module only, and memory that has room", async () => {
    const used = fresh();
    used.grow(4);
    const file = await takeSnapshot({ memory: used, fresh: fresh(), module });
    const other = await hashModule(new TextEncoder().encode("another module"));
    await assert.rejects(readSnapshot(file, other), { name: "StoreError", code: "failed", message: /another module \(SHA-256 \w{12}…\) than this one \(\w{12}…\)/ });
    const snapshot = await readSnapshot(file, module);
    const small = fresh(4);
    assert.throws(() => snapshot.apply(small), { code: "failed", message: /needs 6 pages/ });
    assert.ok(Buffer.from(small.buffer).equals(at(fresh())), "nothing was changed");
    const large = memory(7);
    assert.throws(() => snapshot.apply(large), { code: "failed", message: /used already/ });
  });

  test("a damaged one is an error that says where", async () => {
    const used = fresh();
    at(used).set(crypto.getRandomValues(new Uint8Array(300)), 70000);
    const good = await takeSnapshot({ memory: used, fresh: fresh(), module, host: new Uint8Array(20) });
    for (let n = 0; n < good.length; n++) {
      const bad = good.slice();
      bad[n] ^= 1 << n % 8;
      await assert.rejects(readSnapshot(bad, module), { code: "damaged", message: /^the snapshot is damaged: .*\d/ });
      await assert.rejects(readSnapshot(good.slice(0, n), module), { code: "damaged" });
    }
  });

  test("a newer one is refused, and says so", async () => {
    const file = await takeSnapshot({ memory: fresh(), fresh: fresh(), module });
    file[8] = 2;
    await assert.rejects(readSnapshot(file, module), { code: "damaged", message: /version 2; this release reads version 1/ });
  });

  // `MOONWRIGHT_MUTANTS=100000 node --test test/snapshot.test.mjs` makes so many, MOONWRIGHT_MUTANTS=20000..30000 those.
  test("damage under checksums that fit is an error, or a snapshot that is applied", async (t) => {
    const used = fresh();
    used.grow(2);
    at(used).set([1, 2, 3], 1500);
    at(used).set([9], 4 * PAGE - 1);
    const good = await takeSnapshot({ memory: used, fresh: fresh(), module, host: new Uint8Array(30).fill(4) });
    const { info, body } = await unwrapCompressed(SNAPSHOT, good);
    const [from, to] = range(process.env.MOONWRIGHT_MUTANTS ?? "2000");
    let applied = 0;
    for (let number = from; number < to; number++) {
      const below = random(number);
      const bad = damage(below(2) ? body.slice(0, 60) : body, below);
      const pages = below(4) ? info : [0, 1, 65535, 65537, 2 ** 32 - 1][below(5)];
      const file = below(3) ? wrap(SNAPSHOT, pages, bad) : await wrapCompressed(SNAPSHOT, pages, bad);
      // What is stored behind the header's checksums is damaged as well, if it is compressed.
      const forged = below(3) ? file : wrap(SNAPSHOT, pages, damage(file.slice(HEADER), below));
      try {
        const snapshot = await readSnapshot(forged, module);
        const target = memory(2, 16);
        snapshot.apply(target);
        assert.equal(target.buffer.byteLength, snapshot.pages * PAGE);
        applied++;
      } catch (error) {
        assert.equal(error.name, "StoreError", `mutant ${number}: ${error.stack}`);
        assert.ok(error.code === "damaged" || error.code === "failed", `mutant ${number}: ${error.code}`);
      }
    }
    t.diagnostic(`mutants ${from}..${to}, ${applied} of them applied`);
    assert.ok(to - from < 1000 || (applied > (to - from) / 100 && applied < (to - from) / 2), `${applied} were applied`);
  });
});

/** The numbers of mutants that are asked for. */
function range(text) {
  const [, from, to] = /^(?:(\d+)\.\.)?(\d+)$/.exec(text) ?? assert.fail(`MOONWRIGHT_MUTANTS is neither a number nor a range: ${text}`);
  return [Number(from ?? 0), Number(to)];
}

/** Numbers below a limit, the same ones for a seed each time (mulberry32). */
function random(seed) {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) % limit;
  };
}

/** Bytes with one to three changes: bits, bytes, numbers of the head and of pieces, cuts, doubled parts. */
function damage(bytes, below) {
  let list = bytes.slice();
  for (let n = 1 + below(3); n > 0; n--) {
    if (list.length === 0) return list;
    // Most of it is memory: what means something stands at the start.
    const place = below(below(2) ? Math.min(list.length, 64) : list.length);
    const kind = below(6);
    if (kind === 0) list[place] ^= 1 << below(8);
    else if (kind === 1) list[place] = below(256);
    else if (kind === 2) list = list.slice(0, place);
    else if (kind === 3) list = Uint8Array.of(...list.subarray(0, place), ...list.subarray(0, Math.min(list.length, 40)), ...list.subarray(place));
    else if (list.length >= 40) {
      const number = [below(8), below(2 ** 32), 2 ** 32 - 1, 0x7fffffff][below(4)];
      new DataView(list.buffer, list.byteOffset).setUint32(Math.min(list.length - 4, 32 + 4 * below(5)), number, true);
    }
  }
  return list;
}
