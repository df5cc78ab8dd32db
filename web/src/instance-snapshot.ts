/** `lua.snapshot()` and `Lua.restore()`: what of an instance is not in its memory, and which instances can be taken. */
import type { Border, ValueBorder } from "./border.js";
import { Bridge } from "./bridge.js";
import { decode, encode, Reader, Writer } from "./codec.js";
import { LuaError } from "./error.js";
import { Fn } from "./handles.js";
import { nameOf } from "./host-values.js";
import { Lua, PREFIX, type LoadOptions, type RestoreOptions, type SnapshotOptions } from "./lua.js";
import { compile, sources } from "./module.js";
import { hashModule, readSnapshot, takeSnapshot, type Snapshot } from "./snapshot.js";
import { detachMemory } from "./clear.js";
import { copyRecords, type State } from "./state.js";
import { nextId } from "./transfer.js";
import { RecordMap } from "./store/records.js";
import { readStateSync, writeStateSync } from "./store/state-file.js";
import type { Records } from "./store/store.js";

/** The host's part of a snapshot. Ids are those in the instance's memory. */
interface HostPart {
  /** Values of the host that Lua holds, by name; and how often each has arrived. */
  values: [id: number, name: string, count: number][];
  /** The last id of a host value. */
  last: number;
  /** Lua values that the host holds, by the names given for them. */
  handles: [id: number, name: string, kind: number, count: number][];
  /** Globals that the host has set. */
  functions: string[];
  /** The records (a state file), if no store keeps them. */
  records?: Uint8Array;
}

const fail = (why: string): never => {
  throw new LuaError(why, { kind: "host" });
};

/** Takes a snapshot. Fails with a `LuaError` of kind `host` that names what is in the way. */
export async function take(bridge: Bridge, module: WebAssembly.Module, state: State, loaded: LoadOptions, options: SnapshotOptions): Promise<Uint8Array> {
  const { hash, fresh } = await identify(module);
  // From here to the copies of memory and records nothing may run.
  bridge.check();
  if (bridge.busy) fail("a snapshot can't be taken inside of a call: Lua is in the middle of something");
  const border = bridge.border as ValueBorder;
  // What is garbage must not be in the way; finalizers can make more of it.
  for (let i = 0; i < 2; i++) bridge.call(Fn.Collect, []);
  const [, , tasks] = bridge.call(Fn.Stats, []).values as [number, number, number];
  if (tasks) fail(`a snapshot can't be taken while scripts wait for promises (${tasks} of them): let them end, or abort them`);
  const host: HostPart = { values: nameValues(border, loaded), last: border.hosts.last, handles: nameHandles(bridge, options.handles ?? {}), functions: Object.keys(loaded.functions ?? {}) };
  bridge.flush();
  if (!state.session) return takeSnapshot({ memory: bridge.exports.memory, fresh, module: hash, host: pack({ ...host, records: writeStateSync(state.records, 0) }) });
  const records = new RecordMap();
  copyRecords(state.records, records);
  const copy = bridge.exports.memory.buffer.slice(0);
  return takeSnapshot({ memory: await withoutCache(module, copy, records), fresh, module: hash, host: pack(host) });
}

/** The options' values of the host, with the names under which `Memory` and snapshots hold them. */
const named = ({ functions = {}, permanents = {}, loader }: LoadOptions): [name: string, value: unknown][] => [
  ...Object.entries(permanents),
  ...Object.entries(functions).map(([name, value]): [string, unknown] => [PREFIX + name, value]),
  ...(loader ? [["loader", loader] as [string, unknown]] : []),
];

function nameValues({ hosts, names: later }: ValueBorder, loaded: LoadOptions): HostPart["values"] {
  const names = new Map([...later, ...named(loaded).map(([name, value]): [unknown, string] => [value, name])]);
  const unnamed = new Set<string>();
  const values = [...hosts.entries].map(([id, { value, count }]): HostPart["values"][0] => {
    const name = names.get(value);
    if (name === undefined) unnamed.add(nameOf(value) || "an anonymous function");
    return [id, name as string, count];
  });
  if (unnamed.size) fail(`a snapshot can't be taken while Lua holds values of the host that have no name: ${[...unnamed].join(", ")}; name them by lua.permanent, or by the options functions and permanents`);
  return values;
}

function nameHandles(bridge: Bridge, given: Record<string, unknown>): HostPart["handles"] {
  const names = new Map(Object.entries(given).map(([name, handle]) => [handle, name]));
  const unnamed: string[] = [];
  const handles: HostPart["handles"] = [];
  for (const { object: ref, held } of [...(bridge.border as ValueBorder).handles.live.values()]) {
    const { id, kind, count } = held;
    const object = ref.deref();
    if (!object && count > 0) {
      // Collected, but its finalizer has not come yet.
      held.count = 0;
      bridge.release(id, count);
    }
    if (!object || count === 0) continue;
    const name = names.get(object);
    if (name === undefined) unnamed.push(String(bridge.call(Fn.Text, [object]).values[0]));
    else handles.push([id, name, kind, count]);
  }
  if (unnamed.length) fail(`a snapshot can't be taken while JavaScript holds Lua values: ${unnamed.join(", ")}; release them, or name them in the option handles`);
  return handles;
}

