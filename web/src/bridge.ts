/** The module's contract `bridge`, seen from JavaScript: records in, records out. docs/bridge.md is what it follows. */
import { decode, encode, Reader, Tag, toText, Writer, type DecodeOptions } from "./codec.js";
import { LuaError, type LuaErrorFields } from "./error.js";
import { handleId, Handles, type Owner } from "./handles.js";
import { HostValues, isFunction, nameOf, operate, unwrap } from "./host-values.js";
import { runTask } from "./tasks.js";
import { isProxied, isThenable, results, type LuaValue } from "./values.js";

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
  error?: { message: string } & LuaErrorFields;
}

const TABLES = { copy: 0, map: 0, handle: 1, auto: 2 } as const;

export class Bridge implements Owner {
  readonly hosts = new HostValues();
  readonly handles = new Handles(this);
  /** What each task waits for. */
  readonly waiting = new Map<number, PromiseLike<unknown>>();
  exports!: Exports;
  onOutput: ((text: string, bytes: Uint8Array) => void) | undefined;
  /** What the store threw last: the module only knows that it failed. */
  storeFailure: unknown;
  #dead: LuaError | undefined;
  /** How many calls into the module are on the stack. */
  #depth = 0;
  #deadline = 0;
  /** Bytes of a character may come in two records. */
  #text = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(readonly defaults: CallOptions) {}

