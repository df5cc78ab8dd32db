// The modules under test: those of MOONWRIGHT_MODULES in the encodings that MOONWRIGHT_ENCODINGS names.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = process.env.MOONWRIGHT_MODULES ?? join(root, "target/moonwright/test-modules");
const encodings = (process.env.MOONWRIGHT_ENCODINGS ?? "legacy,host").split(",");

const compiled = new Map();

function compile(file) {
  if (!compiled.has(file)) {
    let bytes;
    try {
      bytes = readFileSync(join(folder, file));
    } catch (cause) {
      throw new Error(`no module at ${join(folder, file)}: run \`cargo xtask test\`, which builds it`, { cause });
    }
    compiled.set(file, new WebAssembly.Module(bytes));
  }
  return compiled.get(file);
}

/** Every module: its name, Lua version, profile, encoding, and the function that compiles it. */
export const modules = ["5.4", "5.5"].flatMap((lua) =>
  ["speed", "size"].flatMap((profile) =>
    encodings.map((encoding) => ({
      name: `${lua}-${profile}-${encoding}`,
      lua,
      profile,
      encoding,
      get module() {
        return compile(`lua-${lua}-${profile}-${encoding}.wasm`);
      },
    })),
  ),
);

export const luaPrograms = join(root, "tests/lua");
export const persistPrograms = join(root, "tests/persist");
