/** The module's contract `bridge`, seen from JavaScript: records in, records out. docs/bridge.md is what it follows. */
import { errorFields, TABLES, ValueBorder, type Border, type Failure } from "./border.js";
import { decode, Reader, toText, Writer, type DecodeOptions } from "./codec.js";
import { LuaError } from "./error.js";
import { makeHandle, type Owner } from "./handles.js";
import { makeImports } from "./imports.js";
import { Output } from "./output.js";
import type { Records } from "./store/store.js";
import { runTask } from "./tasks.js";
import { isThenable, results, type LuaValue } from "./values.js";

export interface CallOptions extends DecodeOptions {
  /** Milliseconds after which Lua is ended with an error of kind `limit`. */
  timeout?: number | undefined;
}

export interface RunOptions extends CallOptions {
  /** Ends the script, between two slices or while it waits, with an error of kind `abort`. */
  signal?: AbortSignal | undefined;
  /**
   * Steps after which the event loop gets its turn (about 10 ms by default where there is a `signal`, otherwise 0: never).
   */
  slice?: number | undefined;
}

export interface Result {
  /** What the script returned. */
  values: LuaValue[];
  /** What `print` and `io.write` produced. */
  output: string;
}

/** The exports used here. */
export interface Exports {
  memory: WebAssembly.Memory;
  init(): number;
  compute(at: number, size: number): number;
  run_gc(): void;
  reserve_buffer(size: number): number;
  get_buffer_ptr(): number;
  get_buffer_size(): number;
  get_memory_table_id(): number;
  get_memory_stats(at: number): void;
  get_last_error(): number;
  set_chunk_name(at: number, size: number): void;
  set_limits(heap: number, instructions: bigint): void;
  set_seed(seed: bigint): void;
  flush(): number;
  attach_memory_table(id: number): number;
  ext_table_new(): number;
  sync_external_table_counter(next: number): void;
  collect_tables(at: number, count: number): number;
  call(fn: number, at: number, size: number, flags: number): number;
  task_start(fn: number, at: number, size: number, flags: number): number;
  task_resume(task: number, at: number, size: number, flags: number): number;
  task_close(task: number): number;
  release_handle(id: number, count: number): number;
  set_deadline(ms: number): void;
  set_slice(steps: number): void;
}

/** Status of a bridge record. */
export const enum Status {
  Done, Waits, Sliced, Failed, Yielded,
}

/** A bridge record, read. */
export interface BridgeRecord {
  status: Status;
  task: number;
  values: LuaValue[];
  error?: Failure;
}

export class Bridge implements Owner {
  /** What each task waits for. */
  readonly waiting = new Map<number, PromiseLike<unknown>>();
  exports!: Exports;
  readonly output = new Output();
  /** What the store threw last: the module only knows that it failed. */
  storeFailure: unknown;
  /** Why the instance is not usable any more. */
  dead: LuaError | undefined;
  /** Told of that. */
  readonly ends = new Set<(why: LuaError) => void>();
  /** How many calls into the module are on the stack. */
  #depth = 0;
  #deadline = 0;

  readonly border: Border;

  /** The border of this thread's values, unless another one is given. */
  constructor(
    readonly defaults: CallOptions,
    border?: Border,
  ) {
    this.border = border ?? new ValueBorder(defaults, this, (kind) => makeHandle(this, kind), (id, count) => this.release(id, count));
  }

  /** Makes the instance, which nothing has called yet. */
  async instantiate(module: WebAssembly.Module, records: Records): Promise<void> {
    const { exports } = await WebAssembly.instantiate(module, { env: makeImports(this, records) });
    if (!("task_start" in exports)) throw new LuaError("this module lacks the contract `bridge`: build it with --contract bridge", { kind: "host" });
    this.exports = exports as unknown as Exports;
  }

