/** Where the module's bytes are: a treemap of the build's report. */
import { hierarchy, treemap, treemapSquarify, type HierarchyRectangularNode } from "d3-hierarchy";
import { byId, element, figures, row, tell } from "./dom.js";
import { bytes, count } from "./format.js";
import { readReport, type Part, type Report } from "./size-report.js";

const SVG = "http://www.w3.org/2000/svg";
/** Dark enough for white text on all of them, and far enough apart to be told from each other. */
const COLOURS = ["#2f4fa5", "#8a3a2f", "#23704a", "#6a3d9a", "#8c5a14", "#1f6f7d", "#9a2f6b", "#4d5b2a", "#55606e", "#3f6e2c"];

const map = byId<SVGSVGElement>("treemap");
const view = byId<HTMLSelectElement>("view");
const measure = byId<HTMLSelectElement>("measure");
const up = byId<HTMLButtonElement>("up");
const file = byId<HTMLInputElement>("file");

let report: Report | undefined;
/** From the module down to what is looked at. */
let path: Part[] = [];

const weight = (part: Part): number => part[measure.value as "raw" | "gzip" | "brotli"] ?? part.raw;
const share = (part: Part, of: Part): string => `${((100 * weight(part)) / weight(of)).toFixed(1)} %`;

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>, ...children: (Node | string)[]): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Text that fits into a width, or nothing. */
function fitting(text: string, width: number, perCharacter: number): string {
  const room = Math.floor((width - 16) / perCharacter);
  if (text.length <= room) return text;
  return room >= 4 ? `${text.slice(0, room - 1)}…` : "";
}

/** The first of some texts that fits whole: a figure that is cut would be another one. */
const firstFitting = (texts: readonly string[], width: number, perCharacter: number): string => texts.find((text) => fitting(text, width, perCharacter) === text) ?? "";

/** A rectangle of the map: a part, and the parts that it is drawn with. */
interface Tile {
  readonly part: Part;
  /** From what is looked at down to the part. */
  readonly trail: readonly Part[];
  readonly tiles: readonly Tile[];
}

const tiles = (whole: Part, levels: number, trail: readonly Part[] = []): Tile[] =>
  levels === 0 ? [] : whole.parts.map((part) => ({ part, trail: [...trail, part], tiles: tiles(part, levels - 1, [...trail, part]) }));

/** Room for a tile's name above the tiles in it. */
const HEADING = 26;

function draw(node: HierarchyRectangularNode<Tile>, colour: string, whole: Part): SVGGElement {
  const [width, height] = [node.x1 - node.x0, node.y1 - node.y0];
  const { part, trail } = node.data;
  const label = `${trail.map(({ name }) => name).join(" › ")}: ${bytes(weight(part))}, ${share(part, whole)}`;
  const open = part.parts.length > 0;
  const group = svg("g", { role: open ? "button" : "img", "aria-label": label, class: node.depth > 1 ? "inner" : "outer", ...(open && { tabindex: 0 }) });
  group.append(svg("title", {}, label), svg("rect", { x: node.x0, y: node.y0, width, height, rx: 4, fill: colour }));
  const text = (line: number, content: string, kind: string): void => {
    if (height > line + 8 || node.children) group.append(svg("text", { x: node.x0 + 8, y: node.y0 + line, class: kind }, content));
  };
  const [size, figure] = [bytes(weight(part)), `${bytes(weight(part))} · ${share(part, whole)}`];
  if (node.children) text(18, firstFitting([`${part.name}  ${figure}`, `${part.name}  ${size}`], width, 8) || fitting(part.name, width, 8), "name");
  else {
    text(18, fitting(part.name, width, 8), "name");
    text(35, firstFitting([figure, size], width, 6.8), "weight");
  }
  if (open) {
    const enter = (event: Event): void => {
      event.stopPropagation();
      path.push(...trail);
      show();
    };
    group.addEventListener("click", enter);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") enter(event);
    });
  }
  group.append(...(node.children ?? []).filter(visible).map((child) => draw(child, colour, whole)));
  return group;
}

