/// <reference lib="esnext.disposable" preserve="true" />
/** The Lua that applications see: one instance of the module. */
import type { ValueBorder } from "./border.js";
import { Bridge, type CallOptions, type Result, type RunOptions } from "./bridge.js";
import { toBytes, type DecodeOptions } from "./codec.js";
import { LuaError } from "./error.js";
import { Fn, handleId, type LuaFunction, type LuaHandle, type LuaTable } from "./handles.js";
import { collectTables, countStats, memoryStats, setLimits, start, type LuaLimits, type LuaStats } from "./instance.js";
import { LuaMemory } from "./memory.js";
import { compile, type WasmChoice, type WasmSource } from "./module.js";
import type { OnOutput } from "./output.js";
import { State, type StateOptions } from "./state.js";
import type { Records, Session } from "./store/store.js";
import type { Unreadable } from "./transfer.js";
import type { LuaInput, LuaValue } from "./values.js";

/** A global's name, or the way to a value inside of tables: `"print"`, `["config", "list", 1]`. */
export type Path = string | readonly LuaInput[];

export interface LoadOptions extends StateOptions, DecodeOptions {
  /** Where the module is: a URL, its bytes, or compiled. By default `lua.wasm` beside this package's files. */
  wasm?: WasmSource | WasmChoice | undefined;
  /** Called when what is stored has another version. What it does is committed as a whole, with the new version. */
  onUpgrade?: ((lua: Lua, from: number, to: number) => void | Promise<void>) | undefined;
  /** Gets what scripts print, when they end, wait, or have used up a slice. */
  onOutput?: OnOutput | undefined;
  limits?: LuaLimits | undefined;
  /** Texts that `require(name)` finds. */
  modules?: Record<string, string | Uint8Array> | undefined;
  /** Asked by `require` for all other names, see `LuaModules.loader`. */
  loader?: ModuleLoader | undefined;
  /** Globals. Functions among them can be stored under `Memory`: by their name, and with the next instance's meaning. */
  functions?: Record<string, LuaInput> | undefined;
  /** Values of the host that are no globals, by the names under which `Memory` and snapshots hold them. */
  permanents?: Record<string, LuaInput> | undefined;
  /** Seed of `math.random` and of hashes. By default the clock. */
  seed?: number | bigint | undefined;
}

type Loaded = string | Uint8Array | ((...args: LuaValue[]) => LuaValue) | undefined;

/** Gives a module's text, or a function that makes it; undefined if there is no such module. In `run`, `require` waits for promises. */
export type ModuleLoader = (name: string) => Loaded | PromiseLike<Loaded>;

interface Chunk {
  /** The chunk's name in messages: a file's name, or as Lua has it (`@file`, `=text`). By default its text. */
  name?: string | undefined;
  /** What the chunk gets as `...`. */
  args?: readonly LuaInput[] | undefined;
}
export type ScriptOptions = RunOptions & Chunk;
export type SyncScriptOptions = CallOptions & Chunk;

export const chunkName = (name: string | undefined): Uint8Array | undefined =>
  name === undefined ? undefined : toBytes(/^[@=]/.test(name) ? name : "@" + name);

const rare = () => import("./rare.js");

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

/** Before the names of `functions`, as permanents. */
export const PREFIX = "functions.";

type Preparation = Pick<LoadOptions, "functions" | "permanents" | "modules" | "loader">;

/** What the options say about an instance that is ready, as calls of the module's own functions. */
export function* preparation({ functions = {}, permanents = {}, modules = {}, loader }: Preparation): Generator<[Fn, LuaInput[]]> {
  for (const [name, value] of Object.entries(permanents)) yield [Fn.Permanent, [name, value]];
  for (const [name, value] of Object.entries(functions)) if (typeof value === "function") yield [Fn.Permanent, [PREFIX + name, value]];
  for (const [name, source] of Object.entries(modules)) yield [Fn.AddModule, [name, source]];
  if (loader) yield [Fn.SetLoader, [loader]];
}

export interface SnapshotOptions {
  /** Handles that JavaScript holds, by the names under which the restored instance has them. */
  handles?: Record<string, LuaHandle | LuaFunction> | undefined;
}

/** As for `Lua.load`. What the snapshot has by name (`functions`, `permanents`, `loader`) must be there again. */
export type RestoreOptions = Omit<LoadOptions, "seed">;

/** How an instance becomes ready that comes from a snapshot. */
interface Restored {
  /** What is done instead of `init`. */
  boot(bridge: Bridge, state: State): void;
  /** Globals that are there already. */
  functions: ReadonlySet<string>;
}

export class Lua {
  /** `Memory`. */
  readonly memory: LuaMemory;
  readonly modules: LuaModules;
  /** Of an instance that `restore` has made: the handles named in its snapshot. */
  declare readonly handles?: Record<string, LuaHandle | LuaFunction>;
  #state: State;
  #options: LoadOptions;

  private constructor(
    /** The module that runs: give it to `Lua.load` as `wasm`, also in workers. */
    readonly module: WebAssembly.Module,
    /** @internal */
    readonly bridge: Bridge,
    state: State,
    options: LoadOptions,
  ) {
    this.#state = state;
    this.#options = options;
    this.memory = new LuaMemory(bridge);
    this.modules = new LuaModules(bridge);
  }

