// Runs an application of two compiled files: run.mjs MODULE FOLDER ENDING prints what each of its failures says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../node/host.mjs";

const [file, folder, ending] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
const host = await Host.create(module);
const quoted = (name) => {
  const bytes = readFileSync(join(folder, `${name}.${ending}`));
  return `"${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
};
const { output } = host.run(`
  local lib = assert(load(${quoted("lib.lua")}, "lib", "b"))
  local main = assert(load(${quoted("main.lua")}, "main", "b"))
  main(lib())
`);
process.stdout.write(Buffer.from(output));
