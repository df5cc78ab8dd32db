/** Values of the host that Lua holds: their ids, and what Lua does with them. */
import { isClass, isThenable, multi, proxy } from "./values.js";

/** What `js_call` can be asked to do (docs/bridge.md). */
export const enum Op {
  Call, Index, NewIndex, Len, ToString, Pairs, Close,
}

interface Entry {
  value: unknown;
  count: number;
}

/** Which value has which id, for as long as Lua holds it. */
export class HostValues {
  readonly ids = new Map<unknown, number>();
  readonly entries = new Map<number, Entry>();
  /** The last id given. */
  last = 0;

  /** The id of a value that is on its way to Lua. */
  send(value: unknown): number {
    let id = this.ids.get(value);
    if (id === undefined) {
      id = ++this.last;
      this.ids.set(value, id);
      this.entries.set(id, { value, count: 0 });
    }
    (this.entries.get(id) as Entry).count++;
    return id;
  }

  /** The value; a ReferenceError if Lua has given it back. */
  get(id: number): unknown {
    const entry = this.entries.get(id);
    if (!entry) throw new ReferenceError(`there is no host value ${id}`);
    return entry.value;
  }

  /** Takes back `count` arrivals (`js_release`). */
  release(id: number, count: number): void {
    const entry = this.entries.get(id);
    if (!entry || (entry.count -= count) > 0) return;
    this.entries.delete(id);
    this.ids.delete(entry.value);
  }
}

// `constructor` leads to `Function`, and so to code of the host's that nobody gave to the script.
const hidden = (key: unknown): boolean => key === "constructor" || key === "__proto__" || (typeof key === "string" && /^__.*__$/.test(key));

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Methods as Lua gets them, by the object and the function, so that the same method is the same value in Lua. */
const methods = new WeakMap<object, Map<Callable, Callable>>();
const targets = new WeakMap<Callable, Callable>();

/** The function that a method was made of, and any other value as it is. */
export const unwrap = (v: unknown): unknown => (typeof v === "function" ? targets.get(v as Callable) ?? v : v);

/** `o.f(x)` and `o:f(x)` both call `f` with `o` as `this`. */
function method(owner: object, f: Callable): Callable {
  let known = methods.get(owner);
  if (!known) methods.set(owner, (known = new Map()));
  let bound = known.get(f);
  if (!bound) {
    bound = (...args) => f.apply(owner, args[0] === owner ? args.slice(1) : args);
    Object.defineProperty(bound, "name", { value: f.name });
    known.set(f, bound);
    targets.set(bound, f);
  }
  return bound;
}

/** Arrays count from 1 in Lua. */
const place = (o: unknown, key: unknown): PropertyKey => (Array.isArray(o) && typeof key === "number" ? key - 1 : (key as PropertyKey));

/** What is reached through a proxy is a proxy too: otherwise `p.list[1] = x` would change a copy. */
const member = (v: unknown): unknown => (typeof v === "object" && v !== null && !ArrayBuffer.isView(v) && !isThenable(v) ? proxy(v) : v);

/** The name that error messages call a host value. */
export function nameOf(v: unknown): string {
  if (typeof v === "function") return v.name;
  return String((v as { constructor?: { name?: unknown } }).constructor?.name ?? typeof v);
}

/** Whether Lua sees a function (`type(x) == "function"`), or a userdata. */
export const isFunction = (v: unknown): boolean => typeof v === "function" && !isClass(v);

/** Does `op` to `v`. What it gives or throws is for Lua. */
export function operate(op: number, v: unknown, args: unknown[]): unknown {
  const o = v as Record<PropertyKey, unknown> & object;
  switch (op) {
    case Op.Call:
      if (typeof v !== "function") throw new TypeError(`attempt to call a ${nameOf(v)} of the host`);
      return isClass(v) ? Reflect.construct(v, args) : (v as Callable)(...args);
    case Op.Index: {
      const key = args[0];
      if (hidden(key)) return undefined;
      const found = o[place(o, key)];
      return typeof found === "function" && isFunction(found) ? method(o, found as Callable) : member(found);
    }
    case Op.NewIndex: {
      const [key, value] = args;
      if (hidden(key)) throw new TypeError(`'${String(key)}' can't be set from Lua`);
      const at = place(o, key);
      if (value === undefined && Object.hasOwn(o, at) && !Array.isArray(o)) delete o[at];
      else o[at] = value;
      return undefined;
    }
    case Op.Len: {
      const n = o["length"] ?? o["size"];
      if (typeof n !== "number") throw new TypeError(`a ${nameOf(v)} of the host has no length`);
      return n;
    }
    case Op.ToString:
      return typeof v === "object" && !("toString" in o) ? "[object]" : String(v);
    case Op.Pairs:
      return pairs(o);
    case Op.Close:
      return ((o[Symbol.dispose ?? ""] ?? o[Symbol.asyncDispose ?? ""]) as Callable | undefined)?.call(o);
    default:
      throw new RangeError(`operation ${op} is a newer module's`);
  }
}

/** What `pairs` calls for the next key and value. What has no keys of its own gets 1, 2, 3; what comes as promises is waited for. */
function pairs(o: object): () => unknown {
  const list = !(o instanceof Map) && (Symbol.iterator in o || Symbol.asyncIterator in o);
  const from = (list || o instanceof Map ? o : Object.entries(o)) as Iterable<unknown> & AsyncIterable<unknown>;
  const it: Iterator<unknown> | AsyncIterator<unknown> = (from[Symbol.iterator] ?? from[Symbol.asyncIterator]).call(from);
  let i = 0;
  const step = ({ done, value }: IteratorResult<unknown>): unknown => {
    if (done) return undefined;
    const [k, v] = list ? [++i, value] : (value as [unknown, unknown]);
    return multi(k, member(v));
  };
  return () => {
    const n = it.next();
    return isThenable(n) ? (n as PromiseLike<IteratorResult<unknown>>).then(step) : step(n);
  };
}
