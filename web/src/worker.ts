/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `moonwright/worker`: Lua in a worker of its own, so that the page stays responsive and any script can be ended. The page keeps
 * the state and the values; the worker has the module only.
 */
import type { Result, RunOptions } from "./bridge.js";
import type { DecodeOptions } from "./codec.js";
import { LuaError } from "./error.js";
import { Fn, handleId } from "./handles.js";
import { checkLimits, countStats, type LuaLimits, type LuaStats } from "./instance.js";
import { chunkName, preparation, type LoadOptions, type Path, type ScriptOptions } from "./lua.js";
import { compile } from "./module.js";
import { node } from "./node.js";
import { State } from "./state.js";
import { exportState, writeStateSync } from "./store/state-file.js";
import type { Records, Session } from "./store/store.js";
import { exportUnreadable, findUnreadable, type UnreadableEntry } from "./store/unreadable.js";
import { upgrade } from "./upgrade.js";
import type { LuaInput, LuaValue } from "./values.js";
import { RemoteHandle, RemoteTable, type RemoteFunction } from "./worker/handles.js";
import { Thread, type Port } from "./worker/thread.js";
import type { Reply } from "./worker/protocol.js";

export { RemoteHandle, RemoteTable };
export type { RemoteFunction };

/** As for `Lua.load`. A `loader` may give a promise. */
export interface WorkerOptions extends Omit<LoadOptions, "onUpgrade" | "loader"> {
  /** Called when what is stored has another version, see `LoadOptions.onUpgrade`. */
  onUpgrade?: ((lua: LuaWorker, from: number, to: number) => void | Promise<void>) | undefined;
  loader?: LoadOptions["loader"];
  /** Where the worker's file is, for bundlers that don't find it: by default `worker-thread.js` beside this file. */
  thread?: string | URL | undefined;
}

/** Starts a worker of the browser's (Deno and Bun have these too), or of Node's. */
async function starter(url: string | URL | undefined): Promise<(receive: (reply: Reply) => void, fail: (e: unknown) => void) => Port> {
  if (typeof Worker === "function") {
    return (receive, fail) => {
      // Bundlers look for this very expression.
      const worker = url ? new Worker(url, { type: "module" }) : new Worker(new URL("./worker-thread.js", import.meta.url), { type: "module" });
      worker.onmessage = (e: MessageEvent<Reply>) => receive(e.data);
      worker.onmessageerror = fail;
      worker.onerror = (e) => {
        e.preventDefault?.();
        fail((e as ErrorEvent).error ?? new Error((e as ErrorEvent).message || `its file ${String(url ?? "worker-thread.js")} could not be loaded`));
      };
      return { post: (message, transfer) => worker.postMessage(message, transfer), terminate: () => worker.terminate() };
    };
  }
  const threads = await node<typeof import("node:worker_threads")>("worker_threads");
  return (receive, fail) => {
    const worker = new threads.Worker(new URL(url ?? new URL("./worker-thread.js", import.meta.url)));
    worker.on("message", receive);
    worker.on("messageerror", fail);
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`it ended with exit code ${code}`)));
    return { post: (message, transfer) => worker.postMessage(message, transfer), terminate: () => void worker.terminate() };
  };
}

/** `Memory`, seen from the page. */
export class WorkerMemory {
  constructor(private readonly thread: () => Thread) {}

  /** The table behind `Memory` as a handle. */
  async table(): Promise<RemoteTable> {
    return (await this.thread().call(Fn.Memory, [])).values[0];
  }

  async #with<T>(f: (table: RemoteTable) => Promise<T>): Promise<T> {
    const table = await this.table();
    try {
      return await f(table);
    } finally {
      table.release();
    }
  }

  get(key: LuaInput, options?: DecodeOptions): Promise<LuaValue> {
    return this.#with((t) => t.get(key, options));
  }

  /** Fails with an error of kind `persist` that names the path if the value can't be stored; then nothing has changed. */
  set(key: LuaInput, value: LuaInput): Promise<void> {
    return this.#with((t) => t.set(key, value));
  }

  delete(key: LuaInput): Promise<void> {
    return this.set(key, undefined);
  }

  keys(): Promise<LuaValue[]> {
    return this.#with((t) => collect(t.keys()));
  }

  entries(options?: DecodeOptions): Promise<[LuaValue, LuaValue][]> {
    return this.#with((t) => collect(t.entries(options)));
  }
}

async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}

export class WorkerModules {
  constructor(private readonly thread: () => Thread) {}

