/** Values of Lua as text that looks like Lua. */
import { LuaHandle, type LuaValue } from "moonwright";

const MAX_ENTRIES = 200;
const name = /^[A-Za-z_]\w*$/;
const decoder = new TextDecoder("utf-8", { fatal: true });

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A string whose bytes are no text, as Lua would have it written. */
function binary(data: Uint8Array): string {
  return `"${[...data].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`)).join("")}"`;
}

function bytesOf(data: Uint8Array): string {
  try {
    return quoted(decoder.decode(data));
  } catch {
    return binary(data);
  }
}

function entry(key: LuaValue, value: LuaValue, depth: number, seen: Set<unknown>): string {
  const shown = inspect(value, depth + 1, seen);
  if (typeof key === "number" && Number.isInteger(key)) return shown;
  return typeof key === "string" && name.test(key) ? `${key} = ${shown}` : `[${inspect(key, depth + 1, seen)}] = ${shown}`;
}

/** The value as text. Tables come as Maps (`tables: "map"`), which keep what they are. */
export function inspect(value: LuaValue, depth = 0, seen = new Set<unknown>()): string {
  if (value === undefined || value === null) return "nil";
  if (typeof value === "string") return quoted(value);
  if (value instanceof Uint8Array) return bytesOf(value);
  if (value instanceof Map) {
    if (seen.has(value)) return "{…}";
    const inside = new Set(seen).add(value);
    const shown = [...value].slice(0, MAX_ENTRIES).map(([key, item]) => entry(key as LuaValue, item as LuaValue, depth, inside));
    if (value.size > MAX_ENTRIES) shown.push(`… ${value.size - MAX_ENTRIES} more`);
    const line = shown.join(", ");
    if (line.length <= 72 && !line.includes("\n")) return `{${line}}`;
    const indent = "  ".repeat(depth + 1);
    return `{\n${shown.map((one) => indent + one).join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  if (value instanceof LuaHandle) return String(value);
  return String(value);
}
