// Prints how many bytes of JavaScript a page loads: the package's entry with all that it imports, minified.
import { build } from "esbuild";
import { gzipSync } from "node:zlib";

const { outputFiles, metafile } = await build({
  entryPoints: ["dist/index.js"], bundle: true, minify: true, format: "esm", platform: "neutral", target: "es2022", external: ["node:*"], metafile: true,
  write: false, outdir: "out", logLevel: "error",
});
const [{ contents }] = outputFiles;
const [{ inputs }] = Object.values(metafile.outputs);
for (const [file, { bytesInOutput }] of Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)) {
  if (bytesInOutput) console.log(`${String(bytesInOutput).padStart(7)}  ${file}`);
}
console.log(`${String(contents.length).padStart(7)}  in total, ${gzipSync(contents, { level: 9 }).length} gzip`);
