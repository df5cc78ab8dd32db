/** What runs in the worker: the module, driven by messages from the page, which has the values and the records. */
import type { Border, Failure, Raised } from "./border.js";
import { Bridge, type BridgeRecord, type CallOptions, type Exports } from "./bridge.js";
import { clearMemory } from "./clear.js";
import { encode, Reader, Writer } from "./codec.js";
import { LuaError } from "./error.js";
import { Op } from "./host-values.js";
import * as instance from "./instance.js";
import { node } from "./node.js";
import { readStateSync } from "./store/state-file.js";
import { importState, unreadable } from "./transfer.js";
import { NotedRecords } from "./worker/changes.js";
import { packError, type Reply, type RemoteOptions, type Request } from "./worker/protocol.js";

/** Steps between two looks at what the page wants. */
const SLICE = 1 << 20;
/** A time that is later than any deadline. */
const DOOMSDAY = 8.64e15;

let post: (reply: Reply, transfer?: ArrayBuffer[]) => void;
let bridge: RemoteBridge;
let records: NotedRecords;
/** Holds the id of a script that has to end at once. */
let stop: Int32Array | undefined;
/** What `tostring` gives for the page's objects. */
const texts = new Map<number, string>();
const aborts = new Map<number, AbortController>();

/** Something that the page's host value has thrown. */
class RemoteError {
  constructor(readonly raised: Raised) {}
}

/** Host calls whose answers are awaited. */
const calls = new Map<number, { resolve(bytes: Uint8Array): void; reject(e: RemoteError): void }>();
let lastCall = 0;

/** Values stay as bytes: they are the page's. */
class RemoteBorder implements Border {
  constructor(readonly defaults: CallOptions) {}

  encode(values: readonly unknown[]): Uint8Array {
    const [first] = values;
    if (first instanceof Uint8Array) return first;
    const w = new Writer();
    encode(w, values);
    return w.take();
  }

  decode(r: Reader): Uint8Array[] {
    return [r.rest()];
  }

  decodeError(r: Reader): Failure {
    return { message: "", raw: r.rest() };
  }

  encodeError(e: unknown): Raised {
    return e instanceof RemoteError ? e.raised : { bytes: this.encode([String(e)]), position: true };
  }

  operate(op: number, host: number, args: Reader, waits: boolean): Promise<Uint8Array> | string {
    if (op === Op.ToString) return texts.get(host) ?? "[object]";
    const id = ++lastCall;
    // The page can't be asked and waited for where Lua can't be left: the module then says so.
    if (!waits) return new Promise(() => {});
    const bytes = args.rest();
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      post({ did: "host", id, op, host, bytes }, [bytes.buffer as ArrayBuffer]);
    });
  }

  released(host: number, count: number): void {
    texts.delete(host);
    // A record that names the value may be on its way: the page has to read that first.
    setTimeout(() => post({ did: "released", host, count }));
  }
}

class RemoteBridge extends Bridge {
  /** The script that runs. */
  #script = 0;

  override step(output: Uint8Array[], options: CallOptions & { script?: number }, deadline: number, slice: number, f: (x: Exports, flags: number) => number): BridgeRecord {
    const outer = this.#script;
    this.#script = options.script ?? outer;
    try {
      // The module looks at the clock only where there is a deadline.
      return super.step(output, options, deadline || (stop ? DOOMSDAY - 1 : 0), slice, f);
    } finally {
      this.#script = outer;
    }
  }

  override now(): number {
    return stop && this.#script && Atomics.load(stop, 0) === this.#script ? DOOMSDAY : super.now();
  }
}

async function load(m: Request & { do: "load" }): Promise<void> {
  records = new NotedRecords(readStateSync(m.records).entries);
  stop = m.stop;
  const defaults: CallOptions = {};
  bridge = new RemoteBridge(defaults, new RemoteBorder(defaults));
  await bridge.instantiate(m.module, records);
  bridge.output.listener = (_, bytes) => post({ did: "output", bytes });
  bridge.enter((x) => instance.start(x, m.seed));
}

async function run(m: Request & { do: "run" }): Promise<[Uint8Array, string]> {
  const abort = new AbortController();
  aborts.set(m.id, abort);
  try {
    const options: RemoteOptions & { script: number; signal: AbortSignal } = { slice: SLICE, ...m.options, script: m.id, signal: abort.signal };
    const { values, output } = await bridge.run(m.fn, [m.bytes], options, m.name);
    return [values[0], output];
  } finally {
    aborts.delete(m.id);
  }
}

/** Does what is asked for; gives what the page gets as the result, and the output. */
async function answer(m: Request & { id: number }): Promise<[result: unknown, output?: string]> {
  switch (m.do) {
    case "load":
      return [await load(m)];
    case "run":
      return run(m as Request & { do: "run" });
    case "call": {
      const { values, output } = bridge.call(m.fn, [m.bytes], m.options, m.name);
      return [values[0], output];
    }
    case "limits":
      return [instance.setLimits(bridge, m)];
    case "flush":
      return [bridge.flush()];
    case "stats":
      return [instance.memoryStats(bridge)];
    case "collectTables":
      return [instance.collectTables(bridge)];
    case "clear":
      return [clearMemory(bridge)];
    case "import": {
      const state: Parameters<typeof importState>[1] = { session: undefined, records, version: undefined };
      await importState(bridge, state, m.file);
      return [state.version];
    }
    case "dropUnreadable":
      return [unreadable(bridge, { records }).drop()];
    default:
      throw new LuaError(`the worker does not know '${m.do}': it is older than the page`, { kind: "host" });
  }
}

async function receive(m: Request): Promise<void> {
  if ("texts" in m) for (const [id, text] of m.texts) texts.set(id, text);
  if (m.do === "abort") return aborts.get(m.id)?.abort();
  if (m.do === "release") return bridge.release(m.handle, m.count);
  if (m.do === "answer") {
    const call = calls.get(m.id);
    calls.delete(m.id);
    if (m.raise) call?.reject(new RemoteError({ bytes: m.bytes, position: m.raise === 2 }));
    else call?.resolve(m.bytes);
    return;
  }
  let reply: Reply;
  try {
    const [result, output = ""] = await answer(m);
    reply = { did: "done", id: m.id, result, output };
  } catch (e) {
    reply = { did: "failed", id: m.id, error: packError(e) };
  }
  const changes = records?.changes();
  if (changes) post({ did: "changes", bytes: changes }, [changes.buffer as ArrayBuffer]);
  post(reply);
}

if (typeof postMessage === "function" && typeof addEventListener === "function") {
  post = (reply, transfer = []) => postMessage(reply, { transfer });
  addEventListener("message", (e: MessageEvent<Request>) => void receive(e.data));
} else {
  void node<typeof import("node:worker_threads")>("worker_threads").then(({ parentPort: port }) => {
    if (!port) throw new Error("this file is for workers");
    post = (reply, transfer = []) => port.postMessage(reply, transfer);
    port.on("message", (m: Request) => void receive(m));
  });
}
