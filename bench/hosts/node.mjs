// Runs a program in an engine on node and prints the times as JSON.
// Arguments: the engine, its file (a module) or folder (npm packages), the program, its mode, the number of runs, the limit in ms.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { measure } from "./measure.js";

const [, , engine, from, program, mode, runs, limit] = process.argv;
const { start } = await import(`./engines/${engine}.js`);

/** What an engine starts from: packages are loaded here, before the clock runs; modules are read after that. */
async function assets() {
  switch (engine) {
    case "moonwright":
      return () => ({ module: readFileSync(from) });
    case "package": {
      const { Lua } = await import("../../web/dist/index.js");
      return () => ({ Lua, module: readFileSync(from) });
    }
    default: {
      const loaded = createRequire(join(from, "_"))(engine);
      return () => ({ [engine]: loaded });
    }
  }
}

const given = await assets();
const sample = await measure(() => start(given()), { text: readFileSync(program, "utf8"), mode, runs: Number(runs), limit: Number(limit) });
console.log(JSON.stringify(sample));
