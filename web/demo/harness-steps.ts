/** The steps of the test harness: each is on its own, on states that it removes. */
import { compile, IndexedDbStore, Lua, multi, supports } from "moonwright";
import { LocalStorageStore, MemoryStore } from "moonwright/stores";
import { LuaWorker } from "moonwright/worker";
import { failure, holds, same } from "./check.js";

export interface Step {
  readonly name: string;
  /** Fails with an error; what it gives is shown beside the pass. */
  run(): Promise<string>;
}

const database = "moonwright-harness";
const store = new IndexedDbStore({ database });

/** An instance for one step. */
async function using(options: Parameters<typeof Lua.load>[0], body: (lua: Lua) => Promise<string>): Promise<string> {
  const lua = await Lua.load(options);
  try {
    return await body(lua);
  } finally {
    await lua.close({ discard: true });
  }
}

/** Two instances, one after the other, over one state: the second is what comes after a reload. */
async function restarted(first: (lua: Lua) => Promise<unknown>, second: (lua: Lua) => Promise<string>, where: NonNullable<Parameters<typeof Lua.load>[0]>["store"] = store): Promise<string> {
  await where!.delete("step");
  const lua = await Lua.load({ store: where, name: "step" });
  await first(lua);
  await lua.close();
  return using({ store: where, name: "step" }, second);
}

