// Runs the Lua programs of tests/ in a page, with the host that runs them in node.
import { runLuaProgram } from "../../../tests/node/lua-program.mjs";
import { companionOf, PersistProgram, sectionsOf } from "../../../tests/node/persist-program.mjs";

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: expected the file, found HTTP status ${response.status}`);
  return response;
}

let module;

/** Compiles the module that the next programs run in. */
globalThis.useModule = async (path) => {
  module = await WebAssembly.compileStreaming(get(path));
};

globalThis.runLua = async (name) => runLuaProgram(module, name, new Uint8Array(await (await get(`/tests/lua/${name}`)).arrayBuffer()));

globalThis.runPersist = async (name) => {
  const text = async (path) => (await get(`/tests/persist/${path}`)).text();
  const sections = sectionsOf(name, await text(name));
  const file = companionOf(sections);
  await new PersistProgram(module, name, sections, file === undefined ? undefined : await text(`with/${file}`)).run();
};
