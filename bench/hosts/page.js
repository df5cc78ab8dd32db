// Runs a program in an engine in a page; web/bench/programs.mjs calls it.
import { measure } from "./measure.js";

const fetchText = async (url) => (await fetch(url)).text();

/** Code of an engine that is no module: it leaves a global. */
function script(src) {
  return new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: () => reject(new Error(`cannot load ${src}`)) }));
  });
}

const assets = {
  moonwright: (file) => () => ({ module: fetch(file) }),
  async package(file) {
    const { Lua } = await import("/dist/index.js");
    return () => ({ Lua, module: fetch(file) });
  },
  async wasmoon() {
    await script("/npm/wasmoon/dist/index.js");
    return () => ({ wasmoon: globalThis.wasmoon, glue: "/npm/wasmoon/dist/glue.wasm" });
  },
  async fengari() {
    await script("/work/fengari.js");
    return () => ({ fengari: globalThis.fengari });
  },
};

globalThis.measureProgram = async ({ engine, file, program, ...rest }) => {
  const [text, { start }, given] = await Promise.all([fetchText(program), import(`./engines/${engine}.js`), assets[engine](file)]);
  return measure(async () => start(given()), { text, ...rest });
};