  /**
   * Loads the module, opens the state, and starts Lua. Fails with a `LuaError` (kind `host`: no module; others: a module's
   * text or the upgrade failed), a `StoreError`, or the signal's reason.
   */
  static async load(options: LoadOptions = {}, /** @internal */ restored?: Restored): Promise<Lua> {
    const { signal, limits = {}, version, onUpgrade } = options;
    signal?.throwIfAborted();
    const module = await compile(options.wasm);
    signal?.throwIfAborted();
    const state = await State.open(options);
    try {
      const bridge = new Bridge({ strings: options.strings, tables: options.tables, timeout: limits.timeout });
      await bridge.instantiate(module, state.records);
      if (restored) restored.boot(bridge, state);
      else bridge.enter((x) => start(x, options.seed));
      bridge.output.listener = options.onOutput;
      const lua = new Lua(module, bridge, state, options);
      lua.setLimits(limits);
      for (const [fn, args] of preparation(options)) bridge.call(fn, args);
      for (const [name, value] of Object.entries(options.functions ?? {})) if (!restored?.functions.has(name)) lua.set(name, value);
      const outdated = state.outdated(version);
      if (outdated) {
        const { upgrade } = await rare();
        await upgrade(outdated, version as number, onUpgrade && ((from, to) => onUpgrade(lua, from, to)), () => lua.flush());
      }
      signal?.throwIfAborted();
      return lua;
    } catch (e) {
      await state.session?.close({ discard: true });
      throw e;
    }
  }

  /** Makes an instance that goes on where `snapshot` was taken. Fails with a `LuaError` that names what is missing. */
  static async restore(snapshot: Uint8Array | Blob, options: RestoreOptions = {}): Promise<Lua> {
    return (await rare()).restore(snapshot, options);
  }

  /**
   * The whole instance as bytes, suspended coroutines and all, for the very module that runs. Fails with a `LuaError` that
   * says what is in the way: scripts that wait, and values of one side that the other holds and that have no name.
   */
  async snapshot(options: SnapshotOptions = {}): Promise<Uint8Array> {
    return (await rare()).take(this.bridge, this.module, this.#state, this.#options, options);
  }

  /** The open state, if there is a store. */
  get session(): Session | undefined {
    return this.#state.session;
  }

  /** What the module works on: the session's records, or a copy. */
  get records(): Records {
    return this.#state.records;
  }

  /** Runs a script, which can wait for promises. Fails with a `LuaError`. */
  async run(code: string | Uint8Array, options: ScriptOptions = {}): Promise<Result> {
    return this.bridge.run(Fn.Run, [code, ...(options.args ?? [])], options, chunkName(options.name));
  }

  /** Runs a script to its end at once; it can't wait. */
  runSync(code: string | Uint8Array, options: SyncScriptOptions = {}): Result {
    return this.bridge.call(Fn.Run, [code, ...(options.args ?? [])], options, chunkName(options.name));
  }

  /**
   * Runs the application that the module contains (`cargo xtask build --app main.lua --embed`), with arguments; it can wait for promises.
   * Fails with a `LuaError`, also where there is none.
   */
  main(args: readonly LuaInput[] = [], options?: RunOptions): Promise<Result> {
    return this.bridge.run(Fn.Main, args, options);
  }

  /** Loads bytecode, as `string.dump` makes it, without running it. It is verified. */
  loadBinary(bytecode: Uint8Array, options: Pick<Chunk, "name"> = {}): LuaFunction {
    return this.bridge.call(Fn.LoadBinary, [bytecode, chunkName(options.name)]).values[0];
  }

  /** Compiles a script without running it. */
  compile(code: string | Uint8Array, options: Pick<Chunk, "name"> = {}): LuaFunction {
    return this.bridge.call(Fn.Load, [code, chunkName(options.name)]).values[0];
  }

  /** The globals as a table handle, to be released like any other. */
  get globals(): LuaTable {
    return this.bridge.call(Fn.Globals, []).values[0];
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
    if (handleId(v, this.bridge) !== undefined) v.release();
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
    (this.bridge.border as ValueBorder).names.set(value, name);
  }

  /** Sets the limits; those that are not named are lifted. */
  setLimits(limits: LuaLimits): void {
    setLimits(this.bridge, limits);
  }

  stats(): LuaStats {
    return { ...memoryStats(this.bridge), ...countStats(this.bridge.call(Fn.Stats, []).values) };
  }

  /** A full collection of garbage. */
  collect(): void {
    this.bridge.call(Fn.Collect, []);
  }

  /** Drops the stored tables that `Memory` no longer reaches, and says how many they were. */
  collectTables(): number {
    return collectTables(this.bridge);
  }

  /** Empties `Memory`, damaged or not. `save()` then makes that so on disk. */
  async clear(): Promise<void> {
    (await rare()).clearMemory(this.bridge);
  }

  /** The whole state as one file, compressed. */
  async exportState(): Promise<Blob> {
    return (await rare()).exportState(this.bridge, this.#state);
  }

  /**
   * Replaces the whole state by that of a file. What scripts hold of the old one goes on as plain tables. Fails with a
   * `StoreError` if the file is damaged; nothing has changed then.
   */
  async importState(file: Blob | Uint8Array): Promise<void> {
    return (await rare()).importState(this.bridge, this.#state, file);
  }

  /** What in the state no module can read: `entries`, to be looked at, exported or dropped. */
  async unreadable(): Promise<Unreadable> {
    return (await rare()).unreadable(this.bridge, this.#state);
  }

  /** Hands over to the store what has changed; every call that runs Lua does that at its end. */
  flush(): number {
    return this.bridge.flush();
  }

  /** Resolves when all that is under `Memory` is on disk. Fails with a `LuaError` of kind `persist`, or a `StoreError`. */
  async save(): Promise<void> {
    if (this.session) this.flush();
    await this.#state.save();
  }

  /** Saves, and gives up the instance and the state. With `discard`: what has not been saved is lost. */
  async close(options: { discard?: boolean } = {}): Promise<void> {
    if (!options.discard && !this.bridge.dead) this.flush();
    await this.session?.close(options);
    this.bridge.kill(new LuaError("this Lua has been closed", { kind: "host" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
