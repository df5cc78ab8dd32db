// The package as it is shipped: packed, installed in an empty folder, and used there by its name.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const npm = (args, cwd) => run("npm", ["--loglevel=error", ...args], cwd);

describe("the package", () => {
  let folder;
  let files;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "moonwright-package-"));
    const [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], web));
    files = packed.files.map((file) => file.path);
    mkdirSync(join(folder, "app"));
    writeFileSync(join(folder, "app/package.json"), '{"type": "module", "private": true}');
    npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, packed.filename)], join(folder, "app"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("has what was built and nothing else", () => {
    for (const name of ["LICENSE", "NOTICE.txt", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/lua.wasm", "dist/worker-thread.js"]) assert.ok(files.includes(name), name);
    assert.deepEqual(files.filter((name) => !/^(LICENSE|NOTICE\.txt|README\.md|package\.json|dist\/[\w./-]+\.(js|js\.map|d\.ts|wasm|txt))$/.test(name)), []);
    const manifest = JSON.parse(readFileSync(join(folder, "app/node_modules/moonwright/package.json"), "utf8"));
    assert.deepEqual(manifest.dependencies ?? {}, {});
    assert.equal(manifest.sideEffects, false);
    for (const target of Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)))) {
      assert.ok(files.includes(target.slice(2)), target);
    }
  });

  test("works in plain node, by its name", () => {
    const script = `
      import { Lua } from "moonwright";
      import { FileStore } from "moonwright/stores";
      import { LuaWorker } from "moonwright/worker";
      import compat from "moonwright/compat";
      const store = new FileStore("states");
      const lua = await Lua.load({ store, functions: { later: async (x) => x } });
      await lua.run("Memory.n = later(1)");
      await lua.close();
      const worker = await LuaWorker.load({ store, functions: { later: async (x) => x + 1 } });
      const { values } = await worker.run("return later(Memory.n), _VERSION");
      await worker.close();
      await compat.load({ autoRestore: false });
      console.log(JSON.stringify([...values, compat.compute("return 1") > 0]));
      // Another way to the module.
      const file = import.meta.resolve("moonwright/lua.wasm");
      console.log((await (await Lua.load({ wasm: file })).run("return 'by its name'")).values[0]);
    `;
    writeFileSync(join(folder, "app/main.js"), script);
    assert.equal(run(process.execPath, ["main.js"], join(folder, "app")), '[2,"Lua 5.4",true]\nby its name\n');
  });

  const consumer = `
    import { float, IndexedDbStore, Lua, LuaError, multi, proxy, type LoadOptions, type LuaFunction, type LuaTable, type Result } from "moonwright";
    import { authenticated, compressed, encrypted } from "moonwright/layers";
    import { FileStore, LocalStorageStore, MemoryStore, type Store } from "moonwright/stores";
    import { LuaWorker, type RemoteFunction } from "moonwright/worker";
    import { compute, loadLuaWasm } from "moonwright/compat";

    const stores: Store[] = [new IndexedDbStore({ database: "x" }), new FileStore("x"), new LocalStorageStore(), new MemoryStore(), compressed(encrypted(new MemoryStore(), new Uint8Array(32)), { threshold: 1 }), authenticated(new MemoryStore(), {} as CryptoKey)];
    const options: LoadOptions = {
      store: stores[0], limits: { heap: 1e6, timeout: 100 }, functions: { one: () => 1, two: () => multi(1, float(2)), o: proxy({ x: 1 }) },
      onUpgrade: async (lua, from, to) => void (await lua.run("...", { args: [from, to] })), onOutput: (text: string) => text.length,
    };
    export async function main(): Promise<number> {
      await using lua = await Lua.load(options);
      const result: Result = await lua.run("return 1", { name: "main.lua", timeout: 1, signal: AbortSignal.timeout(1) });
      using table: LuaTable = lua.get("t", { tables: "handle" });
      const f: LuaFunction = lua.compile("return ...");
      try { f(1, table.length); await f.async(2); } catch (e) { if (e instanceof LuaError && e.kind === "limit") console.log(e.line, e.luaTraceback); }
      lua.memory.live.user = { name: "Ada" };
      const again: Lua = await Lua.restore(await lua.snapshot({ handles: { f } }), options);
      const file: Blob = await again.exportState();
      await again.importState(file);
      const worker = await LuaWorker.load({ store: stores[1], onUpgrade: (w: LuaWorker) => w.clear() });
      const g: RemoteFunction = await worker.compile("return 1");
      await worker.restart();
      await loadLuaWasm();
      return compute("return 1") + result.values.length + (await g());
    }
    // @ts-expect-error: options are checked
    void Lua.load({ stroe: stores[0] });
    // @ts-expect-error: a worker has no runSync
    void ((w: LuaWorker) => w.runSync("x"));
  `;
  for (const [module, moduleResolution] of [["esnext", "bundler"], ["nodenext", "nodenext"]]) {
    test(`has types that hold under strict, module resolution ${moduleResolution}, without any others`, () => {
      const app = join(folder, "app");
      writeFileSync(join(app, "consumer.ts"), consumer);
      const compilerOptions = {
        module, moduleResolution, target: "es2022", lib: ["es2022", "dom", "dom.iterable"], types: [], strict: true, exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true,
      };
      writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      let errors = "";
      try {
        run(process.execPath, [join(web, "node_modules/typescript/bin/tsc"), "-p", "."], app);
      } catch (e) {
        errors = e.stdout;
      }
      assert.equal(errors, "");
    });
  }
});
