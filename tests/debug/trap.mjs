// Makes a module trap at a line of C that is known, and prints where V8 says that is, and what it tells a debugger of the module.
// The only argument is the module's file.
import { readFileSync } from "node:fs";
import { Session } from "node:inspector";

const scripts = [];
const session = new Session();
session.connect();
session.on("Debugger.scriptParsed", ({ params }) => {
  if (params.scriptLanguage === "WebAssembly") scripts.push(params);
});
session.post("Debugger.enable");

const nothing = () => -1;
const env = new Proxy({}, { get: () => nothing });
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const { exports } = new WebAssembly.Instance(module, { env });
exports.init();
let stack;
try {
  exports.get_memory_stats(-16); // the end of memory is nearer than what it writes is long
} catch (error) {
  stack = error.stack;
}
const sections = ["name", "sourceMappingURL", "external_debug_info", ".debug_info", ".debug_line"];
console.log(
  JSON.stringify({
    stack,
    sourceMap: scripts.map((script) => script.sourceMapURL),
    sections: sections.filter((name) => WebAssembly.Module.customSections(module, name).length > 0),
  }),
);
