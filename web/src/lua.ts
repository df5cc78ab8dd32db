/** The Lua that applications see: one instance of the module. */
import { Bridge, type CallOptions, type Exports, type Result, type RunOptions } from "./bridge.js";
import { toBytes, type DecodeOptions } from "./codec.js";
import { LuaError } from "./error.js";
import { Fn, handleId, type LuaFunction, type LuaHandle, type LuaTable } from "./handles.js";
import { makeImports } from "./imports.js";
import { LuaMemory } from "./memory.js";
import { compile, type WasmChoice, type WasmSource } from "./module.js";
import { RecordMap } from "./store/records.js";
import type { OpenOptions, Records, Session, Store } from "./store/store.js";
import type { LuaInput, LuaValue } from "./values.js";

/** A global's name, or the way to a value inside of tables: `"print"`, `["config", "list", 1]`. */
export type Path = string | readonly LuaInput[];

export interface LoadOptions extends DecodeOptions {
  /** Where the module is: a URL, its bytes, or compiled. By default `lua.wasm` beside this package's files. */
  wasm?: WasmSource | WasmChoice | undefined;
  /** Where the state is kept. Without one, `Memory` lasts as long as the instance. */
  store?: Store | undefined;
  /** The state's name in the store; `default` by default. */
  name?: string | undefined;
  /** False: `Memory` starts empty, and what is stored stays until the first `save()` replaces it. True by default. */
  autoRestore?: boolean | undefined;
  /** False: the instance works on a copy of the state, and only `save()` writes. True by default. */
  autoSave?: boolean | undefined;
  /** What to do if another page or process has the state. */
  onConflict?: OpenOptions["onConflict"];
  /** The application's version of what is under `Memory`. */
  version?: number | undefined;
  /** Called when what is stored has another version. What it does is committed as a whole, with the new version. */
  onUpgrade?: ((lua: Lua, from: number, to: number) => void | Promise<void>) | undefined;
  /** Gets what scripts print, when they end, wait, or have used up a slice. */
  onOutput?: ((text: string, bytes: Uint8Array) => void) | undefined;
  limits?: LuaLimits | undefined;
  /** Texts that `require(name)` finds. */
  modules?: Record<string, string | Uint8Array> | undefined;
  /** Asked by `require` for all other names, see `LuaModules.loader`. */
  loader?: ModuleLoader | undefined;
  /** Globals. Functions among them can be stored under `Memory`: by their name, and with the next instance's meaning. */
  functions?: Record<string, LuaInput> | undefined;
  /** Seed of `math.random` and of hashes. By default the clock. */
  seed?: number | bigint | undefined;
  /** Ends the loading. */
  signal?: AbortSignal | undefined;
}

export interface LuaLimits {
  /** Bytes that Lua may use. */
  heap?: number | undefined;
  /** Steps that each call may take. */
  instructions?: number | bigint | undefined;
  /** Milliseconds for each call that names no `timeout` of its own. */
  timeout?: number | undefined;
}

/** Gives a module's text, or a function that makes it; undefined if there is no such module. It can't wait. */
export type ModuleLoader = (name: string) => string | Uint8Array | ((...args: LuaValue[]) => LuaValue) | undefined;

interface Chunk {
  /** The chunk's name in messages: a file's name, or as Lua has it (`@file`, `=text`). By default its text. */
  name?: string | undefined;
  /** What the chunk gets as `...`. */
  args?: readonly LuaInput[] | undefined;
}
export type ScriptOptions = RunOptions & Chunk;
export type SyncScriptOptions = CallOptions & Chunk;

export interface LuaStats {
  /** Bytes that Lua uses. */
  heapBytes: number;
  /** Bytes of the module's memory, which never shrinks. */
  memoryBytes: number;
  bufferBytes: number;
  /** Lua values that JavaScript holds. */
  handles: number;
  /** JavaScript values that Lua holds. */
  hostValues: number;
  /** Scripts that wait. */
  tasks: number;
}

const chunkName = (name: string | undefined): Uint8Array | undefined =>
  name === undefined ? undefined : toBytes(/^[@=]/.test(name) ? name : "@" + name);

function copyRecords(from: Records, to: Records): void {
  for (const id of from.tables()) for (const key of from.keys(id)) to.set(id, key, from.get(id, key) as Uint8Array);
}

export class LuaModules {
  constructor(private readonly bridge: Bridge) {}

  /** `require(name)` finds this text. Fails with an error of kind `syntax` if it does not compile. */
  add(name: string, source: string | Uint8Array): void {
    this.bridge.call(Fn.AddModule, [name, source]);
  }

