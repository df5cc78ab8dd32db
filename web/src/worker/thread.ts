/** A page's connection to one worker: requests and answers, host values, output. */
import { ValueBorder } from "../border.js";
import { deadlineOf, type Result, type RunOptions } from "../bridge.js";
import { Reader, type DecodeOptions } from "../codec.js";
import { LuaError } from "../error.js";
import type { Fn } from "../handles.js";
import { isFunction, nameOf, Op, operate } from "../host-values.js";
import { Output } from "../output.js";
import { StoreError, type Records } from "../store/store.js";
import { aborted, until } from "../tasks.js";
import { results, type LuaInput } from "../values.js";
import { applyChanges } from "./changes.js";
import { makeRemote, type RemoteOwner } from "./handles.js";
import type { Reply, Request, SentError, Service } from "./protocol.js";

/** How long an aborted script may take to close its variables before it is left to itself, in milliseconds. */
const PATIENCE = 250;

/** A worker, whatever its kind. */
export interface Port {
  post(message: Request, transfer: ArrayBuffer[]): void;
  terminate(): void;
}

interface Waiting {
  /** Reads the result at once, in the order of arrival: handles are counted. */
  resolve(result: unknown, output: string): void;
  reject(e: unknown): void;
}

// Distributes over the union.
type WithoutId<T> = T extends { id: number } ? Omit<T, "id"> : never;

/** What `tostring` gives. */
function textOf(value: unknown): string {
  try {
    return String(operate(Op.ToString, value, []));
  } catch (e) {
    return `[${nameOf(value)}, whose toString failed: ${String(e)}]`;
  }
}

export class Thread implements RemoteOwner {
  readonly border: ValueBorder;
  readonly output = new Output();
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  readonly #stop: Int32Array | undefined;
  /** Of the host values in the message that is being made. */
  #texts: [number, string][] = [];
  #last = 0;
  #dead: LuaError | undefined;

  /** `open` starts the worker; it calls back with what arrives. */
  constructor(
    readonly defaults: DecodeOptions,
    readonly records: Records,
    open: (receive: (reply: Reply) => void, fail: (e: unknown) => void) => Port,
  ) {
    this.border = new ValueBorder(
      defaults,
      this,
      (kind) => makeRemote(this, kind),
      (handle, count) => void (this.#dead ?? this.#post({ do: "release", handle, count })),
    );
    this.border.onSend = (id, value) => {
      if (!isFunction(value)) this.#texts.push([id, textOf(value)]);
    };
    // Lets the worker see an abort in the middle of a script. Browsers share memory with isolated pages only.
    if (typeof SharedArrayBuffer === "function" && globalThis.crossOriginIsolated !== false) this.#stop = new Int32Array(new SharedArrayBuffer(4));
    this.#port = open(
      (reply) => this.#dead ?? this.#receive(reply),
      (cause) => this.end(new LuaError(`the worker failed: ${(cause as Error | undefined)?.message ?? String(cause)}`, { kind: "host", cause })),
    );
  }