  /** The bytes at `at` in the module's memory; valid until the module is called. */
  view(at: number, size: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at >>> 0, size);
  }

  /** Makes the instance unusable, and says why. */
  kill(why: LuaError): void {
    this.#dead ??= why;
  }

  /** Fails if the instance is not usable. */
  check(): void {
    if (this.#dead) throw new LuaError(this.#dead.message, { kind: "host", cause: this.#dead.cause });
  }

  /** Calls the module. What comes out of there is no Lua error but a crash, after which nothing in it can be relied on. */
  enter<T>(f: (exports: Exports) => T): T {
    this.check();
    this.#depth++;
    try {
      return f(this.exports);
    } catch (cause) {
      this.kill(new LuaError(`the Lua module crashed (${String(cause)}); load a new one`, { kind: "host", cause }));
      this.check();
      throw cause;
    } finally {
      this.#depth--;
    }
  }

  /** Encodes values, and does nothing if one of them can't be. */
  encode(values: readonly unknown[]): Uint8Array {
    const sent: number[] = [];
    const w = new Writer();
    const mode = TABLES[this.defaults.tables ?? "copy"] << 1;
    try {
      encode(w, values, (v) => {
        const id = handleId(v, this);
        if (id !== undefined) {
          w.u8(Tag.Handle);
          w.u8(0);
          w.u32(id);
        } else if (isProxied(v)) {
          const host = this.hosts.send(v);
          sent.push(host);
          w.u8(Tag.Host);
          w.u32(host);
          w.u8(+isFunction(v) | mode);
          w.text(nameOf(v));
        } else return false;
        return true;
      });
    } catch (e) {
      for (const id of sent) this.hosts.release(id, 1);
      throw e;
    }
    return w.bytes;
  }

  /** Copies bytes to the I/O buffer and gives its address. */
  put(bytes: Uint8Array): number {
    const at = this.enter((x) => x.reserve_buffer(bytes.length));
    if (at === 0) throw new LuaError(`not enough memory for ${bytes.length} bytes of arguments`, { kind: "memory" });
    this.view(at, bytes.length).set(bytes);
    return at;
  }

  #decode(r: Reader, options: DecodeOptions): LuaValue[] {
    return decode(r, options, {
      handle: (kind, id) => this.handles.arrive(kind, id),
      host: (id) => unwrap(this.hosts.get(id)),
    });
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
    const merged = { strings: options.strings ?? this.defaults.strings, tables: options.tables ?? this.defaults.tables };
    const record: BridgeRecord = { status, task, values: [] };
    if (status === Status.Failed) {
      r.u8();
      // Its keys and the message are text in any case.
        const [fields] = this.#decode(r, {}) as [Record<string, unknown>];
      record.error = errorFields(fields);
    } else record.values = this.#decode(r, merged);
    if (printed.length) {
      output.push(printed);
      const text = this.#text.decode(printed, { stream: true });
      try {
        this.onOutput?.(text, printed);
      } catch (e) {
        // No error of the script's: it goes where errors of event listeners go.
        queueMicrotask(() => {
          throw e;
        });
      }
    }
    return record;
  }

  /** After the outermost call: what changed under `Memory` goes to the store. */
  settle(record: BridgeRecord, output: Uint8Array[]): Result {
    const text = output.length === 1 ? toText(output[0] as Uint8Array) : toText(join(output));
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

  /** Hands over to the store's records what has changed. Fails with an error of kind `persist`. */
  flush(): number {
    const n = this.enter((x) => x.flush());
    if (n >= 0) return n;
    const size = this.enter((x) => x.get_last_error());
    const at = this.enter((x) => x.get_buffer_ptr());
    const [fields] = decode(new Reader(this.view(at, size)), {}) as [Record<string, unknown>];
    const { message, ...rest } = errorFields(fields ?? {});
    const cause = this.storeFailure;
    this.storeFailure = undefined;
    throw new LuaError(message, { ...rest, cause });
  }

  /** Calls a function and runs it to its end. */
  call(fn: number, args: readonly unknown[], options: CallOptions = {}, name?: Uint8Array): Result {
    const output: Uint8Array[] = [];
    const timeout = options.timeout ?? this.defaults.timeout;
    const deadline = timeout === undefined ? 0 : Date.now() + timeout;
    const bytes = this.encode(args);
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
    if (!this.#dead) this.enter((x) => x.release_handle(id, count));
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
    if (this.#dead) throw this.#dead;
    return n;
  }

  #hostCall(op: number, id: number, at: number, size: number, task: number): number {
    try {
      const args = this.#decode(new Reader(this.view(at, size)), this.defaults);
      const value = operate(op, this.hosts.get(id), args);
      if (!isThenable(value)) return this.#answer(results(value));
      if (task) this.waiting.set(task, value);
      // The module says that it can't wait; what comes of the promise is nobody's then.
      else value.then(undefined, () => {});
      return -2;
    } catch (e) {
      const { bytes, position } = this.encodeError(e);
      try {
        this.put(bytes);
      } catch {
        // There is always room for a short text.
        const text = this.encode(["not enough memory"]);
        this.view(this.exports.get_buffer_ptr(), text.length).set(text);
      }
      return position ? -3 : -1;
    }
  }

  #answer(values: readonly unknown[]): number {
    const bytes = this.encode(values);
    this.put(bytes);
    return bytes.length;
  }

  /** What is raised in Lua for something that was thrown, encoded, and whether the caller's position goes in front. */
  encodeError(e: unknown): { bytes: Uint8Array; position: boolean } {
    // Lua's own errors stay what they were: text, or the error object.
    const value = e instanceof LuaError ? e.value ?? e.message : e;
    try {
      return { bytes: this.encode([value]), position: typeof e === "string" };
    } catch (second) {
      return { bytes: this.encode([`cannot raise the host's error in Lua: ${String(second)}`]), position: true };
    }
  }
}

function errorFields(fields: Record<string, unknown>): { message: string } & LuaErrorFields {
  const text = (v: unknown): string => (v instanceof Uint8Array ? toText(v) : String(v ?? ""));
  return {
    ...(fields as LuaErrorFields),
    message: text(fields["message"]),
    traceback: text(fields["traceback"]),
    output: text(fields["output"]),
    chunk: fields["chunk"] === undefined ? undefined : text(fields["chunk"]),
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const w = new Writer();
  for (const part of parts) w.raw(part);
  return w.bytes;
}
