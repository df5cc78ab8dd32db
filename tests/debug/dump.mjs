// Compiles Lua files with a built module: dump.mjs MODULE FOLDER FILE... writes FOLDER/NAME.luac, with debug information, and
// FOLDER/NAME.bare, as Lua strips it.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Host } from "../node/host.mjs";

const [module, folder, ...files] = process.argv.slice(2);
const compiled = new WebAssembly.Module(readFileSync(module));
const quote = "=".repeat(12);
for (const file of files) {
  const name = basename(file);
  const text = readFileSync(file, "latin1");
  const host = await Host.create(compiled);
  const program = `local f = assert(load([${quote}[\n${text}]${quote}], "@${name}"))
    return string.dump(f), string.dump(f, true)`;
  const [whole, bare] = host.run(Buffer.from(program, "latin1")).values;
  writeFileSync(join(folder, `${name}.luac`), Buffer.from(whole));
  writeFileSync(join(folder, `${name}.bare`), Buffer.from(bare));
}
