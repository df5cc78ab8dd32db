// One program of tests/lua, run in a fresh instance. Runs in pages too, so it uses nothing of node's but Buffer.

import { Host } from "./host.mjs";

/** Whether a module of this Lua version has the syntax that the program is about. */
export function fits(name, lua) {
  return !name.endsWith("_55.lua") || lua === "5.5";
}

/** Runs the program `name` with the bytes `text`; fails with what it says. */
export async function runLuaProgram(module, name, text) {
  const host = await Host.create(module);
  host.setChunkName(`@tests/lua/${name}`);
  const [ok, checks] = host.run(text).values;
  // A program that ended early has proved nothing.
  if (String(ok) !== "ok") throw new Error(`${name}: expected the result ok, found ${ok}`);
  if (!(checks > 0n)) throw new Error(`${name}: expected a number of checks, found ${checks}`);
}
