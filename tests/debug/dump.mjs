// Compiles Lua files with a built module: dump.mjs MODULE FOLDER NAME... writes FOLDER/NAME.luac, with debug information.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../node/host.mjs";

const [file, folder, ...names] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
for (const name of names) {
  const text = readFileSync(join(import.meta.dirname, name), "latin1");
  const host = await Host.create(module);
  const [chunk] = host.run(Buffer.from(`return string.dump(assert(load([==[\n${text}]==], "@${name}")))`, "latin1")).values;
  writeFileSync(join(folder, `${name}.luac`), Buffer.from(chunk));
}
