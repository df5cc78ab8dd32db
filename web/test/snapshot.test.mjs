import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashModule, readSnapshot, takeSnapshot } from "../build/snapshot.js";

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
});