/** The memory of an instance like the one that has `memory`, but for what it has read from the store. */
async function withoutCache(module: WebAssembly.Module, memory: ArrayBuffer, records: Records): Promise<WebAssembly.Memory> {
  const inert: Border = {
    defaults: {},
    encode: () => new Uint8Array(),
    decode: () => [],
    decodeError: () => ({ message: "" }),
    encodeError: () => ({ bytes: new Uint8Array([0]), position: false }),
    operate: () => fail("the host is not called while a snapshot is taken"),
    released: () => {},
  };
  const clone = new Bridge({}, inert);
  await clone.instantiate(module, records);
  const to = clone.exports.memory;
  to.grow((memory.byteLength - to.buffer.byteLength) / 65536);
  new Uint8Array(to.buffer).set(new Uint8Array(memory));
  detachMemory(clone);
  return to;
}

function pack(host: HostPart): Uint8Array {
  const w = new Writer();
  encode(w, [host]);
  return w.take().slice();
}

function unpack({ host }: Snapshot): HostPart {
  // Empty lists come as empty objects.
  const { values, last, handles, functions, records } = decode(new Reader(host), {})[0] as HostPart;
  const list = <T>(items: T[] | object): T[] => (Array.isArray(items) ? items : []);
  return { values: list(values), last, handles: list(handles), functions: list(functions), ...(records && { records }) };
}

/** The hash of a module's bytes, and the memory of an instance that nothing has called. */
async function identify(module: WebAssembly.Module): Promise<{ hash: Uint8Array; fresh: WebAssembly.Memory }> {
  const source = sources.get(module) ?? fail("snapshots are tied to the module's bytes, which are not known here: load it by its URL or bytes, not compiled");
  const fresh = await untouched(module);
  if (typeof source !== "string") return { hash: await hashModule(source), fresh };
  const bytes = source.startsWith("file:") ? await (await import("./node.js")).readFile(source) : await (await fetch(source, { cache: "force-cache" })).arrayBuffer();
  // It was read some time ago, and may have been replaced since.
  const now = new Int32Array((await untouched(await WebAssembly.compile(bytes))).buffer);
  const then = new Int32Array(fresh.buffer);
  if (now.length !== then.length || now.some((word, at) => word !== then[at])) fail(`the module at ${source} is not the one that runs here: it has been replaced; load it anew`);
  return { hash: await hashModule(bytes), fresh };
}

async function untouched(module: WebAssembly.Module): Promise<WebAssembly.Memory> {
  const bridge = new Bridge({});
  await bridge.instantiate(module, new RecordMap());
  return bridge.exports.memory;
}

/** Makes an instance of a snapshot. Fails with a `LuaError` that names what is missing, or a `StoreError` for a damaged one. */
export async function restore(file: Uint8Array | Blob, options: RestoreOptions): Promise<Lua> {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
  const module = await compile(options.wasm);
  const snapshot = await readSnapshot(bytes, (await identify(module)).hash);
  const host = unpack(snapshot);
  const values = new Map(named(options));
  const missing = host.values.map(([, name]) => name).filter((name) => !values.has(name));
  if (missing.length) fail(`the snapshot needs values of the host that are not given: ${missing.join(", ")} (options functions, permanents and loader)`);
  if (!host.records && !options.store) fail("the snapshot's Memory is in a store: give that store");
  const handles: Record<string, unknown> = {};
  const lua = await Lua.load({ ...options, wasm: module }, {
    boot(bridge, state) {
      const { hosts, handles: held } = bridge.border as ValueBorder;
      if (host.records) {
        if (state.session && !state.session.fresh) fail(`the snapshot has a Memory of its own, and the state '${state.session.name}' is in the store already: give another name`);
        for (const { id, key, value } of readStateSync(host.records).entries) state.records.set(id, key, value);
      }
      snapshot.apply(bridge.exports.memory);
      for (const [id, name, count] of host.values) {
        const value = values.get(name);
        hosts.ids.set(value, id);
        hosts.entries.set(id, { value, count });
      }
      hosts.last = host.last;
      for (const [id, name, kind, count] of host.handles) for (let n = 0; n < count; n++) handles[name] = held.arrive(kind, id);
      bridge.enter((x) => x.sync_external_table_counter(nextId(state.records)));
    },
    functions: new Set(host.functions),
  });
  return Object.assign(lua, { handles });
}