  /** `require` asks `loader` for modules that it does not find; undefined: nobody. */
  loader(loader: ModuleLoader | LuaFunction | undefined): void {
    this.bridge.call(Fn.SetLoader, [loader]);
  }
}

/** Makes an instance ready; something other than `init` for one that comes from a snapshot. */
export type Boot = (exports: Exports, options: LoadOptions) => void;

const start: Boot = (exports, { seed }) => {
  if (seed !== undefined) exports.set_seed(BigInt.asIntN(64, BigInt(seed)));
  if (exports.init() !== 0) throw new LuaError("not enough memory to start Lua", { kind: "memory" });
};

export class Lua {
  /** `Memory`. */
  readonly memory: LuaMemory;
  readonly modules: LuaModules;
  #globals: LuaTable | undefined;

  private constructor(
    /** The module that runs: give it to `Lua.load` as `wasm`, also in workers. */
    readonly module: WebAssembly.Module,
    /** @internal */
    readonly bridge: Bridge,
    /** The open state, if there is a store. */
    readonly session: Session | undefined,
    /** What the module works on: the session's records, or a copy. */
    readonly records: Records,
  ) {
    this.memory = new LuaMemory(bridge);
    this.modules = new LuaModules(bridge);
  }

  /**
   * Loads the module, opens the state, and starts Lua. Fails with a `LuaError` (kind `host`: no module; others: a module's
   * text or the upgrade failed), a `StoreError`, or the signal's reason.
   */
  static async load(options: LoadOptions = {}, /** @internal */ boot: Boot = start): Promise<Lua> {
    const { signal, store, limits = {} } = options;
    signal?.throwIfAborted();
    const module = await compile(options.wasm);
    signal?.throwIfAborted();
    const session = await store?.open(options.name ?? "default", {
      ...(signal && { signal }),
      ...(options.onConflict && { onConflict: options.onConflict }),
    });
    try {
      const restore = options.autoRestore !== false;
      const records = session && restore && options.autoSave !== false ? session.records : new RecordMap();
      if (session && restore && records !== session.records) copyRecords(session.records, records);
      const bridge = new Bridge({ strings: options.strings, tables: options.tables, timeout: limits.timeout });
      const { exports } = await WebAssembly.instantiate(module, { env: makeImports(bridge, records) });
      if (!("task_start" in exports)) throw new LuaError("this module lacks the contract `bridge`: build it with --contract bridge", { kind: "host" });
      bridge.exports = exports as unknown as Exports;
      bridge.enter((x) => boot(x, options));
      bridge.onOutput = options.onOutput;
      const lua = new Lua(module, bridge, session, records);
      lua.setLimits(limits);
      for (const [name, value] of Object.entries(options.functions ?? {})) {
        lua.set(name, value);
        if (typeof value === "function") lua.permanent("functions." + name, value);
      }
      for (const [name, source] of Object.entries(options.modules ?? {})) lua.modules.add(name, source);
      if (options.loader) lua.modules.loader(options.loader);
      await lua.#upgrade(options);
      signal?.throwIfAborted();
      return lua;
    } catch (e) {
      await session?.close({ discard: true });
      throw e;
    }
  }

