/// <reference lib="esnext.disposable" preserve="true" />
/** Lua values that a page holds of an instance in a worker: as those of `handles.ts`, but every answer is a promise. */
import type { Result, RunOptions } from "../bridge.js";
import type { DecodeOptions } from "../codec.js";
import { Fn, handleId, releaseHandle, type LuaKind } from "../handles.js";
import type { LuaInput, LuaValue } from "../values.js";

/** What handles need of the worker that they belong to. */
export interface RemoteOwner {
  /** One of the module's own functions. */
  call(fn: Fn, args: readonly LuaInput[], options?: DecodeOptions): Promise<Result>;
  run(fn: number, args: readonly LuaInput[], options?: RunOptions): Promise<Result>;
}

const first = async (result: Promise<Result>): Promise<LuaValue> => (await result).values[0];

/** A Lua value by reference, see `LuaHandle`. */
export class RemoteHandle {
  constructor(
    protected readonly owner: RemoteOwner,
    readonly kind: LuaKind,
  ) {}

  /** `value[key]`, with metamethods. */
  get(key: LuaInput, options?: DecodeOptions): Promise<LuaValue> {
    return first(this.owner.call(Fn.Get, [this, key], options));
  }

  /** `value[key] = item`, with metamethods. */
  async set(key: LuaInput, item: LuaInput): Promise<void> {
    await this.owner.call(Fn.Set, [this, key, item]);
  }

  /** `#value`, with metamethods. */
  length(): Promise<LuaValue> {
    return first(this.owner.call(Fn.Length, [this]));
  }

  /** Calls it; what it calls can wait. Gives its first result. */
  call(...args: LuaInput[]): Promise<LuaValue> {
    return first(this.start(args));
  }

  /** As `call`, with options; gives all results, and the output. */
  async start(args: readonly LuaInput[] = [], options?: RunOptions): Promise<Result> {
    return this.owner.run(handleId(this, this.owner) as number, args, options);
  }

  /** `tostring(value)`. */
  text(): Promise<string> {
    return first(this.owner.call(Fn.Text, [this]));
  }

  /** `value == other`, with metamethods. */
  equals(other: LuaInput): Promise<boolean> {
    return first(this.owner.call(Fn.Equal, [this, other]));
  }

  /** Gives the value back to Lua, see `LuaHandle.release`. */
  release(): void {
    releaseHandle(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A table by reference. */
export class RemoteTable extends RemoteHandle {
  /** Its keys and values in the order of `next`, without metamethods. */
  async *entries(options?: DecodeOptions): AsyncGenerator<[LuaValue, LuaValue]> {
    const limit = 256;
    for (let after: unknown[] = []; ; ) {
      const flat = (await this.owner.call(Fn.Entries, [this, limit, ...after], options)).values;
      for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
      if (flat.length < limit * 2) return;
      after = [flat[flat.length - 2]];
    }
  }

  /** Its keys, in the same order. */
  async *keys(): AsyncGenerator<LuaValue> {
    for await (const [key, value] of this.entries({ tables: "handle" })) {
      if (typeof value === "object" || typeof value === "function") releaseHandle(value);
      yield key;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<[LuaValue, LuaValue]> {
    return this.entries();
  }

  /** A copy of it and all it holds, as an array, object or `Map`. */
  toJS(options?: DecodeOptions): Promise<LuaValue> {
    return first(this.owner.call(Fn.Same, [this], { tables: "copy", ...options }));
  }
}

/** A Lua function by reference: call it as any asynchronous function (it gives its first result). */
export interface RemoteFunction extends Pick<RemoteHandle, "kind" | "start" | "equals" | "text" | "release"> {
  (...args: LuaInput[]): Promise<LuaValue>;
  [Symbol.dispose](): void;
}

/** Handles of an instance in a worker. */
export function makeRemote(owner: RemoteOwner, kind: LuaKind): object {
  if (kind !== "function") return new (kind === "table" ? RemoteTable : RemoteHandle)(owner, kind);
  const { start, equals, text, release } = RemoteHandle.prototype;
  const f: unknown = (...args: LuaInput[]): Promise<LuaValue> => first((f as RemoteFunction).start(args));
  return Object.assign(f as RemoteFunction, { kind, owner, start, equals, text, release, [Symbol.dispose]: release });
}
