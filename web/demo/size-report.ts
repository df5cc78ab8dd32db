/** A build's size report as a tree: whatever has a weight in it, and the parts of that. */

export interface Weight {
  readonly raw: number;
  readonly gzip?: number;
  readonly brotli?: number;
}

export interface Part extends Weight {
  readonly name: string;
  readonly parts: readonly Part[];
}

export interface Report {
  readonly title: string;
  /** The module as its sections. */
  readonly module: Part;
  /** The module as what its functions and data belong to: groups, in them modules, in them functions. In reports that have that. */
  readonly origins: Part | undefined;
  readonly stages: readonly Part[];
  readonly facts: readonly (readonly [string, string])[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const size = (value: unknown): number | undefined => (typeof value === "number" && value >= 0 ? value : undefined);

/**
 * One weighed thing. Its parts are every list in it whose members are weighed themselves, whatever the list is called
 * (`sections`, `modules`, `functions`): reports grow finer, and the page with them.
 */
function part(value: unknown): Part | undefined {
  if (!isObject(value)) return undefined;
  const weight = isObject(value["weight"]) ? value["weight"] : value;
  const raw = size(weight["raw"]) ?? size(value["bytes"]) ?? size(value["size"]);
  if (raw === undefined || typeof value["name"] !== "string") return undefined;
  const [gzip, brotli] = [size(weight["gzip"]), size(weight["brotli"])];
  return { name: value["name"], raw, ...(gzip !== undefined && { gzip }), ...(brotli !== undefined && { brotli }), parts: partsOf(value) };
}

function partsOf(value: Json): Part[] {
  const lists = Object.values(value).filter((item): item is unknown[] => Array.isArray(item));
  for (const list of lists) {
    const parts = list.map(part);
    if (parts.length > 0 && parts.every((one) => one !== undefined)) return parts as Part[];
  }
  return [];
}

/** The way from the module down to an item: its group, its module, itself. */
const WAY = ["group", "module", "name"] as const;

/** A tree of the report's flat list of items, each of which says where it belongs. */
function originsOf(items: unknown, raw: number): Part | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined;
  interface Growing extends Weight {
    name: string;
    raw: number;
    parts: Growing[];
    named: Map<string, Growing>;
  }
  const grow = (name: string): Growing => ({ name, raw: 0, parts: [], named: new Map() });
  const root = grow("module");
  for (const item of items) {
    if (!isObject(item)) return undefined;
    const bytes = size(item["bytes"]);
    if (bytes === undefined) return undefined;
    let at = root;
    for (const step of WAY) {
      const name = item[step];
      if (typeof name !== "string") return undefined;
      let next = at.named.get(name);
      if (!next) {
        next = grow(name);
        at.named.set(name, next);
        at.parts.push(next);
      }
      next.raw += bytes;
      at = next;
    }
  }
  return { ...root, raw };
}

/** Reads a report. Throws an error that says what is missing. */
export function readReport(json: unknown): Report {
  if (!isObject(json)) throw new TypeError("expected a size report: a JSON object");
  const total = isObject(json["total"]) ? json["total"] : {};
  const { stages: _, items, ...rest } = json;
  const parts = partsOf(rest);
  const raw = size(total["raw"]);
  if (raw === undefined || parts.length === 0) throw new TypeError("expected a size report with `total.raw` and a list of weighed sections, as size-report.json has");
  const [gzip, brotli] = [size(total["gzip"]), size(total["brotli"])];
  const module = { name: "module", raw, ...(gzip !== undefined && { gzip }), ...(brotli !== undefined && { brotli }), parts };
  const stages = Array.isArray(json["stages"]) ? json["stages"].map(part).filter((one) => one !== undefined) : [];
  const text = (key: string): string => (typeof json[key] === "string" ? (json[key] as string) : "");
  const facts: [string, string][] = [];
  for (const key of ["profile", "unwind", "compiler"]) if (text(key)) facts.push([key, text(key)]);
  for (const key of ["exports", "imports"]) if (Array.isArray(json[key])) facts.push([key, String(json[key].length)]);
  if (text("sha256")) facts.push(["sha256", `${text("sha256").slice(0, 12)}…`]);
  return { title: `Lua ${text("upstream") || text("lua") || "?"}`, module, origins: originsOf(items, raw), stages, facts };
}