  load(module: WebAssembly.Module, records: Uint8Array, seed: number | bigint | undefined): Promise<unknown> {
    return this.ask({ do: "load", module, records, seed, stop: this.#stop }, (x) => x, [records.buffer as ArrayBuffer]);
  }

  serve(service: Service): Promise<unknown> {
    return this.ask({ do: service }, (x) => x);
  }

  async call(fn: Fn, args: readonly LuaInput[], options: DecodeOptions = {}, name?: Uint8Array): Promise<Result> {
    return this.#lua("call", fn, args, options, name)[1];
  }

  async run(fn: number, args: readonly LuaInput[], options: RunOptions = {}, name?: Uint8Array): Promise<Result> {
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    const [id, result] = this.#lua("run", fn, args, options, name);
    if (!signal) return result;
    try {
      return await until(result, signal, 0);
    } catch (e) {
      if (e !== signal) throw e;
      if (this.#stop) Atomics.store(this.#stop, 0, id);
      this.#post({ do: "abort", id });
      const error = aborted(signal);
      const ended: unknown = await until(result, undefined, Date.now() + PATIENCE).catch((e: unknown) => e);
      if (ended instanceof LuaError) {
        error.output = ended.output;
        if (ended.kind !== "limit") error.suppressed = ended.suppressed;
      }
      throw error;
    }
  }

  #lua(how: "call" | "run", fn: number, args: readonly LuaInput[], { strings, tables = this.defaults.tables, ...rest }: RunOptions, name: Uint8Array | undefined): [number, Promise<Result>] {
    this.check();
    deadlineOf(rest.timeout);
    const bytes = this.border.encode(args).slice();
    const options = { tables, timeout: rest.timeout, slice: rest.slice };
    const read = (result: unknown, output: string): Result => ({
      values: this.border.decode(new Reader(result as Uint8Array), { strings: strings ?? this.defaults.strings, tables }),
      output,
    });
    const answer = this.ask({ do: how, fn, bytes, texts: this.#takeTexts(), name, options }, read, [bytes.buffer as ArrayBuffer]);
    return [this.#last, answer];
  }

  #takeTexts(): [number, string][] {
    const texts = this.#texts;
    this.#texts = [];
    return texts;
  }

  /** Sends a request, and gives what `read` makes of the answer. */
  async ask<T>(request: WithoutId<Request>, read: (result: unknown, output: string) => T, transfer: ArrayBuffer[] = []): Promise<T> {
    this.check();
    const id = ++this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result, output) => resolve(read(result, output)), reject });
      try {
        this.#post({ ...request, id } as Request, transfer);
      } catch (e) {
        this.#waiting.delete(id);
        reject(e);
      }
    });
  }

  #post(message: Request, transfer: ArrayBuffer[] = []): void {
    this.#port.post(message, transfer);
  }

  #receive(reply: Reply): void {
    switch (reply.did) {
      case "output":
        return this.output.push(reply.bytes);
      case "changes":
        return applyChanges(reply.bytes, this.records);
      case "released":
        return this.border.released(reply.host, reply.count);
      case "host":
        return void this.#host(reply);
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    try {
      if (reply.did === "failed") waiting?.reject(this.#error(reply.error));
      else waiting?.resolve(reply.result, reply.output);
    } catch (e) {
      waiting?.reject(e);
    }
  }

  async #host({ id, op, host, bytes }: Reply & { did: "host" }): Promise<void> {
    let answer: Uint8Array;
    let raise: 0 | 1 | 2 = 0;
    try {
      const value: unknown = this.border.operate(op, host, new Reader(bytes));
      answer = this.border.encode(results(await value));
    } catch (e) {
      const error = this.border.encodeError(e);
      answer = error.bytes;
      raise = error.position ? 2 : 1;
    }
    const copy = answer.slice();
    if (!this.#dead) this.#post({ do: "answer", id, bytes: copy, texts: this.#takeTexts(), raise }, [copy.buffer as ArrayBuffer]);
  }

  /** An error as it came out of Lua. */
  #error({ name, message, kind, code, traceback, output, raw, cause, suppressed }: SentError): Error {
    let e: Error;
    if (raw) {
      const { message: text, ...fields } = this.border.decodeError(new Reader(raw));
      e = new LuaError(text, { ...fields, output, ...(kind !== "runtime" && kind && { kind }) });
    } else if (code) e = new StoreError(code, message, cause);
    else e = new LuaError(message, { kind: kind ?? "host", traceback, output, cause: cause ?? (kind ? undefined : name) });
    return suppressed ? Object.assign(e, { suppressed: this.#error(suppressed) }) : e;
  }

  get ended(): boolean {
    return this.#dead !== undefined;
  }

  /** Fails if the worker is gone. */
  check(): void {
    if (this.#dead) throw new LuaError(this.#dead.message, { kind: this.#dead.kind, cause: this.#dead.cause });
  }

  /** Ends the worker at once, whatever it is doing. All that waits for it fails with `why`. */
  end(why: LuaError): void {
    if (this.#dead) return;
    this.#dead = why;
    this.#port.terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
