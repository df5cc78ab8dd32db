/** The playground: an editor, a program that runs, and a state that stays. */
import { Lua, LuaError, StoreError, type OpenOptions } from "moonwright";
import { byId, element, row, tell } from "./dom.js";
import { createEditor } from "./editor.js";
import { examples } from "./examples.js";
import { bytes, count, duration } from "./format.js";
import { inspect } from "./inspect.js";
import { store, weigh } from "./stores.js";

const STATE = "playground";
const CHUNK = "playground.lua";
const DRAFT = "moonwright playground draft";
const MAX_OUTPUT = 200_000;
const MAX_SHOWN = 60;

const output = byId("output");
const status = byId("status");
const saved = byId("saved");
const failure = byId("error");
const run = byId<HTMLButtonElement>("run");
const stop = byId<HTMLButtonElement>("stop");
const stateButtons = ["save", "restore", "clear", "export", "import"].map((id) => byId<HTMLButtonElement>(id));
const chosen = byId<HTMLSelectElement>("examples");
const file = byId<HTMLInputElement>("file");

let lua: Lua | undefined;
let running: AbortController | undefined;

const editor = createEditor(byId("editor"), localStorage.getItem(DRAFT) ?? examples[0]!.text, () => void start(), (text) => {
  try {
    localStorage.setItem(DRAFT, text);
  } catch {
    // No room for a draft: the text is still in the editor.
  }
});

for (const [index, { name }] of examples.entries()) chosen.append(new Option(name, String(index)));
const drafted = examples.findIndex(({ text }) => text === editor.text);
if (drafted < 0) chosen.prepend(new Option("your draft", "", true, true));
else chosen.selectedIndex = drafted;

/** Text that goes on growing is cut at the front, as a terminal does. */
function print(text: string): void {
  const whole = output.textContent + text;
  output.textContent = whole.length > MAX_OUTPUT ? `…${whole.slice(-MAX_OUTPUT)}` : whole;
  output.scrollTop = output.scrollHeight;
}

function setBusy(busy: boolean): void {
  run.disabled = busy || !lua;
  stop.disabled = !running;
  for (const button of stateButtons) button.disabled = busy || !lua;
}

/** What is under Memory, asked in Lua. */
const LIST = `local shown, more = {}, 0
for key, value in pairs(Memory) do
  if #shown < ${MAX_SHOWN} then
    local text = type(value) == "string" and string.format("%q", value:sub(1, 80)) or type(value) == "table" and "#" .. #value .. " " .. tostring(value) or tostring(value)
    shown[#shown + 1] = { tostring(key), math.type(value) or type(value), (text:gsub("[\\128-\\255]", "?"):gsub("0x0*", "0x")) }
  else more = more + 1 end
end
return shown, more`;

function showState(): void {
  if (!lua) return;
  const { heapBytes, memoryBytes } = lua.stats();
  byId("heap").textContent = bytes(heapBytes);
  byId("pages").textContent = bytes(memoryBytes);
  const { bytes: size, entries } = weigh(lua.records);
  byId("stored").textContent = `${bytes(size)}, ${count(entries)} entries`;
  const body = byId("memory");
  try {
    const [shown, more] = lua.runSync(LIST, { name: "=list", tables: "map" }).values as [Map<number, Map<number, string>>, number];
    const rows = [...shown.values()].map((item) => row(element("code", { text: item.get(1)! }), item.get(2)!, element("code", { text: item.get(3)! })));
    if (rows.length === 0) rows.push(row(element("span", { class: "muted", text: "nothing yet" }), "", ""));
    if (more > 0) rows.push(row(element("span", { class: "muted", text: `and ${count(more)} more` }), "", ""));
    body.replaceChildren(...rows);
  } catch (error) {
    body.replaceChildren(row(element("span", { class: "bad-text", text: (error as Error).message }), "", ""));
  }
}