  /** `require(name)` finds this text. Fails with an error of kind `syntax` if it does not compile. */
  async add(name: string, source: string | Uint8Array): Promise<void> {
    await this.thread().call(Fn.AddModule, [name, source]);
  }

  /** `require` asks `loader` for modules that it does not find; undefined: nobody. */
  async loader(loader: LoadOptions["loader"]): Promise<void> {
    await this.thread().call(Fn.SetLoader, [loader]);
  }
}

export class LuaWorker {
  readonly memory = new WorkerMemory(() => this.#thread);
  readonly modules = new WorkerModules(() => this.#thread);
  #thread!: Thread;
  #closed = false;

  private constructor(
    /** The module that runs. */
    readonly module: WebAssembly.Module,
    private readonly options: WorkerOptions,
    private readonly state: State,
  ) {}

  /** As `Lua.load`, in a worker. */
  static async load(options: WorkerOptions = {}): Promise<LuaWorker> {
    const { signal, version, onUpgrade } = options;
    signal?.throwIfAborted();
    const module = await compile(options.wasm);
    signal?.throwIfAborted();
    const state = await State.open(options);
    const lua = new LuaWorker(module, options, state);
    try {
      await lua.#start();
      const outdated = state.outdated(version);
      if (outdated) await upgrade(outdated, version as number, onUpgrade && ((from, to) => onUpgrade(lua, from, to)), () => lua.flush());
      signal?.throwIfAborted();
      return lua;
    } catch (e) {
      lua.#end("the worker could not be started");
      await state.session?.close({ discard: true });
      throw e;
    }
  }

  async #start(): Promise<void> {
    const { strings, tables, limits, functions = {}, onOutput, seed, thread: url } = this.options;
    const thread = new Thread({ strings, tables }, this.records, await starter(url));
    this.#thread = thread;
    thread.output.listener = onOutput;
    await thread.load(this.module, writeStateSync(this.records, 0), seed);
    if (limits) await this.setLimits(limits);
    await Promise.all([...preparation(this.options)].map(([fn, args]) => thread.call(fn, args)));
    await Promise.all(Object.entries(functions).map(([name, value]) => this.set(name, value)));
  }

  #end(why: string): void {
    this.#thread?.end(new LuaError(why, { kind: "host" }));
  }

  /** The open state, if there is a store. */
  get session(): Session | undefined {
    return this.state.session;
  }

  /** The state's records, as handed over by the worker last. */
  get records(): Records {
    return this.state.records;
  }

  /** Runs the application that the module contains, see `Lua.main`. With a `signal` it can be ended at any time. */
  async main(args: readonly LuaInput[] = [], options: RunOptions = {}): Promise<Result> {
    return this.#thread.run(Fn.Main, args, options);
  }

  /** Runs a script, see `Lua.run`. With a `signal` it can be ended at any time. */
  async run(code: string | Uint8Array, options: ScriptOptions = {}): Promise<Result> {
    return this.#thread.run(Fn.Run, [code, ...(options.args ?? [])], options, chunkName(options.name));
  }