export const steps: readonly Step[] = [
  {
    name: "The engine has WebAssembly exceptions",
    async run() {
      const encodings = (["legacy", "standard"] as const).filter((encoding) => supports(encoding));
      holds(encodings.length > 0, "one encoding of exceptions is there");
      return encodings.join(" and ");
    },
  },
  {
    name: "The page's policy forbids code from text",
    async run() {
      const error = await failure(() => new Function("return 1")());
      same(error.name, "EvalError");
      return "script-src 'self' 'wasm-unsafe-eval'";
    },
  },
  {
    name: "The module compiles once and is shared",
    async run() {
      const module = await compile();
      const [a, b] = await Promise.all([Lua.load(), Lua.load()]);
      holds(a.module === module && b.module === module, "both instances have the module");
      await Promise.all([a.run("x = 1"), b.run("x = 2")]);
      same([a.get("x"), b.get("x")], [1, 2]);
      await Promise.all([a.close(), b.close()]);
      return "two instances, one module";
    },
  },
  {
    name: "run gives values and output",
    run: () =>
      using({}, async (lua) => {
        same(await lua.run("print('hello') return 1, 'x', true, nil, {1, 2}"), { values: [1, "x", true, undefined, [1, 2]], output: "hello\n" });
        same(lua.runSync("return ...", { args: [7] }).values, [7]);
        return "five values, one line";
      }),
  },
  {
    name: "An error says what, where and how it came there",
    run: () =>
      using({}, async (lua) => {
        const error = await failure(() => lua.run("print('before')\nlocal function f() return (nil).x end\nf()", { name: "main.lua" }));
        same([error.name, error.kind, error.chunk, error.line, error.output], ["LuaError", "runtime", "main.lua", 2, "before\n"]);
        holds(String(error.luaTraceback).includes("main.lua:3:"), "the traceback names line 3");
        same((await failure(() => lua.run("for i = 1, 2 do"))).incomplete, true);
        return error.message;
      }),
  },
  {
    name: "Integers, floats and bytes stay what they are",
    run: () =>
      using({}, async (lua) => {
        const [kinds, big, bytes] = (await lua.run("return {math.type(1), math.type(1.0)}, math.maxinteger, '\\xff\\0'")).values;
        same([kinds, big], [["integer", "float"], 9223372036854775807n]);
        holds(bytes instanceof Uint8Array && bytes[0] === 255 && bytes[1] === 0, "bytes that are no text come as bytes");
        same((await lua.run("return ... == math.mininteger", { args: [-(2n ** 63n)] })).values, [true]);
        return "64 bits, both ways";
      }),
  },
  {
    name: "Functions are called both ways",
    run: () =>
      using({ functions: { add: (a: number, b: number) => a + b, pair: () => multi(1, 2) } }, async (lua) => {
        await lua.run("function twice(x) return add(x, x) end");
        same(await lua.call("twice", 21), 42);
        same((await lua.run("return pair()")).values, [1, 2]);
        const [f] = (await lua.run("return function(x) return x .. '!' end")).values;
        same(f("hi"), "hi!");
        f.release();
        return "twice(21) = 42";
      }),
  },
  {
    name: "Promises are waited for, also in pcall and coroutines",
    run: () =>
      using({ functions: { later: (value: unknown) => new Promise((go) => setTimeout(go, 5, value)), fail: () => Promise.reject(new Error("no luck")) } }, async (lua) => {
        const code = "local co = coroutine.wrap(function() coroutine.yield(later(2)) end) return later(1), co(), select(2, pcall(fail)).message";
        same((await lua.run(code)).values, [1, 2, "no luck"]);
        return "three promises";
      }),
  },
  {
    name: "Objects of the page go by proxy",
    run: () =>
      using({}, async (lua) => {
        class Counter {
          n = 0;
          add(k: number): number {
            return (this.n += k);
          }
        }
        const counter = new Counter();
        same((await lua.run("local c = ... c:add(2) c.n = c.n * 10 return c:add(1), c", { args: [counter] })).values[1] === counter, true);
        same(counter.n, 21);
        return "the same object comes back";
      }),
  },
  {
    name: "A runaway script is ended by a timeout",
    run: () =>
      using({}, async (lua) => {
        const begun = performance.now();
        const error = await failure(() => lua.run("while true do pcall(function() while true do end end) end", { timeout: 50 }));
        same(error.kind, "limit");
        same((await lua.run("return 1")).values, [1]);
        return `after ${Math.round(performance.now() - begun)} ms`;
      }),
  },
  {
    name: "An AbortSignal ends a loop, and the page stays responsive",
    run: () =>
      using({}, async (lua) => {
        let turns = 0;
        const timer = setInterval(() => turns++, 10);
        const error = await failure(() => lua.run("while true do end", { signal: AbortSignal.timeout(150) }));
        clearInterval(timer);
        same(error.kind, "abort");
        holds(turns >= 3, `timers went on meanwhile (${turns} turns)`);
        return `${turns} turns of a timer meanwhile`;
      }),
  },
  {
    name: "Limits of memory and steps hold",
    run: () =>
      using({ limits: { heap: 4 << 20, instructions: 5_000_000 } }, async (lua) => {
        same((await failure(() => lua.run("local s = 'x' while true do s = s .. s end"))).kind, "memory");
        same((await failure(() => lua.run("while true do end"))).kind, "limit");
        same((await lua.run("return 1")).values, [1]);
        return "4 MB, 5,000,000 steps";
      }),
  },
  {
    name: "require finds given modules, and asks a loader",
    run: () =>
      using({ modules: { one: "return 1" }, loader: (name) => (name === "two" ? "return 2" : undefined) }, async (lua) => {
        same((await lua.run("return require 'one', (require 'two'), pcall(require, 'three')")).values.slice(0, 3), [1, 2, false]);
        return "one, two, and no three";
      }),
  },
  {
    name: "Memory is seen from JavaScript",
    run: () =>
      using({}, async (lua) => {
        lua.memory.set("user", { name: "Ada" });
        lua.memory.live.user.name = "Grace";
        same([(await lua.run("return Memory.user.name")).values[0], lua.memory.keys()], ["Grace", ["user"]]);
        lua.memory.delete("user");
        same(lua.memory.keys(), []);
        return "get, set, delete, keys, live";
      }),
  },
  {
    name: "Data is there after a restart, with its identity",
    run: () =>
      restarted(
        (lua) => lua.run("local t = {n = 1} Memory.a, Memory.b = t, t Memory.self = Memory t.n = 2.0 Memory.s = '\\0\\xff'"),
        async (lua) => {
          same((await lua.run("return Memory.a == Memory.b, Memory.self == Memory, math.type(Memory.a.n), #Memory.s")).values, [true, true, "float", 2]);
          return "shared, cyclic, binary";
        },
      ),
  },
  {
    name: "Functions are there after a restart, with their upvalues",
    run: () =>
      restarted(
        (lua) => lua.run("local n = 0 function Memory.up() n = n + 1 return n end function Memory.now() return n end Memory.up() Memory.up()"),
        async (lua) => {
          same((await lua.run("Memory.up() return Memory.now()")).values, [3]);
          return "the shared upvalue counts on: 3";
        },
      ),
  },
  {
    name: "Metatables and methods are there after a restart",
    run: () =>
      restarted(
        (lua) => lua.run("local P = {} P.__index = P function P:len() return self.x + 1 end Memory.p = setmetatable({x = 1}, P)"),
        async (lua) => {
          same((await lua.run("return Memory.p:len()")).values, [2]);
          return "p:len() = 2";
        },
      ),
  },
  {
    name: "What can't be stored is refused with its path",
    run: () =>
      using({}, async (lua) => {
        const error = await failure(() => lua.run("Memory.cfg = {log = {1, io.stdout}}"));
        same(error.kind, "persist");
        holds(error.message.includes("Memory.cfg.log[2]"), "the message has the path");
        return error.message;
      }),
  },
  {
    name: "localStorage keeps a state too",
    async run() {
      const local = new LocalStorageStore({ storage: localStorage });
      const detail = await restarted(
        (lua) => lua.run("Memory.x = {1, 2, 3}"),
        async (lua) => {
          same((await lua.run("return #Memory.x")).values, [3]);
          return "a list of three";
        },
        local,
      );
      await local.delete("step");
      return detail;
    },
  },
  {
    name: "A second instance on one state is refused, or is read-only",
    async run() {
      await store.delete("step");
      return using({ store, name: "step" }, async () => {
        same((await failure(() => Lua.load({ store, name: "step" }))).code, "locked");
        return using({ store, name: "step", onConflict: "readonly" }, async (second) => {
          await second.run("Memory.x = 1");
          same((await failure(() => second.save())).code, "readonly");
          return "locked; then read-only";
        });
      });
    },
  },
  {
    name: "A state goes into a file and comes back",
    async run() {
      const memory = new MemoryStore();
      const from = await Lua.load({ store: memory, name: "from" });
      await from.run("Memory.list = {} for i = 1, 1000 do Memory.list[i] = 'item ' .. i end");
      const blob = await from.exportState();
      await from.close();
      return using({ store: memory, name: "to" }, async (lua) => {
        await lua.run("Memory.other = true");
        await lua.importState(blob);
        same((await lua.run("return #Memory.list, Memory.list[1000], Memory.other")).values, [1000, "item 1000", undefined]);
        const broken = await failure(async () => lua.importState((new Uint8Array(await blob.arrayBuffer())).slice(0, -1)));
        same([broken.code, (await lua.run("return #Memory.list")).values[0]], ["damaged", 1000]);
        return `${blob.size} bytes, compressed and checksummed`;
      });
    },
  },
  {
    name: "A snapshot carries a whole instance, suspended coroutines included",
    run: () =>
      using({}, async (lua) => {
        await lua.run("co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) co()");
        const snapshot = await lua.snapshot();
        const restored = await Lua.restore(snapshot);
        try {
          same((await restored.run("return co(), co()")).values, [2, 3]);
        } finally {
          await restored.close();
        }
        return `${snapshot.length} bytes`;
      }),
  },
  {
    name: "An upgrade runs once, as a whole",
    async run() {
      const memory = new MemoryStore();
      await (await Lua.load({ store: memory, version: 1 })).close();
      const seen: number[][] = [];
      const onUpgrade = (lua: Lua, from: number, to: number): void => {
        seen.push([from, to]);
        lua.memory.set("upgraded", true);
      };
      for (let n = 0; n < 2; n++) await (await Lua.load({ store: memory, version: 2, onUpgrade })).close();
      same(seen, [[1, 2]]);
      return "from 1 to 2";
    },
  },
  {
    name: "In a worker, a runaway script leaves the page alone and can be ended",
    async run() {
      const lua = await LuaWorker.load({ functions: { add: (a: number, b: number) => a + b } });
      try {
        same((await lua.run("return add(1, 2)")).values, [3]);
        let turns = 0;
        const timer = setInterval(() => turns++, 10);
        const error = await failure(() => lua.run("while true do end", { signal: AbortSignal.timeout(150) }));
        clearInterval(timer);
        same(error.kind, "abort");
        holds(turns >= 5, `timers went on meanwhile (${turns} turns)`);
        return `${turns} turns of a timer meanwhile`;
      } finally {
        await lua.close();
      }
    },
  },
  {
    name: "Tables that nothing reaches are collected",
    run: () =>
      using({}, async (lua) => {
        await lua.run("Memory.a = {} Memory.b = {{1}}");
        await lua.run("Memory.b = nil");
        const dropped = lua.collectTables();
        same(dropped, 2);
        return `${dropped} tables`;
      }),
  },
];

/** Removes what the steps have left. */
export async function cleanUp(): Promise<void> {
  await new Promise<void>((done) => {
    const request = indexedDB.deleteDatabase(database);
    request.onsuccess = request.onerror = request.onblocked = () => done();
  });
}
