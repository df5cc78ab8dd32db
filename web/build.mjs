// Builds the package: tsc checks the sources and writes modules and types to build/, where the unit tests find them; what is
// shipped, in dist/, is made of those:
//   index.js            all that most pages ever need, in one file: small files compress badly, and each is a request
//   stores.js, ...      the other entries, and what is loaded when it is needed; these take what index.js has from there
//   worker-thread.js    what runs in a worker; it shares nothing with the page's files
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const root = dirname(fileURLToPath(import.meta.url));
const from = join(root, "build");
const to = join(root, "dist");

/** Entries beside index. */
const entries = ["compat", "layers", "stores", "worker"];
/** What index loads when it is needed. */
const rare = ["rare", "node", "store/local-lock", "store/indexeddb-states"];

rmSync(from, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", root], { stdio: "inherit" });
mkdirSync(to, { recursive: true });
for (const old of readdirSync(to)) if (!old.endsWith(".wasm")) rmSync(join(to, old), { recursive: true });

const options = {
  absWorkingDir: from, bundle: true, minifySyntax: true, minifyIdentifiers: true, sourcemap: true, format: "esm", target: "es2022", outdir: to, logLevel: "warning", metafile: true,
};
/** Makes a file of dist/ smaller: terser finds some per cent more than esbuild. */
async function shrink(name, change = (code) => code) {
  const path = join(to, name);
  const { code, map } = await minify(readFileSync(path, "utf8"), {
    module: true, ecma: 2022, compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
    format: { comments: /webpackIgnore|@vite-ignore/ },
    sourceMap: { content: readFileSync(path + ".map", "utf8"), url: name + ".map" },
  });
  writeFileSync(path, change(code));
  writeFileSync(path + ".map", map);
}
const file = (name) => join(from, name + ".js");
const resolved = ({ path, resolveDir }) => join(resolveDir, path);

/** Leaves the rare files out of index. */
const withoutRare = {
  name: "without-rare",
  setup({ onResolve }) {
    const paths = new Set(rare.map(file));
    onResolve({ filter: /^\./ }, (args) => (paths.has(resolved(args)) ? { path: "./" + basename(args.path), external: true } : undefined));
  },
};

// Which modules index has, and what the others take from them.
const { metafile } = await build({ ...options, entryPoints: [file("index")], plugins: [withoutRare], write: false });
const core = new Set(Object.keys(metafile.inputs).map((path) => join(from, path)));
const { exports } = Object.values(metafile.outputs).find((output) => output.entryPoint);
/** By name: what index.js calls it. What is not public has a name that says so. */
const taken = new Map();
let internals = "";
/** A module's text with its imports of what index has taken from index.js. */
function redirect(path, text) {
  return text.replace(/^(import|export) \{([^}]*)\} from "(\.[^"]*)"/gm, (all, how, names, module) => {
    const target = join(dirname(path), module);
    if (!core.has(target)) return all;
    const list = names.split(",").map((item) => {
      const [name, alias = name] = item.trim().split(" as ");
      const key = `${name} ${target}`;
      if (!taken.has(key)) {
        const short = exports.includes(name) ? name : `$${taken.size.toString(36)}`;
        taken.set(key, short);
        if (short !== name) internals += `export { ${name} as ${short} } from "./${relative(from, target)}";\n`;
      }
      return `${taken.get(key)} as ${alias}`;
    });
    return `${how} { ${list} } from "index"`;
  });
}
const texts = new Map();
for (const path of readdirSync(from, { recursive: true, encoding: "utf8" }).map((name) => join(from, name))) {
  if (path.endsWith(".js") && !core.has(path) && path !== file("worker-thread")) texts.set(path, redirect(path, readFileSync(path, "utf8")));
}
await build({
  ...options, plugins: [withoutRare],
  stdin: { contents: `export * from "./index.js";\n${internals}`, resolveDir: from, sourcefile: "entry.js" }, outdir: undefined, outfile: join(to, "index.js"),
});

// What is not public is exported by its short name in the file: any other would take bytes.
const locals = new Map();
await shrink("index.js", (code) => code.replace(/([\w$]+) as (\$\w+)/g, (_, local, name) => (locals.set(name, local), local)));
for (const [path, text] of texts) texts.set(path, text.replace(/(\$\w+) as /g, (all, name) => (locals.has(name) ? `${locals.get(name)} as ` : all)));

/** Takes what index.js has from there. */
const fromIndex = {
  name: "from-index",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^index$/ }, () => ({ path: "./index.js", external: true }));
    onLoad({ filter: /\.js$/ }, ({ path }) => ({ contents: texts.get(path) }));
  },
};
await build({
  ...options, plugins: [fromIndex], splitting: true, chunkNames: "[name]-[hash]",
  entryPoints: Object.fromEntries([...entries, ...rare].map((name) => [basename(name), file(name)])),
});
await build({ ...options, entryPoints: [file("worker-thread")] });

for (const name of readdirSync(to).filter((name) => name.endsWith(".js") && name !== "index.js")) await shrink(name);
cpSync(from, to, { recursive: true, filter: (path) => !/\.js$|worker-thread\.d\.ts$/.test(path) });
copyFileSync(join(root, "node_modules/idb-keyval/LICENCE"), join(to, "idb-keyval.LICENCE.txt"));
copyFileSync(join(root, "../LICENSE"), join(root, "LICENSE"));