  /** Compiles a script without running it. */
  async compile(code: string | Uint8Array, options: Pick<ScriptOptions, "name"> = {}): Promise<RemoteFunction> {
    return (await this.#thread.call(Fn.Load, [code, chunkName(options.name)])).values[0];
  }

  /** The globals as a table handle. */
  async globals(): Promise<RemoteTable> {
    return (await this.#thread.call(Fn.Globals, [])).values[0];
  }

  async #find(path: readonly LuaInput[], options?: DecodeOptions): Promise<LuaValue> {
    let at: LuaValue = await this.globals();
    for (const [i, key] of path.entries()) {
      const last = i === path.length - 1;
      const { values } = await this.#thread.call(Fn.Get, [at, key], last ? options : { tables: "handle" });
      this.#done(at);
      at = values[0];
    }
    return at;
  }

  #done(v: LuaValue): void {
    if (handleId(v, this.#thread) !== undefined) v.release();
  }

  /** A global, or a value inside of one. */
  async get(path: Path, options?: DecodeOptions): Promise<LuaValue> {
    return this.#find(typeof path === "string" ? [path] : path, options);
  }

  /** Sets a global, or a value inside of one. */
  async set(path: Path, value: LuaInput): Promise<void> {
    const keys = typeof path === "string" ? [path] : path;
    const holder = await this.#find(keys.slice(0, -1), { tables: "handle" });
    await this.#thread.call(Fn.Set, [holder, keys[keys.length - 1], value]);
    this.#done(holder);
  }

  /** Calls a function, named or held. Gives its first result. */
  async call(f: Path | RemoteHandle | RemoteFunction, ...args: LuaInput[]): Promise<LuaValue> {
    const named = typeof f === "string" || Array.isArray(f);
    const found: LuaValue = named ? await this.get(f as Path, { tables: "handle" }) : f;
    if (handleId(found, this.#thread) === undefined) throw new TypeError(`expected a Lua function, found ${typeof found} (${String(f)})`);
    const running = (found as RemoteHandle).start(args);
    if (named) found.release();
    return (await running).values[0];
  }

  /** Gives a function, table or value of the host a name, under which `Memory` can hold it. */
  async permanent(name: string, value: LuaInput): Promise<void> {
    await this.#thread.call(Fn.Permanent, [name, value]);
  }

  /** Sets the limits; those that are not named are lifted. */
  async setLimits(limits: LuaLimits): Promise<void> {
    const [heap, instructions] = checkLimits(limits);
    await this.#thread.ask({ do: "limits", heap, instructions, timeout: limits.timeout }, () => {});
  }

  async stats(): Promise<LuaStats> {
    const [sizes, counts] = await Promise.all([this.#thread.serve("stats"), this.#thread.call(Fn.Stats, [])]);
    return { ...(sizes as LuaStats), ...countStats(counts.values) };
  }

  /** A full collection of garbage. */
  async collect(): Promise<void> {
    await this.#thread.call(Fn.Collect, []);
  }

  /** Drops the stored tables that `Memory` no longer reaches, and says how many they were. */
  async collectTables(): Promise<number> {
    return (await this.#thread.serve("collectTables")) as number;
  }

  /** Empties `Memory`, damaged or not. `save()` then makes that so on disk. */
  async clear(): Promise<void> {
    await this.#thread.serve("clear");
  }

  /** The whole state as one file, compressed. */
  async exportState(): Promise<Blob> {
    await this.flush();
    return exportState({ records: this.records, version: this.session?.version ?? 0 });
  }

  /** Replaces the whole state by that of a file, see `Lua.importState`. */
  async importState(file: Blob | Uint8Array): Promise<void> {
    const bytes = file instanceof Uint8Array ? file.slice() : new Uint8Array(await file.arrayBuffer());
    const go = this.session?.hold();
    try {
      const version = (await this.#thread.ask({ do: "import", file: bytes }, (v) => v, [bytes.buffer])) as number;
      if (this.records !== this.session?.records) this.state.version = version;
      else this.session.version = version;
    } finally {
      go?.();
    }
  }

  /** What in the state no module can read, see `Lua.unreadable`; `drop` gives a promise. */
  async unreadable(): Promise<{ entries: readonly UnreadableEntry[]; export(): Promise<Blob>; drop(): Promise<number> }> {
    await this.flush();
    const entries = findUnreadable(this.records);
    return {
      entries,
      export: () => exportUnreadable(entries),
      drop: async () => (entries.length ? ((await this.#thread.serve("dropUnreadable")) as number) : 0),
    };
  }

  /** Hands over to the page what has changed; every script does that at its end. */
  async flush(): Promise<number> {
    return (await this.#thread.serve("flush")) as number;
  }

  /** Resolves when all that is under `Memory` is on disk. Fails with a `LuaError` of kind `persist`, or a `StoreError`. */
  async save(): Promise<void> {
    if (this.session) await this.flush();
    await this.state.save();
  }

  /**
   * Ends the worker at once, whatever it is doing; all that waits for it fails with an error of kind `abort`. What scripts have
   * handed over is saved. Handles are void. `restart` goes on from there.
   */
  async terminate(): Promise<void> {
    this.#thread.end(new LuaError("the worker was terminated", { kind: "abort" }));
    await this.session?.save();
  }

  /** Ends the worker, and starts another on the state as it was handed over last, with what `load` was given. */
  async restart(): Promise<void> {
    if (this.#closed) throw new LuaError("this Lua has been closed", { kind: "host" });
    this.#thread.end(new LuaError("the worker was restarted", { kind: "abort" }));
    await this.#start();
  }

  /** Saves, and gives up the worker and the state. With `discard`: what has not been saved is lost. */
  async close(options: { discard?: boolean } = {}): Promise<void> {
    if (!options.discard && !this.#thread.ended) {
      // After a crash there is only what has been handed over.
      await this.flush().catch((e: unknown) => {
        if ((e as LuaError).kind !== "host") throw e;
      });
    }
    await this.session?.close(options);
    this.#closed = true;
    this.#end("this Lua has been closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