function showError(error: unknown): void {
  tell(failure, error);
  if (!(error instanceof LuaError)) return;
  if (error.chunk === CHUNK) editor.mark(error.line);
  if (error.luaTraceback) failure.append(element("pre", { text: error.luaTraceback }));
}

/** Runs what is in the editor. */
async function start(): Promise<void> {
  if (!lua || running) return;
  running = new AbortController();
  setBusy(true);
  tell(failure, undefined);
  editor.mark(undefined);
  output.textContent = "";
  byId("values").textContent = "";
  status.textContent = "Running…";
  const begun = performance.now();
  try {
    const { values } = await lua.run(editor.text, { name: CHUNK, signal: running.signal, tables: "map" });
    byId("values").textContent = values.map((value) => inspect(value)).join("\n");
    status.textContent = "Done.";
  } catch (error) {
    const stopped = error instanceof LuaError && error.kind === "abort";
    status.textContent = stopped ? "Stopped." : "Failed.";
    if (!stopped) showError(error);
  }
  byId("time").textContent = duration(performance.now() - begun);
  running = undefined;
  setBusy(false);
  showState();
}

/** A state button's work: nothing else runs meanwhile, and a failure is shown. */
async function work(what: string, body: () => Promise<void>): Promise<void> {
  setBusy(true);
  tell(failure, undefined);
  try {
    await body();
    saved.textContent = `${what} at ${new Date().toLocaleTimeString()}.`;
  } catch (error) {
    saved.textContent = "";
    showError(error);
  }
  setBusy(false);
  showState();
}

async function load(onConflict: OpenOptions["onConflict"]): Promise<void> {
  const conflict = byId("conflict");
  try {
    lua = await Lua.load({
      store,
      name: STATE,
      onConflict,
      onOutput: print,
      functions: {
        sleep(ms: unknown) {
          if (typeof ms !== "number") throw new TypeError("sleep expects a number of milliseconds");
          return new Promise<void>((go) => setTimeout(go, ms));
        },
        now: () => performance.now(),
      },
    });
    lua.session?.on("error", showError);
    conflict.hidden = true;
    status.textContent = lua.session?.readonly ? "Ready, read-only: what this tab changes is not saved." : "Ready.";
  } catch (error) {
    conflict.hidden = !(error instanceof StoreError && error.code === "locked");
    status.textContent = conflict.hidden ? "Lua can't start." : "Waiting for you to choose.";
    if (conflict.hidden) showError(error);
  }
  setBusy(false);
  showState();
}

/** A new instance in the place of this one, over what `change` leaves in the store. */
async function replace(change: () => Promise<void>): Promise<void> {
  await lua?.close({ discard: true });
  lua = undefined;
  await change();
  await load("error");
}

run.addEventListener("click", () => void start());
stop.addEventListener("click", () => running?.abort(new Error("stopped by the button")));
chosen.addEventListener("change", () => {
  const example = examples[Number(chosen.value)];
  if (chosen.value !== "" && example) editor.text = example.text;
});
byId("save").addEventListener("click", () => void work("On disk", async () => lua!.save()));
byId("restore").addEventListener("click", () => void work("Restored", async () => {
  await lua!.save();
  await replace(async () => {});
}));
byId("clear").addEventListener("click", () => void work("Cleared", () => replace(() => store.delete(STATE))));
byId("export").addEventListener("click", () => void work("Exported", async () => {
  const url = URL.createObjectURL(await lua!.exportState());
  const link = element("a");
  link.href = url;
  link.download = "playground.mwstate";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}));
byId("import").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  const [chosenFile] = file.files ?? [];
  file.value = "";
  if (chosenFile) void work("Imported", () => lua!.importState(chosenFile));
});
byId("wait").addEventListener("click", () => {
  status.textContent = "Waiting for the other tab to close…";
  void load("wait");
});
byId("readonly").addEventListener("click", () => void load("readonly"));

await load("error");
