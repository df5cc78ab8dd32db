/** The global `Memory`, seen from JavaScript. What is written is handed to the store at once. */
import type { DecodeOptions } from "./codec.js";
import { Fn, LuaTable, type Owner } from "./handles.js";
import type { LuaInput, LuaValue } from "./values.js";

/** What persists: `Memory`'s keys and values. */
export class LuaMemory {
  constructor(private readonly owner: Owner) {}

  /** The table behind `Memory` as a handle. `attach_memory_table` changes which one it is. */
  table(): LuaTable {
    return this.owner.call(Fn.Memory, []).values[0];
  }

  #with<T>(f: (table: LuaTable) => T): T {
    const table = this.table();
    try {
      return f(table);
    } finally {
      table.release();
    }
  }

  get(key: LuaInput, options?: DecodeOptions): LuaValue {
    return this.#with((t) => t.get(key, options));
  }

  /** Fails with an error of kind `persist` that names the path if the value can't be stored; then nothing has changed. */
  set(key: LuaInput, value: LuaInput): void {
    this.#with((t) => t.set(key, value));
  }

  delete(key: LuaInput): void {
    this.set(key, undefined);
  }

  keys(): LuaValue[] {
    return this.#with((t) => [...t.keys()]);
  }

  entries(options?: DecodeOptions): [LuaValue, LuaValue][] {
    return this.#with((t) => [...t.entries(options)]);
  }

  /**
   * `Memory` as an object whose properties are read and written in Lua: `lua.memory.live.user.name = "Ada"`. Tables inside
   * are such objects too; names that are whole numbers mean Lua's integers.
   */
  get live(): LuaValue {
    return live(this.table());
  }
}

/** A table as an object, see `LuaMemory.live`. */
export function live(table: LuaTable): LuaValue {
  const lua = (name: string | symbol): LuaInput => {
    const n = Number(String(name));
    return String(n) === name && Number.isSafeInteger(n) ? n : name;
  };
  const read = (name: string | symbol): LuaValue => {
    const value = table.get(lua(name), { tables: "handle" });
    return value instanceof LuaTable ? live(value) : value;
  };
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => {
      if (typeof name === "string") return read(name);
      return name === Symbol.iterator
        ? function* () {
            for (let i = 1; i <= table.length; i++) yield read(String(i));
          }
        : undefined;
    },
    set: (_, name, value) => (table.set(lua(name), value), true),
    deleteProperty: (_, name) => (table.set(lua(name), undefined), true),
    has: (_, name) => typeof name === "string" && read(name) !== undefined,
    ownKeys: () => [...new Set([...table.keys()].map(String))],
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? read(name) : undefined;
      return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
    },
  });
}
