/** What a value of JavaScript is to Lua: by copy, by proxy, or several at once. */

/** Any value that Lua can be given: see the README for what each becomes. */
export type LuaInput = unknown;

/** A value that came from Lua: undefined (nil), boolean, number, bigint, string, Uint8Array, a table, a handle, or a value of the host. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a script returns is for the caller to know
export type LuaValue = any;

const byProxy = new WeakSet<object>();

/**
 * Lets an object go to Lua by proxy from now on: Lua reads, writes and calls the object itself. So do, without asking,
 * functions, and objects with a class of their own; everything that is reached through a proxy does too. Arrays
 * count from 1 there.
 */
export function proxy<T extends object>(object: T): T {
  byProxy.add(object);
  return object;
}

/** Own data of an object as a table, which goes to Lua by copy whatever the object's class is. */
export function copy(object: object): Map<unknown, unknown> | unknown[] {
  return Array.isArray(object) || object instanceof Set ? [...object] : new Map(object instanceof Map ? object : Object.entries(object));
}

/** Several results of one function. */
export class Multi {
  constructor(readonly values: readonly unknown[]) {}
}
/** `return multi(1, 2)` gives Lua two results, where an array would be a table. */
export const multi = (...values: unknown[]): Multi => new Multi(values);

/** The values that a host function's result stands for. */
export const results = (v: unknown): readonly unknown[] => (v instanceof Multi ? v.values : [v]);

/** True for what goes by proxy: everything but arrays, Maps and objects without a class. */
export function isProxied(v: unknown): boolean {
  if (typeof v !== "object" || v === null) return typeof v === "function" || typeof v === "symbol";
  if (byProxy.has(v)) return true;
  if (Array.isArray(v) || v instanceof Map) return false;
  const prototype: unknown = Object.getPrototypeOf(v);
  // A plain object of another realm (a frame, a vm context) has that realm's Object.prototype.
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

/** True for a class, built-in ones included: `prototype` of an ordinary function can be replaced, theirs can't. */
export const isClass = (v: unknown): boolean =>
  typeof v === "function" && Object.getOwnPropertyDescriptor(v, "prototype")?.writable === false;

/** True for what can be waited for. */
export const isThenable = (v: unknown): v is PromiseLike<unknown> =>
  typeof v === "object" && v !== null && typeof (v as { then?: unknown }).then === "function";
