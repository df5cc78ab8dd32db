// Emscripten, a regular expression engine.
import { readFileSync } from "node:fs";
import { packages, resolve } from "../packages.mjs";

const { OnigScanner, OnigString, loadWASM } = packages("vscode-oniguruma");
await loadWASM({ data: readFileSync(resolve("vscode-oniguruma/release/onig.wasm")) });
const scanner = new OnigScanner(["\\b(?<word>local|function)\\b", "--.*$", "(['\"])(?:\\\\.|(?!\\1).)*\\1"]);
const text = new OnigString("x = 'it\\'s' local y -- ünïcode");
for (let at = 0, match; (match = scanner.findNextMatchSync(text, at)) !== null; at = match.captureIndices[0].end) {
  console.log(match.index, JSON.stringify(match.captureIndices));
}
