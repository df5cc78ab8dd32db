// States that cross from Chromium to the Rust crate and back; tests/state/README.md says how the files are made.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { blankPage, makePage } from "./bundle.mjs";
import { open, profile } from "./chromium.mjs";

const blank = await blankPage("blank-state");

/** Runs tests/state/PROGRAM over the state `name` in the page's IndexedDB, after an import of the file where there is one, and exports it. */
const visit = (page, name, program, file) =>
  page.evaluate(
    async ({ name, program, file }) => {
      const { IndexedDbStore, Lua } = await import("/dist/index.js");
      const fetched = async (path) => {
        const response = await fetch(`/tests/state/${path}`);
        if (!response.ok) throw new Error(`${path}: HTTP status ${response.status}`);
        return response;
      };
      const lua = await Lua.load({ store: new IndexedDbStore(), name });
      if (file) await lua.importState(await (await fetched(file)).blob());
      const { values } = await lua.run(await (await fetched(program)).text());
      await lua.save();
      const state = new Uint8Array(await (await lua.exportState()).arrayBuffer());
      await lua.close();
      return { values, state: [...state] };
    },
    { name, program, file },
  );

test("chromium::state::a state of the Rust crate opens in a page, functions included", async (t) => {
  const page = await open(await profile(t), blank);
  assert.deepEqual((await visit(page, "theirs", "check.lua", "crate.mwstate")).values, ["ok"]);
  // What was imported is there after the next load, too: check.lua has counted to 43.
  assert.deepEqual(await page.evaluate(async () => {
    const { IndexedDbStore, Lua } = await import("/dist/index.js");
    const lua = await Lua.load({ store: new IndexedDbStore(), name: "theirs" });
    const { values } = await lua.run("return Memory.count(), Memory.point:sum()");
    await lua.close();
    return values;
  }), [44, 3.5]);
  assert.deepEqual(page.problems, []);
});

test("chromium::state::a page exports a state that opens elsewhere", async (t) => {
  const page = await open(await profile(t), blank);
  const { state } = await visit(page, "ours", "make.lua");
  if (process.env.MOONWRIGHT_MAKE_STATE) writeFileSync(new URL("../../../tests/state/chromium.mwstate", import.meta.url), Uint8Array.from(state));
  const kept = await visit(page, "kept", "check.lua", "chromium.mwstate");
  assert.deepEqual(kept.values, ["ok"]);
  assert.deepEqual(page.problems, []);
});

test("chromium::state::a page stores under layers what opens elsewhere", async (t) => {
  const page = await open(await profile(t), await makePage("state-layers", 'import * as layers from "../layer-kinds.mjs"; globalThis.layers = layers;'));
  await page.waitForFunction(() => globalThis.layers);
  for (const kind of ["compressed", "authenticated", "encrypted"]) {
    const { values, state } = await page.evaluate(async (kind) => {
      const { Lua } = await import("/dist/index.js");
      const { exportState, MemoryStore } = await import("/dist/stores.js");
      const store = new MemoryStore();
      const layered = layers.exchanged[kind](store);
      const run = async (program) => {
        const lua = await Lua.load({ store: layered });
        const { values } = await lua.run(await (await fetch(`/tests/state/${program}`)).text());
        await lua.close();
        return values;
      };
      await run("make.lua");
      const session = await store.open("default");
      const state = new Uint8Array(await (await exportState(session)).arrayBuffer());
      await session.close();
      return { values: await run("check.lua"), state: [...state] };
    }, kind);
    assert.deepEqual(values, ["ok"]);
    if (process.env.MOONWRIGHT_MAKE_STATE) writeFileSync(new URL(`../../../tests/state/layers/chromium-${kind}.mwstate`, import.meta.url), Uint8Array.from(state));
  }
  assert.deepEqual(page.problems, []);
});