const visible = (node: HierarchyRectangularNode<Tile>): boolean => node.x1 > node.x0 && node.y1 > node.y0;

function drawMap(whole: Part): void {
  const width = Math.max(280, Math.round(map.getBoundingClientRect().width));
  const height = Math.round(Math.min(560, Math.max(360, width * 0.5)));
  map.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const all: Tile = { part: whole, trail: [], tiles: tiles(whole, 2) };
  const root = hierarchy<Tile>(all, (tile) => tile.tiles).sum((tile) => (tile.tiles.length > 0 ? 0 : weight(tile.part)));
  root.sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const heading = (node: HierarchyRectangularNode<Tile>): number => (node.depth === 1 && node.children ? HEADING : 0);
  const laid = treemap<Tile>().tile(treemapSquarify).size([width, height]).paddingInner(2).paddingTop(heading).round(true)(root);
  map.replaceChildren(...(laid.children ?? []).filter(visible).map((node, index) => draw(node, COLOURS[index % COLOURS.length]!, whole)));
}

function weights(part: Part, name: Node | string): HTMLTableRowElement {
  return row(name, { figure: count(part.raw) }, { figure: part.gzip === undefined ? "" : count(part.gzip) }, { figure: part.brotli === undefined ? "" : count(part.brotli) });
}

function show(): void {
  const whole = path.at(-1);
  if (!whole || !report) return;
  // Only sections are compressed one by one.
  if (path[0] === report.origins) measure.value = "raw";
  measure.disabled = path[0] === report.origins;
  drawMap(whole);
  up.disabled = path.length < 2;
  const opens = whole.parts.some(({ parts }) => parts.length > 0);
  byId("where").textContent = `${path.map(({ name }) => name).join(" › ")}: ${bytes(weight(whole))}${opens ? ". Choose a part to look into it." : ""}`;
  byId("parts").parentElement!.classList.toggle("raw-only", whole.parts.every(({ gzip, brotli }) => gzip === undefined && brotli === undefined));
  byId("parts-title").textContent = `Parts of ${whole.name === "module" ? "the module" : whole.name}`;
  byId("parts").replaceChildren(...[...whole.parts].sort((a, b) => weight(b) - weight(a)).map((part) => weights(part, element("code", { text: part.name }))));
}

function use(json: unknown): void {
  report = readReport(json);
  view.value = report.origins ? "origins" : "sections";
  view.disabled = !report.origins;
  path = [report.origins ?? report.module];
  const { raw, gzip, brotli } = report.module;
  byId("about").textContent = `${report.title}: ${count(raw)} bytes${gzip === undefined ? "" : `, ${count(gzip)} after gzip`}${brotli === undefined ? "" : `, ${count(brotli)} after brotli`}. The build's own report, drawn.`;
  figures(byId("figures"), report.facts);
  byId("stages").replaceChildren(...report.stages.map((stage) => weights(stage, stage.name)));
  tell(byId("error"), undefined);
  show();
}

async function guarded(body: () => Promise<unknown>): Promise<void> {
  try {
    use(await body());
  } catch (error) {
    tell(byId("error"), error);
  }
}

measure.addEventListener("change", show);
view.addEventListener("change", () => {
  if (!report) return;
  path = [(view.value === "origins" ? report.origins : undefined) ?? report.module];
  show();
});
up.addEventListener("click", () => {
  path.pop();
  show();
});
byId("choose").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  const [chosen] = file.files ?? [];
  file.value = "";
  if (chosen) void guarded(async () => JSON.parse(await chosen.text()) as unknown);
});
new ResizeObserver(() => show()).observe(map.parentElement!);
await guarded(async () => {
  const response = await fetch("size-report.json");
  if (!response.ok) throw new Error(`there is no size-report.json beside this page (HTTP status ${response.status}): cargo xtask serve puts it there`);
  return response.json() as Promise<unknown>;
});
