/** The proof: what is asked before a reload and after it, and the bytes in between. */
import { Lua } from "moonwright";
import { byId, element, figures, row } from "./dom.js";
import { bytes, count, hexDump } from "./format.js";
import { inspect } from "./inspect.js";
import { store, weigh } from "./stores.js";

const STATE = "proof";
const BEFORE = "moonwright proof: before";
const MAX_BYTES = 4096;

const WRITE = `local Point = { __eq = function(a, b) return a.x == b.x end, __tostring = function(p) return "point " .. p.x end }
Point.__index = Point
function Point:double() return self.x * 2 end

local shared = { list = { 10, 20, 30 } }
Memory.integer, Memory.float, Memory.big = 1, 1.0, math.maxinteger
Memory.binary = "\\0\\xff\\xfe"
Memory.a, Memory.b = shared, shared
Memory.cycle = {}
Memory.cycle.self = Memory.cycle
Memory.point = setmetatable({ x = 21 }, Point)
Memory.sine = math.sin

local n = 0
function Memory.count() n = n + 1; return n end
function Memory.counted() return n end
for _ = 1, 7 do Memory.count() end`;

/** Expressions; none changes anything, so that both sides are asked about the same state. */
const QUESTIONS = [
  "Memory.integer, math.type(Memory.integer)",
  "Memory.float, math.type(Memory.float)",
  "Memory.big == math.maxinteger",
  "Memory.binary:byte(1, -1)",
  "Memory.a == Memory.b",
  "table.concat(Memory.a.list, ' ')",
  "Memory.cycle.self.self == Memory.cycle",
  "tostring(Memory.point), Memory.point:double()",
  "getmetatable(Memory.point).__index == getmetatable(Memory.point)",
  "Memory.sine == math.sin",
  "Memory.counted()",
  "type(Memory.count), debug.getupvalue(Memory.count, 1)",
] as const;

interface Look {
  answers: string[];
  bytes: number;
  entries: number;
  sum: string;
  dump: string;
  instance: string;
}

const verdict = byId("verdict");
const write = byId<HTMLButtonElement>("write");
const reload = byId<HTMLButtonElement>("reload");
const again = byId<HTMLButtonElement>("again");

/** All records one after another, as the store has them. */
function recordBytes(lua: Lua): Uint8Array {
  const parts: number[] = [];
  for (const id of lua.records.tables()) for (const [key, value] of lua.records.entries(id)) parts.push(...key, ...value);
  return Uint8Array.from(parts);
}

async function look(lua: Lua): Promise<Look> {
  // The bytes first: they are those of the store, before anything is asked.
  const data = recordBytes(lua);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data as BufferSource));
  const answers = QUESTIONS.map((question) =>
    lua.runSync(`return ${question}`, { name: "=question", tables: "map" }).values.map((value) => inspect(value)).join(", "),
  );
  return {
    ...weigh(lua.records),
    answers,
    sum: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    dump: hexDump(data.subarray(0, MAX_BYTES)) + (data.length > MAX_BYTES ? "\n…" : ""),
    instance: new Date(performance.timeOrigin).toLocaleTimeString(),
  };
}

function show(before: Look | undefined, after: Look | undefined): void {
  byId("comparison").querySelector("tbody")!.replaceChildren(
    ...QUESTIONS.map((question, index) => {
      const [was, is] = [before?.answers[index], after?.answers[index]];
      const same = was !== undefined && is !== undefined ? was === is : undefined;
      const mark = element("span", { class: same ? "good-text" : "bad-text", text: same === undefined ? "" : same ? "✓ same" : "✗ differs" });
      return row(element("code", { text: question }), element("code", { text: was ?? "–" }), element("code", { text: is ?? "–" }), mark);
    }),
  );
  for (const [side, seen] of [["before", before], ["after", after]] as const) {
    figures(byId(`${side}-figures`), seen ? [["Entries", count(seen.entries)], ["Size", bytes(seen.bytes)], ["SHA-256", `${seen.sum.slice(0, 6)}…`], ["Page loaded", seen.instance]] : []);
    byId(`${side}-bytes`).textContent = seen?.dump ?? "";
  }
}

function say(text: string, state: "" | "good" | "bad" = ""): void {
  verdict.textContent = text;
  verdict.className = `notice ${state}`;
}

function remembered(): Look | undefined {
  const text = sessionStorage.getItem(BEFORE);
  return text === null ? undefined : (JSON.parse(text) as Look);
}

/** Step one, on an empty state. */
async function writeState(): Promise<void> {
  await store.delete(STATE);
  const lua = await Lua.load({ store, name: STATE });
  await lua.run(WRITE, { name: "proof.lua" });
  await lua.save();
  const before = await look(lua);
  await lua.close();
  sessionStorage.setItem(BEFORE, JSON.stringify(before));
  show(before, undefined);
  say("Written and on disk. Now reload the page, with the button or as you like.");
  reload.disabled = false;
  again.disabled = false;
}

/** Step two, in the page that came after the reload. */
async function compare(before: Look): Promise<void> {
  const lua = await Lua.load({ store, name: STATE });
  const after = await look(lua);
  await lua.close();
  show(before, after);
  const differ = QUESTIONS.filter((_, index) => before.answers[index] !== after.answers[index]).length;
  if (differ > 0) say(`${differ} of ${QUESTIONS.length} answers differ.`, "bad");
  else if (before.sum !== after.sum) say("All answers are the same, but the bytes differ.", "bad");
  else say(`All ${QUESTIONS.length} answers and all ${count(after.bytes)} bytes are the same after the reload.`, "good");
  reload.disabled = false;
  again.disabled = false;
}

async function guarded(body: () => Promise<void>): Promise<void> {
  write.disabled = true;
  try {
    await body();
  } catch (error) {
    say((error as Error).message, "bad");
    again.disabled = false;
  }
}

write.addEventListener("click", () => void guarded(writeState));
reload.addEventListener("click", () => location.reload());
again.addEventListener("click", () => {
  sessionStorage.removeItem(BEFORE);
  location.reload();
});

const before = remembered();
show(before, undefined);
if (before) await guarded(() => compare(before));
else {
  say("Nothing is written yet: begin with step one.");
  write.disabled = false;
}
