/** Runs a task from its start to its end: waits for promises, gives the event loop its turns, minds signal and timeout. */
import { deadlineOf, Status, type Bridge, type BridgeRecord, type Exports, type Result, type RunOptions } from "./bridge.js";
import { LuaError } from "./error.js";
import { results } from "./values.js";

/** Flags of `task_resume`: the value is raised. */
const enum Raise {
  Plain = 0x100,
  WithPosition = 0x200,
}

/** About 10 ms. */
const SLICE = 1 << 20;
/** How long `__close` metamethods may take in a task that was aborted. */
const CLOSING = 1000;

/** One turn of the event loop, without the 4 ms that browsers make of `setTimeout`. */
function turn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((go) => setImmediate(go));
  return new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(0);
  });
}

const TIMEOUT = {};

/** What the promise gives; rejects with the signal, TIMEOUT, or what `ends` is told, if one of these comes first. */
export function until<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined, deadline: number, ends = new Set<(why: LuaError) => void>()): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      ends.delete(fail);
    };
    const fail = (e: unknown): void => (end(), reject(e));
    const abort = (): void => fail(signal);
    const left = deadline - Date.now();
    // Timers count in 31 bits: a longer wait has none, and is ended by the deadline when Lua goes on.
    const timer = deadline && left < 2 ** 31 ? setTimeout(() => fail(TIMEOUT), left) : undefined;
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    ends.add(fail);
    promise.then((v) => (end(), resolve(v)), fail);
  });
}

export function aborted({ reason }: AbortSignal): LuaError {
  const { message = String(reason), name = "AbortError" } = reason instanceof Error ? reason : {};
  return Object.assign(new LuaError(`aborted: ${message}`, { kind: "abort", cause: reason }), { name });
}

/** The end of an aborted task, whose closing left `record`. */
function abort(b: Bridge, record: BridgeRecord, output: Uint8Array[], signal: AbortSignal): never {
  const error = aborted(signal);
  try {
    error.output = b.settle(record, output).output;
  } catch (closing) {
    error.suppressed = closing;
    error.output = (closing as LuaError).output;
  }
  throw error;
}

/** See `Bridge.run`. */
export async function runTask(b: Bridge, fn: number, args: readonly unknown[], options: RunOptions, name?: Uint8Array): Promise<Result> {
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);
  let deadline = deadlineOf(options.timeout ?? b.defaults.timeout);
  const slice = options.slice ?? (signal ? SLICE : 0);
  const output: Uint8Array[] = [];
  const step = (f: (x: Exports, flags: number) => number): BridgeRecord => b.step(output, options, deadline, slice, f);

  let bytes = b.border.encode(args);
  b.name(name);
  let at = b.put(bytes);
  let record = step((x, flags) => x.task_start(fn, at, bytes.length, flags));
  let timedOut = false;
  while (record.status !== Status.Done && record.status !== Status.Failed) {
    const { task } = record;
    let more: Raise | 0 = 0;
    let input: readonly unknown[] = [];
    try {
      if (record.status === Status.Waits) {
        const promise = b.waiting.get(task);
        b.waiting.delete(task);
        input = results(await until(promise as PromiseLike<unknown>, signal, deadline, b.ends));
      } else await turn();
      if (signal?.aborted) throw signal;
      bytes = b.border.encode(input);
    } catch (e) {
      if (signal && e === signal) {
        deadline = Date.now() + CLOSING;
        return abort(b, step((x) => x.task_close(task)), output, signal);
      }
      if (e === TIMEOUT) {
        // The module then ends the script itself: `pcall` can't stop that, and the traceback says where it waited.
        timedOut = true;
        deadline = 1;
        bytes = b.border.encode(["timeout"]);
        more = Raise.WithPosition;
      } else {
        const error = b.border.encodeError(e);
        more = error.position ? Raise.WithPosition : Raise.Plain;
        bytes = error.bytes;
      }
    }
    at = b.put(bytes);
    record = step((x, flags) => x.task_resume(task, at, bytes.length, flags | more));
  }
  if (timedOut && record.error) record.error.kind = "limit";
  return b.settle(record, output);
}
