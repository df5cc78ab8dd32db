// Loaded before a package (`node --import`): whoever reads one of the files that MOONWRIGHT_REPLACE maps gets the post-processed
// module in its place. At the end it says how often that happened: a package that never read its module was not tested.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";

const replacements = new Map(Object.entries(JSON.parse(process.env.MOONWRIGHT_REPLACE)).map(([from, to]) => [fs.realpathSync(from), to]));
let served = 0;

function place(path) {
  if (typeof path !== "string" && !(path instanceof URL)) return path;
  try {
    const real = fs.realpathSync(path instanceof URL || path.startsWith("file:") ? fileURLToPath(path) : path);
    const replacement = replacements.get(real);
    if (replacement === undefined) return path;
    served += 1;
    return replacement;
  } catch {
    return path; // the caller's own attempt says what is wrong with it
  }
}

for (const [holder, names] of [
  [fs, ["readFile", "readFileSync", "open", "openSync", "createReadStream"]],
  [fs.promises, ["readFile", "open"]],
]) {
  for (const name of names) {
    const original = holder[name];
    holder[name] = (path, ...rest) => original.call(holder, place(path), ...rest);
  }
}
syncBuiltinESMExports();
process.on("exit", () => fs.writeSync(2, `served ${served}\n`));
