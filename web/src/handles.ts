/// <reference lib="esnext.disposable" preserve="true" />
/** Lua values that JavaScript holds: functions, tables, userdata and threads, by reference. */
import type { CallOptions, Result, RunOptions } from "./bridge.js";
import type { DecodeOptions } from "./codec.js";
import type { LuaInput, LuaValue } from "./values.js";

/** The module's own functions (docs/bridge.md). */
export const enum Fn {
  Run, Get, Set, Length, Entries, Text, Equal, Globals, Memory, Load, AddModule, SetLoader, Permanent, Same, Stats, Collect,
  Main, LoadBinary,
}

const KINDS: Record<number, LuaKind> = { 2: "lightuserdata", 5: "table", 6: "function", 7: "userdata", 8: "thread" };

/** What `type(x)` says (a light userdata calls itself a userdata). */
export type LuaKind = "lightuserdata" | "table" | "function" | "userdata" | "thread";

/** What handles need of the instance that they belong to. */
export interface Owner {
  call(fn: number, args: readonly unknown[], options?: CallOptions): Result;
  run(fn: number, args: readonly unknown[], options?: RunOptions): Promise<Result>;
}

/** One Lua value, held. */
export interface Held {
  readonly owner: object;
  readonly release: (id: number, count: number) => void;
  readonly id: number;
  readonly kind: number;
  /** Arrivals that have to be given back; 0: released. */
  count: number;
}

const held = new WeakMap<object, Held>();

/** The id of a handle if `v` is one; a TypeError if it belongs to another instance, a ReferenceError if it was released. */
export function handleId(v: unknown, owner: object): number | undefined {
  const h = typeof v === "object" || typeof v === "function" ? held.get(v as object) : undefined;
  if (!h) return undefined;
  if (h.owner !== owner) throw new TypeError("a Lua value of another instance: pass it by value");
  if (h.count === 0) throw new ReferenceError("this Lua value has been released");
  return h.id;
}

/**
 * A Lua value by reference. Holding one keeps the value alive in Lua: `release()` it (or declare it with `using`) when it is no
 * longer needed; else it is given back some time after JavaScript has collected it.
 */
export class LuaHandle {
  constructor(
    protected readonly owner: Owner,
    readonly kind: LuaKind,
  ) {}

  /** `value[key]`, with metamethods. */
  get(key: LuaInput, options?: DecodeOptions): LuaValue {
    return this.owner.call(Fn.Get, [this, key], options).values[0];
  }

  /** `value[key] = item`, with metamethods. */
  set(key: LuaInput, item: LuaInput): void {
    this.owner.call(Fn.Set, [this, key, item]);
  }

  /** `#value`, with metamethods. */
  get length(): LuaValue {
    return this.owner.call(Fn.Length, [this]).values[0];
  }

  /** Calls it and runs it to its end, as `lua.runSync`. Gives its first result. */
  call(...args: LuaInput[]): LuaValue {
    return this.invoke(args).values[0];
  }

  /** As `call`, but as a task: what it calls can wait for promises. */
  async async(...args: LuaInput[]): Promise<LuaValue> {
    return (await this.start(args)).values[0];
  }

  /** As `call`, with options; gives all results, and the output. */
  invoke(args: readonly LuaInput[] = [], options?: CallOptions): Result {
    return this.owner.call(handleId(this, this.owner) as number, args, options);
  }

  /** As `async`, with options; gives all results, and the output. */
  async start(args: readonly LuaInput[] = [], options?: RunOptions): Promise<Result> {
    return this.owner.run(handleId(this, this.owner) as number, args, options);
  }

  /** `tostring(value)`. */
  toString(): string {
    return String(this.owner.call(Fn.Text, [this]).values[0]);
  }

  /** `value == other`, with metamethods. */
  equals(other: LuaInput): boolean {
    return this.owner.call(Fn.Equal, [this, other]).values[0] as boolean;
  }

  /**
   * Gives the value back to Lua. The same value is the same handle each time that it arrives, and has to be released as often
   * as it did; after that it can't be used. (What is never released is given back when JavaScript collects the handle.)
   */
  release(): void {
    releaseHandle(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A table by reference. */
export class LuaTable extends LuaHandle {
  /** Its keys and values in the order of `next`, without metamethods. */
  *entries(options?: DecodeOptions): Generator<[LuaValue, LuaValue]> {
    const limit = 256;
    for (let after: unknown[] = []; ; ) {
      const flat = this.owner.call(Fn.Entries, [this, limit, ...after], options).values;
      for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
      if (flat.length < limit * 2) return;
      after = [flat[flat.length - 2]];
    }
  }

  /** Its keys, in the same order. */
  *keys(): Generator<LuaValue> {
    // Tables as handles, so that what is in them does not come along.
    for (const [key, value] of this.entries({ tables: "handle" })) {
      if (held.has(value)) value.release();
      yield key;
    }
  }

  [Symbol.iterator](): Generator<[LuaValue, LuaValue]> {
    return this.entries();
  }

  /** A copy of it and all it holds, as an array, object or `Map`. */
  toJS(options?: DecodeOptions): LuaValue {
    return this.owner.call(Fn.Same, [this], { tables: "copy", ...options }).values[0];
  }
}

/** A Lua function by reference: call it as any function (it runs to its end, and gives its first result). */
export interface LuaFunction extends Pick<LuaHandle, "kind" | "async" | "invoke" | "start" | "equals" | "release"> {
  (...args: LuaInput[]): LuaValue;
  [Symbol.dispose](): void;
}

function makeFunction(owner: Owner): LuaFunction {
  const proto = LuaHandle.prototype;
  const f: unknown = (...args: LuaInput[]): LuaValue => (f as LuaFunction).invoke(args).values[0];
  return Object.assign(f as LuaFunction, {
    kind: "function" as const,
    owner,
    async: proto.async,
    invoke: proto.invoke,
    start: proto.start,
    equals: proto.equals,
    release: proto.release,
    toString: proto.toString,
    [Symbol.dispose]: proto.release,
  });
}

/** The object for a value of that kind. */
export type MakeHandle = (kind: LuaKind) => object;

/** Handles of an instance in the same thread. */
export const makeHandle = (owner: Owner, kind: LuaKind): object =>
  kind === "function" ? makeFunction(owner) : new (kind === "table" ? LuaTable : LuaHandle)(owner, kind);

/** Gives one arrival of a handle back. */
export function releaseHandle(object: object): void {
  const h = held.get(object);
  if (!h || h.count === 0) return;
  h.count--;
  h.release(h.id, 1);
}

/** The handles of one instance. The same Lua value is the same object for as long as that lives. */
export class Handles {
  readonly live = new Map<number, { object: WeakRef<object>; held: Held }>();
  #registry = new FinalizationRegistry<Held>((h) => {
    if (this.live.get(h.id)?.held === h) this.live.delete(h.id);
    if (h.count > 0) h.release(h.id, h.count);
  });

  constructor(
    private readonly owner: object,
    private readonly make: MakeHandle,
    private readonly release: (id: number, count: number) => void,
  ) {}

  /** The object for a handle that has just arrived. */
  arrive(kind: number, id: number): object {
    const known = this.live.get(id);
    const before = known?.object.deref();
    if (known && before && known.held.count > 0) {
      known.held.count++;
      return before;
    }
    const object = this.make(KINDS[kind] ?? "userdata");
    const h: Held = { owner: this.owner, release: this.release, id, kind, count: 1 };
    held.set(object, h);
    this.live.set(id, { object: new WeakRef(object), held: h });
    this.#registry.register(object, h);
    return object;
  }
}
