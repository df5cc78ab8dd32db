// What the package costs in a page. chromium.mjs calls these functions; each gives one number.
import { IndexedDbStore, Lua } from "/dist/index.js";

/** Milliseconds from nothing to a Lua that runs: the module fetched, compiled and started. Once per page. */
async function startup() {
  const begun = performance.now();
  const lua = await Lua.load();
  await lua.run("return 1");
  const took = performance.now() - begun;
  await lua.close();
  return took;
}

/** Runs a program for long enough that the engine optimises what it uses. */
async function work() {
  const lua = await Lua.load();
  for (let n = 0; n < 4; n++) {
    await lua.run("local t = {} for i = 1, 60000 do t[i] = {x = i, s = ('%d'):format(i)} end table.sort(t, function(a, b) return a.x > b.x end)");
  }
  await lua.close();
}

const store = new IndexedDbStore({ database: "bench" });
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Calls `body` so often, and gives the median of the milliseconds that it says. */
async function repeated(times, body) {
  const all = [];
  for (let n = 0; n < times; n++) all.push(await body());
  return median(all);
}

function weigh(records) {
  let bytes = 0;
  for (const id of records.tables()) for (const [key, value] of records.entries(id)) bytes += key.length + value.length;
  return bytes;
}

/** A function with an upvalue of its own, each from a text of its own. */
const FUNCTION = "local n = 0 return function(step) n = n + (step or 1) return n end";
const COUNT = 200;

/** An instance with functions that are not stored yet, and one that stores the k-th. */
async function withFunctions(body) {
  const lua = await Lua.load();
  try {
    await lua.run(`Memory.f = {} made = {} for k = 1, ${COUNT} do made[k] = load("${FUNCTION} -- " .. k)() end function keep(k) Memory.f[k] = made[k] end`);
    return await body(lua);
  } finally {
    await lua.close();
  }
}

/** Milliseconds for a call that stores one function: it is serialised and handed over at the call's end. */
function serialise() {
  // One by one, but timed together: browsers' clocks are coarse.
  return repeated(5, () =>
    withFunctions((lua) => {
      const keep = lua.get("keep");
      const begun = performance.now();
      for (let k = 1; k <= COUNT; k++) keep(k);
      return (performance.now() - begun) / COUNT;
    }),
  );
}

/** Bytes that one more stored function adds: keys and values, its text included. */
function functionSize() {
  return withFunctions((lua) => {
    lua.callSync("keep", 1);
    const one = weigh(lua.records);
    for (let k = 2; k <= COUNT; k++) lua.callSync("keep", k);
    return (weigh(lua.records) - one) / (COUNT - 1);
  });
}

/** Milliseconds from a stored state to having touched all of it, with the module compiled. */
async function restore(items) {
  await store.delete("items");
  const first = await Lua.load({ store, name: "items" });
  await first.run(`Memory.items = {} for i = 1, ... do Memory.items[i] = { id = i, name = "item " .. i, price = i / 4, sold = i % 2 == 0 } end`, { args: [items] });
  await first.close();
  return repeated(11, async () => {
    const begun = performance.now();
    const lua = await Lua.load({ store, name: "items" });
    const { values } = await lua.run("local sum = 0 for _, item in ipairs(Memory.items or {}) do sum = sum + item.id + #item.name end return sum");
    const took = performance.now() - begun;
    await lua.close();
    let expected = 0;
    for (let i = 1; i <= items; i++) expected += i + `item ${i}`.length;
    if (values[0] !== expected) throw new Error(`expected the sum ${expected} of what was stored, found ${values[0]}`);
    return took;
  });
}

/** Milliseconds for loading a state that is empty. */
async function restoreEmpty() {
  await store.delete("empty");
  return repeated(21, async () => {
    const begun = performance.now();
    const lua = await Lua.load({ store, name: "empty" });
    const took = performance.now() - begun;
    await lua.close();
    return took;
  });
}

/** Milliseconds until one changed entry is on disk. */
async function save() {
  await store.delete("save");
  const lua = await Lua.load({ store, name: "save" });
  let n = 0;
  const took = await repeated(21, async () => {
    const begun = performance.now();
    lua.memory.set("n", ++n);
    await lua.save();
    return performance.now() - begun;
  });
  await lua.close();
  return took;
}

globalThis.bench = { startup, work, serialise, functionSize, restore, restoreEmpty, save };
