// Builds the demo pages into target/moonwright/site, from where any server of files can serve them: `cargo xtask serve` does it all.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = fileURLToPath(new URL(".", import.meta.url));
const site = fileURLToPath(new URL("../../target/moonwright/site/", import.meta.url));

/** Every page: its file's name, its name in the navigation, and what search engines and tab titles say. */
const pages = [
  { name: "index", nav: "Home", title: "Moonwright", about: "Lua in WebAssembly whose data and functions are still there after a reload" },
  { name: "playground", nav: "Playground", title: "Playground", about: "Write and run Lua in this page" },
  { name: "proof", nav: "Proof", title: "Proof", about: "The same state before and after a real reload, byte by byte" },
  { name: "stress", nav: "Stress", title: "Stress", about: "Thousands of items and hundreds of functions, stored and brought back" },
  { name: "harness", nav: "Tests", title: "Test harness", about: "Every feature of the package, tested in this browser" },
  { name: "size", nav: "Size", title: "Size", about: "Where the module's bytes are" },
];

/** What the pages may do: their own scripts, WebAssembly, and nothing else. */
const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'",
  // Where text is typed over text that has a colour, browsers put style attributes into the editor themselves.
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:", "connect-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
].join("; ");

const link = (page, current) => {
  const here = page === current ? ' aria-current="page"' : "";
  return `<li><a href="${page.name}.html"${here}>${page.nav}</a></li>`;
};

const html = (page, body) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${POLICY}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="${page.about}">
    <title>${page.title === "Moonwright" ? "Moonwright" : `${page.title} · Moonwright`}</title>
    <link rel="icon" href="icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="style.css">
    <script type="module" src="${page.name}.js"></script>
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href="index.html"><img src="icon.svg" alt="" width="24" height="24"> Moonwright</a>
      <nav aria-label="Pages"><ul>${pages.slice(1).map((other) => link(other, page)).join("")}</ul></nav>
    </header>
    <main id="main">
${body}    </main>
    <noscript><p class="notice bad">These pages run Lua in the browser, which needs JavaScript.</p></noscript>
  </body>
</html>
`;

const { exports: shipped } = JSON.parse(await readFile(join(source, "../package.json"), "utf8"));
await mkdir(site, { recursive: true });
// Shared parts have names that change with their content: old ones would pile up.
for (const file of await readdir(site)) if (/\.(js|html|css)$/.test(file)) await rm(join(site, file));
for (const page of pages) await writeFile(join(site, `${page.name}.html`), html(page, await readFile(join(source, "pages", `${page.name}.html`), "utf8")));
for (const file of ["style.css", "icon.svg"]) await copyFile(join(source, file), join(site, file));
await build({
  entryPoints: pages.map(({ name }) => join(source, `${name}.ts`)),
  outdir: site, bundle: true, splitting: true, chunkNames: "shared-[hash]", format: "esm", target: "es2022", minify: true, logLevel: "warning",
  legalComments: "linked",
  plugins: [
    {
      // The package is not bundled: the pages load it as it is shipped, as any page could.
      name: "the package beside the pages",
      setup({ onResolve }) {
        onResolve({ filter: /^moonwright(\/|$)/ }, ({ path }) => {
          const { default: file } = shipped[path.replace(/^moonwright/, ".")];
          return { path: file.replace(/^\.\/dist\//, "./moonwright/"), external: true };
        });
      },
    },
  ],
});