  /** The bytes at `at` in the module's memory; valid until the module is called. */
  view(at: number, size: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at >>> 0, size);
  }

  /** The module's clock. */
  now(): number {
    return Date.now();
  }

  /** Whether a call into the module is on the stack. */
  get busy(): boolean {
    return this.#depth > 0;
  }

  /** Makes the instance unusable, and says why. Scripts that wait fail with it. */
  kill(why: LuaError): void {
    this.dead ??= why;
    for (const end of this.ends) end(why);
  }

  /** Fails if the instance is not usable. */
  check(): void {
    if (this.dead) throw new LuaError(this.dead.message, { kind: "host", cause: this.dead.cause });
  }

  /** Calls the module. What comes out of there is no Lua error but a crash, after which nothing in it can be relied on. */
  enter<T>(f: (exports: Exports) => T): T {
    this.check();
    this.#depth++;
    try {
      return f(this.exports);
    } catch (cause) {
      this.kill(new LuaError(`the Lua module crashed (${String(cause)}); load a new one`, { kind: "host", cause }));
      throw this.dead;
    } finally {
      this.#depth--;
    }
  }

  /** Copies bytes to the I/O buffer and gives its address. */
  put(bytes: Uint8Array): number {
    const at = this.enter((x) => x.reserve_buffer(bytes.length));
    if (at === 0) throw new LuaError(`not enough memory for ${bytes.length} bytes`, { kind: "memory" });
    this.view(at, bytes.length).set(bytes);
    return at;
  }

  /**
   * Calls one of the exports that leave a bridge record, and reads it. `output` gets the bytes printed.
   */
  step(output: Uint8Array[], options: CallOptions, deadline: number, slice: number, f: (exports: Exports, flags: number) => number): BridgeRecord {
    const outer = this.#deadline;
    // A call inside of another has no more time than that.
    this.#deadline = outer && deadline ? Math.min(outer, deadline) : outer || deadline;
    let n: number;
    try {
      n = this.enter((x) => {
        x.set_deadline(this.#deadline);
        if (this.#depth === 1) x.set_slice(slice);
        return f(x, TABLES[options.tables ?? this.defaults.tables ?? "copy"]);
      });
    } finally {
      this.#deadline = outer;
    }
    if (n < 0) throw new LuaError("the Lua module has not been started", { kind: "host" });
    const at = this.enter((x) => {
      x.set_deadline(outer);
      return x.get_buffer_ptr();
    });
    const r = new Reader(this.view(at, n));
    const status = r.u8();
    const task = r.u32();
    const printed = r.block().slice();
    const record: BridgeRecord = { status, task, values: [] };
    if (status === Status.Failed) {
      r.u8();
      record.error = this.border.decodeError(r);
    } else record.values = this.border.decode(r, { strings: options.strings ?? this.defaults.strings, tables: options.tables ?? this.defaults.tables });
    if (printed.length) {
      output.push(printed);
      this.output.push(printed);
    }
    return record;
  }

  /** After the outermost call: what changed under `Memory` goes to the store. */
  settle(record: BridgeRecord, output: Uint8Array[]): Result {
    const text = output.length ? toText(join(output)) : "";
    let error: LuaError | undefined;
    if (record.error) {
      const { message, ...fields } = record.error;
      error = new LuaError(message, { ...fields, output: text });
    }
    if (this.#depth === 0) {
      try {
        this.flush();
      } catch (e) {
        if (error) error.suppressed = e;
        else error = Object.assign(e as LuaError, { output: text });
      }
    }
    if (error) throw error;
    return { values: record.values, output: text };
  }

  /** Hands over to the store's records what has changed, and says how much. Fails with an error of kind `persist`. */
  flush(): number {
    const n = this.enter((x) => x.flush());
    if (n < 0) throw this.lastError();
    return n;
  }

  /** Why an export other than the bridge's has failed. */
  lastError(): LuaError {
    const size = this.enter((x) => x.get_last_error());
    const at = this.enter((x) => x.get_buffer_ptr());
    const [fields] = decode(new Reader(this.view(at, size)), {}) as [Record<string, unknown>];
    const { message, ...rest } = errorFields(fields);
    const cause = this.storeFailure;
    this.storeFailure = undefined;
    return new LuaError(message, { ...rest, cause });
  }

  /** Calls a function and runs it to its end. */
  call(fn: number, args: readonly unknown[], options: CallOptions = {}, name?: Uint8Array): Result {
    const output: Uint8Array[] = [];
    const deadline = deadlineOf(options.timeout ?? this.defaults.timeout);
    const bytes = this.border.encode(args);
    this.name(name);
    const at = this.put(bytes);
    return this.settle(this.step(output, options, deadline, 0, (x, flags) => x.call(fn, at, bytes.length, flags)), output);
  }

  /** Calls a function as a task, which can wait for promises. */
  async run(fn: number, args: readonly unknown[], options: RunOptions = {}, name?: Uint8Array): Promise<Result> {
    return runTask(this, fn, args, options, name);
  }

  /** Names the next chunk. */
  name(name: Uint8Array | undefined): void {
    if (name) {
      const at = this.put(name);
      this.enter((x) => x.set_chunk_name(at, name.length));
    }
  }

  release(id: number, count: number): void {
    if (!this.dead) this.enter((x) => x.release_handle(id, count));
  }

  /** The import `js_call`. */
  hostCall(...call: [op: number, id: number, at: number, size: number, task: number]): number {
    let n;
    try {
      n = this.#hostCall(...call);
    } catch {
      // The JavaScript stack is used up, and nothing may be thrown through the module's frames: no value is an error there.
      n = -1;
    }
    // After a crash nothing of the module may run any more.
    if (this.dead) throw this.dead;
    return n;
  }

  #hostCall(op: number, id: number, at: number, size: number, task: number): number {
    try {
      const value = this.border.operate(op, id, new Reader(this.view(at, size)), task !== 0);
      if (!isThenable(value)) return this.#answer(results(value));
      if (task) this.waiting.set(task, value);
      // The module says that it can't wait; what comes of the promise is nobody's then.
      else value.then(undefined, () => {});
      return -2;
    } catch (e) {
      const { bytes, position } = this.border.encodeError(e);
      try {
        this.put(bytes);
      } catch {
        // There is always room for a short text.
        const text = this.border.encode(["not enough memory"]);
        this.view(this.exports.get_buffer_ptr(), text.length).set(text);
      }
      return position ? -3 : -1;
    }
  }

  #answer(values: readonly unknown[]): number {
    const bytes = this.border.encode(values);
    this.put(bytes);
    return bytes.length;
  }
}

/** When that many milliseconds are over; 0: never. */
export function deadlineOf(timeout: number | undefined): number {
  if (timeout === undefined) return 0;
  if (!(timeout >= 0)) throw new RangeError(`a timeout is milliseconds from 0, not ${timeout}`);
  return Date.now() + +timeout;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const w = new Writer();
  for (const part of parts) w.raw(part);
  return w.take();
}
