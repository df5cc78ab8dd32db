// A state that the Rust crate exported is opened here; tests/state/README.md says how the files are made.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { exportState, importState, MemoryStore } from "../dist/stores.js";
import { exchanged } from "./layer-kinds.mjs";
import { load } from "./load.mjs";

const folder = new URL("../../tests/state/", import.meta.url);
const program = (name) => readFile(new URL(name, folder), "utf8");

/** The state `name` of `store`, exported. */
async function exported(store, name) {
  const session = await store.open(name);
  const file = await exportState(session);
  await session.close();
  return new Uint8Array(await file.arrayBuffer());
}

if (process.argv[2] === "make") {
  for (const [layer, name] of [[(store) => store, "npm"], ...Object.entries(exchanged).map(([kind, layer]) => [layer, `layers/npm-${kind}`])]) {
    const store = new MemoryStore();
    const lua = await load({ store: layer(store) });
    await lua.run(await program("make.lua"));
    await lua.close();
    await writeFile(new URL(`${name}.mwstate`, folder), await exported(store, "default"));
  }
} else {
  test("a state of the Rust crate opens, functions included, and goes back", async () => {
    for (const name of ["crate.mwstate", "npm.mwstate"]) {
      const store = new MemoryStore();
      const session = await store.open("default");
      const file = await readFile(new URL(name, folder));
      await importState(session, file);
      assert.equal(session.version, name === "crate.mwstate" ? 7 : 0);
      await session.close();
      const lua = await load({ store });
      assert.deepEqual((await lua.run(await program("check.lua"))).values, ["ok"]);
      await lua.close();
    }
  });
}
