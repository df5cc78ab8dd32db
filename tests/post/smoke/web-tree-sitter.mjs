// Emscripten's dynamic linking: a main module, and a grammar that is a side module (it must keep its section dylink.0).
import { packages, resolve } from "../packages.mjs";

const { Language, Parser } = packages("web-tree-sitter");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(resolve("@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm")));
const tree = parser.parse("local t = { 1, 'two', [3] = function(...) return ... end }\nfor k, v in pairs(t) do print(k, v) end -- the end");
console.log(tree.rootNode.toString(), tree.rootNode.hasError);
console.log(tree.rootNode.descendantForPosition({ row: 1, column: 13 }).text);
