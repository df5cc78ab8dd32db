/** The test harness: shows the steps, runs them, and says how each went. */
import { byId, element } from "./dom.js";
import { duration } from "./format.js";
import { cleanUp, steps, type Step } from "./harness-steps.js";

const all = byId<HTMLButtonElement>("all");
const next = byId<HTMLButtonElement>("next");
const summary = byId("summary");
const progress = byId<HTMLProgressElement>("progress");

interface Row {
  readonly step: Step;
  state: "waiting" | "running" | "pass" | "fail";
  show(detail: string, took?: number): void;
}

function makeRow(step: Step): Row {
  const badge = element("span", { class: "badge" });
  const time = element("span", { class: "time" });
  const detail = element("span", { class: "detail" });
  byId("steps").append(element("li", {}, badge, element("span", { text: step.name }), time, detail));
  const row: Row = {
    step,
    state: "waiting",
    show(text, took) {
      badge.textContent = row.state;
      badge.dataset["state"] = row.state;
      detail.textContent = text;
      time.textContent = took === undefined ? "" : duration(took);
    },
  };
  row.show("");
  return row;
}

const rows = steps.map(makeRow);

function sum(): void {
  const passed = rows.filter((row) => row.state === "pass").length;
  const failed = rows.filter((row) => row.state === "fail").length;
  progress.value = (passed + failed) / rows.length;
  summary.textContent = `${passed} passed, ${failed} failed, ${rows.length - passed - failed} to go`;
  summary.className = failed > 0 ? "bad-text" : passed === rows.length ? "good-text" : "muted";
}

async function runRow(row: Row): Promise<void> {
  row.state = "running";
  row.show("");
  const begun = performance.now();
  try {
    const detail = await row.step.run();
    row.state = "pass";
    row.show(detail, performance.now() - begun);
  } catch (error) {
    row.state = "fail";
    row.show(String((error as Error).stack ?? error), performance.now() - begun);
  }
  sum();
}

async function busy(body: () => Promise<void>): Promise<void> {
  all.disabled = next.disabled = true;
  await body();
  all.disabled = next.disabled = false;
}

function reset(): void {
  for (const row of rows) {
    row.state = "waiting";
    row.show("");
  }
}

all.addEventListener("click", () =>
  busy(async () => {
    reset();
    for (const row of rows) await runRow(row);
    await cleanUp();
  }),
);
next.addEventListener("click", () =>
  busy(async () => {
    if (rows.every((row) => row.state !== "waiting")) reset();
    const row = rows.find(({ state }) => state === "waiting");
    if (row) await runRow(row);
  }),
);
sum();