  async #upgrade({ version, onUpgrade }: LoadOptions): Promise<void> {
    const { session } = this;
    if (!session || version === undefined || session.version === version) return;
    const go = session.hold();
    try {
      if (!session.fresh && session.version !== version) {
        if (onUpgrade) await onUpgrade(this, session.version, version);
        else if (session.version > version) {
          throw new LuaError(`the state '${session.name}' has version ${session.version}, newer than ${version}, and there is no onUpgrade`, { kind: "persist" });
        }
      }
      this.flush();
      session.version = version;
    } finally {
      go();
    }
  }

  /** Runs a script, which can wait for promises. Fails with a `LuaError`. */
  async run(code: string | Uint8Array, options: ScriptOptions = {}): Promise<Result> {
    return this.bridge.run(Fn.Run, [code, ...(options.args ?? [])], options, chunkName(options.name));
  }

  /** Runs a script to its end at once; it can't wait. */
  runSync(code: string | Uint8Array, options: SyncScriptOptions = {}): Result {
    return this.bridge.call(Fn.Run, [code, ...(options.args ?? [])], options, chunkName(options.name));
  }

  /** Compiles a script without running it. */
  compile(code: string | Uint8Array, options: Pick<Chunk, "name"> = {}): LuaFunction {
    return this.bridge.call(Fn.Load, [code, chunkName(options.name)]).values[0];
  }

  /** The globals as a table handle. */
  get globals(): LuaTable {
    return (this.#globals ??= this.bridge.call(Fn.Globals, []).values[0]);
  }

  #find(path: readonly LuaInput[], options?: DecodeOptions): LuaValue {
    let at: LuaValue = this.globals;
    path.forEach((key, i) => {
      const last = i === path.length - 1;
      const next: LuaValue = this.bridge.call(Fn.Get, [at, key], last ? options : { tables: "handle" }).values[0];
      this.#done(at);
      at = next;
    });
    return at;
  }

  /** A global, or a value inside of one. */
  get(path: Path, options?: DecodeOptions): LuaValue {
    return this.#find(typeof path === "string" ? [path] : path, options);
  }

  /** Sets a global, or a value inside of one. */
  set(path: Path, value: LuaInput): void {
    const keys = typeof path === "string" ? [path] : path;
    const holder = this.#find(keys.slice(0, -1), { tables: "handle" });
    this.bridge.call(Fn.Set, [holder, keys[keys.length - 1], value]);
    this.#done(holder);
  }

  /** Gives back a handle that came on the way. */
  #done(v: LuaValue): void {
    if (v !== this.#globals && handleId(v, this.bridge) !== undefined) v.release();
  }

  /** The function that `f` means, and whether it is to be given back after the call. */
  #function(f: Path | LuaHandle | LuaFunction): [LuaHandle, boolean] {
    const named = typeof f === "string" || Array.isArray(f);
    const found: LuaValue = named ? this.get(f as Path, { tables: "handle" }) : f;
    if (handleId(found, this.bridge) === undefined) throw new TypeError(`expected a Lua function, found ${typeof found} (${String(f)})`);
    return [found, named];
  }

  /** Calls a function, named or held, which can wait for promises. Gives its first result (see `LuaFunction.start` for all). */
  async call(f: Path | LuaHandle | LuaFunction, ...args: LuaInput[]): Promise<LuaValue> {
    const [found, named] = this.#function(f);
    const running = found.start(args);
    if (named) found.release();
    return (await running).values[0];
  }

  /** Calls a function, and runs it to its end at once. */
  callSync(f: Path | LuaHandle | LuaFunction, ...args: LuaInput[]): LuaValue {
    const [found, named] = this.#function(f);
    try {
      return found.invoke(args).values[0];
    } finally {
      if (named) found.release();
    }
  }

  /** Gives a function, table or value of the host a name, under which `Memory` can hold it. */
  permanent(name: string, value: LuaInput): void {
    this.bridge.call(Fn.Permanent, [name, value]);
  }

  /** Sets the limits; those that are not named are lifted. */
  setLimits({ heap = 0, instructions = 0, timeout }: LuaLimits): void {
    this.bridge.defaults.timeout = timeout;
    this.bridge.enter((x) => x.set_limits(heap, BigInt(instructions)));
  }

  stats(): LuaStats {
    const at = this.bridge.put(new Uint8Array(12));
    this.bridge.enter((x) => x.get_memory_stats(at));
    const [bufferBytes, heapBytes, pages] = new Uint32Array(this.bridge.view(at, 12).slice().buffer) as unknown as [number, number, number];
    const [handles, hostValues, tasks] = this.bridge.call(Fn.Stats, []).values as [number, number, number];
    return { heapBytes, memoryBytes: pages * 65536, bufferBytes, handles, hostValues, tasks };
  }

  /** A full collection of garbage. */
  collect(): void {
    this.bridge.call(Fn.Collect, []);
  }

  /** Drops the stored tables that `Memory` no longer reaches, and says how many they were. */
  collectTables(): number {
    this.flush();
    return this.bridge.enter((x) => x.collect_tables(0, 0));
  }

  /** Hands over to the store what has changed; every call that runs Lua does that at its end. */
  flush(): number {
    return this.bridge.flush();
  }

  /** Resolves when all that is under `Memory` is on disk. Fails with a `LuaError` of kind `persist`, or a `StoreError`. */
  async save(): Promise<void> {
    const { session, records } = this;
    if (!session) throw new LuaError("there is no store to save to: give one to Lua.load", { kind: "persist" });
    this.flush();
    if (records !== session.records) {
      const go = session.hold();
      session.records.clear();
      copyRecords(records, session.records);
      go();
    }
    await session.save();
  }

  /** Saves, and gives up the instance and the state. With `discard`: what has not been saved is lost. */
  async close(options: { discard?: boolean } = {}): Promise<void> {
    if (!options.discard) this.flush();
    await this.session?.close(options);
    this.bridge.kill(new LuaError("this Lua has been closed", { kind: "host" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
