/** The stress test: a large state written, saved, thrown away, loaded and checked. */
import { Lua } from "moonwright";
import { byId, element, figures, row, tell } from "./dom.js";
import { bytes, count, duration } from "./format.js";
import { store, weigh } from "./stores.js";

const STATE = "stress";
/** Items or functions that are made or checked between two looks at the clock. */
const BATCH = 250;
/** How long the page is kept from drawing at most. */
const FRAME = 30;

const PROGRAM = `local words = { "amber", "birch", "cedar", "dune", "elm" }
function makeItems(from, to)
  Memory.items = Memory.items or {}
  for i = from, to do
    Memory.items[i] = { id = i, name = words[i % #words + 1] .. i, price = i * 0.25, tags = { i % 2 == 0, words[i % 3 + 1] } }
  end
end
function makeFunctions(from, to)
  Memory.functions = Memory.functions or {}
  for i = from, to do
    local calls, step = 0, i % 7 + 1
    Memory.functions[i] = function(x) calls = calls + 1; return x * step + calls end
    Memory.functions[i](1)
  end
end
function checkItems(from, to)
  for i = from, to do
    local item = Memory.items[i]
    if item.id ~= i or item.price ~= i * 0.25 or item.tags[1] ~= (i % 2 == 0) or item.name ~= words[i % #words + 1] .. i then return i end
  end
end
function checkFunctions(from, to)
  for i = from, to do
    if Memory.functions[i](10) ~= 10 * (i % 7 + 1) + 2 then return i end
  end
end`;

const start = byId<HTMLButtonElement>("start");
const stop = byId<HTMLButtonElement>("stop");
const stage = byId("stage");
const progress = byId<HTMLProgressElement>("progress");
const failure = byId("error");
let stopped = false;

function number(id: string): number {
  const input = byId<HTMLInputElement>(id);
  const value = input.valueAsNumber;
  const [min, max] = [Number(input.min), Number(input.max)];
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`expected a number of ${id} from ${count(min)} to ${count(max)}`);
  return value;
}

const drawn = (): Promise<void> => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));

/** Runs stages one after another and says how long each took. */
class Run {
  readonly times = new Map<string, number>();
  #done = 0;

  constructor(private readonly steps: number) {}

  async stage<T>(name: string, units: number, body: (advance: (units: number) => Promise<void>) => Promise<T>): Promise<T> {
    stage.textContent = `${name}…`;
    await drawn();
    let paused = 0;
    const begun = performance.now();
    let shown = begun;
    const from = this.#done;
    const result = await body(async (done) => {
      progress.value = (from + done / units) / this.steps;
      const now = performance.now();
      if (now - shown < FRAME) return;
      stage.textContent = `${name}: ${count(done)} of ${count(units)}`;
      await drawn();
      shown = performance.now();
      paused += shown - now;
      if (stopped) throw new Error("stopped by the button");
    });
    const took = performance.now() - begun - paused;
    this.#done = from + 1;
    progress.value = this.#done / this.steps;
    this.times.set(name, took);
    byId("stages").append(row(name, { figure: duration(took) }, { figure: units > 1 ? duration(took / units) : "" }));
    return result;
  }
}

/** Calls a function of the program for 1 to `total`, batch by batch. */
async function batches(lua: Lua, name: string, total: number, advance: (units: number) => Promise<void>): Promise<void> {
  for (let from = 1; from <= total; from += BATCH) {
    const to = Math.min(total, from + BATCH - 1);
    const wrong: unknown = lua.callSync(name, from, to);
    if (wrong !== undefined) throw new Error(`${name}: number ${String(wrong)} is not what was stored`);
    await advance(to);
  }
}

async function load(): Promise<Lua> {
  const lua = await Lua.load({ store, name: STATE, modules: { stress: PROGRAM } });
  await lua.run("require 'stress'");
  return lua;
}

async function stress(): Promise<void> {
  const items = number("items");
  const functions = number("functions");
  const run = new Run(7);
  await store.delete(STATE);
  let lua = await load();
  try {
    await run.stage("Making items", items, (advance) => batches(lua, "makeItems", items, advance));
    await run.stage("Making functions", functions, (advance) => batches(lua, "makeFunctions", functions, advance));
    await run.stage("Saving to disk", 1, () => lua.save());
    const stored = weigh(lua.records);
    await run.stage("Throwing the instance away", 1, () => lua.close());
    lua = await run.stage("Loading the state into a new instance", 1, load);
    await run.stage("Checking items", items, (advance) => batches(lua, "checkItems", items, advance));
    await run.stage("Checking functions", functions, (advance) => batches(lua, "checkFunctions", functions, advance));
    stage.textContent = `Done: all ${count(items)} items and ${count(functions)} functions came back as they were.`;
    figures(byId("figures"), [
      ["Stored", bytes(stored.bytes)],
      ["Entries", count(stored.entries)],
      ["Bytes an entry", count(stored.bytes / stored.entries)],
      ["Lua uses", bytes(lua.stats().heapBytes)],
      ["Everything", duration([...run.times.values()].reduce((sum, time) => sum + time, 0))],
    ]);
  } finally {
    await lua.close({ discard: true });
    await store.delete(STATE);
  }
}

start.addEventListener("click", async () => {
  stopped = false;
  start.disabled = true;
  stop.disabled = false;
  tell(failure, undefined);
  byId("stages").replaceChildren();
  byId("figures").replaceChildren();
  progress.value = 0;
  try {
    await stress();
  } catch (error) {
    stage.textContent = stopped ? "Stopped." : "Failed.";
    if (!stopped) tell(failure, error);
  }
  start.disabled = false;
  stop.disabled = true;
});
stop.addEventListener("click", () => (stopped = true));
byId("stages").append(row(element("span", { class: "muted", text: "nothing yet" }), "", ""));
