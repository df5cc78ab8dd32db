/**
 * A whole instance between two calls, as bytes: what of its linear memory differs from a fresh instance's. That carries
 * everything that Lua holds, suspended coroutines included, but fits the identical module only, and is as trusted as code: whoever can
 * write it can make the instance do anything that the module's imports allow.
 *
 * The file's body, before compression (docs/state-file.md has the frame): the module's SHA-256, u32 count of pieces,
 * u32 length of the host's part, the pieces' numbers (u32 each, ascending), the host's part, the pieces. A piece is 4,096
 * bytes of memory, XORed with the fresh instance's, so that what is the same in both compresses to nothing.
 */
import { fail, SNAPSHOT, unwrapCompressed, wrapCompressed } from "./store/container.js";
import { view } from "./store/records.js";
import { StoreError } from "./store/store.js";

const PIECE = 4096;
const WASM_PAGE = 65536;
const HASH = 32;
const AT_COUNT = HASH;
const AT_HOST = AT_COUNT + 4;
const AT_NUMBERS = AT_HOST + 4;

export interface SnapshotInput {
  /** The instance's memory. It is read before the first promise, so it may change afterwards. */
  memory: WebAssembly.Memory;
  /** The memory of an instance of the same module that has not been called yet. */
  fresh: WebAssembly.Memory;
  /** The module's `hashModule`. */
  module: Uint8Array;
  /** Whatever else the host needs to go on. */
  host?: Uint8Array;
}

export interface Snapshot {
  /** Size of the memory in pages of 64 KiB. */
  readonly pages: number;
  /** What the host added. */
  readonly host: Uint8Array;
  /**
   * Makes the memory of an instance that has not been called yet (not even `init`) that of the snapshot. Throws a StoreError if
   * it can't grow so far; nothing has changed then but perhaps its size.
   */
  apply(memory: WebAssembly.Memory): void;
}

/** What ties a snapshot to a module: the SHA-256 of its bytes. Browsers have it in secure contexts only (https, localhost). */
export async function hashModule(wasm: BufferSource): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) throw new StoreError("failed", "a snapshot needs SHA-256 from the browser, which only secure pages have: serve the page by https or from localhost");
  return new Uint8Array(await subtle.digest("SHA-256", wasm));
}

/** The instance as bytes, compressed where the engine can. */
export function takeSnapshot({ memory, fresh, module, host = new Uint8Array() }: SnapshotInput): Promise<Uint8Array> {
  const now = new Int32Array(memory.buffer);
  const old = new Int32Array(fresh.buffer);
  const changed: number[] = [];
  const words = PIECE / 4;
  for (let piece = 0; piece * words < now.length; piece++) {
    const end = (piece + 1) * words;
    for (let at = piece * words; at < end; at++) {
      // Behind the fresh memory's end is what growing would give: zeros.
      if (now[at] !== (old[at] ?? 0)) {
        changed.push(piece);
        break;
      }
    }
  }
  const start = AT_NUMBERS + 4 * changed.length + host.length;
  const body = new Uint8Array(start + PIECE * changed.length);
  const data = view(body);
  body.set(module);
  data.setUint32(AT_COUNT, changed.length, true);
  data.setUint32(AT_HOST, host.length, true);
  changed.forEach((piece, n) => data.setUint32(AT_NUMBERS + 4 * n, piece, true));
  body.set(host, AT_NUMBERS + 4 * changed.length);
  changed.forEach((piece, n) => xor(body, start + n * PIECE, piece, now, old));
  return wrapCompressed(SNAPSHOT, memory.buffer.byteLength / WASM_PAGE, body);
}

/**
 * Checks a snapshot. Rejects with a StoreError: "damaged", which names the place, or "failed" if it was taken from another
 * module than the one whose `hashModule` is given.
 */
export async function readSnapshot(file: Uint8Array, module: Uint8Array): Promise<Snapshot> {
  const { info: pages, body } = await unwrapCompressed(SNAPSHOT, file);
  const bad = (how: string): never => fail("snapshot", how);
  if (body.length < AT_NUMBERS) bad(`its body has ${body.length} bytes, and at least ${AT_NUMBERS} are expected`);
  const hash = body.subarray(0, HASH);
  if (hash.some((byte, at) => byte !== module[at]))
    throw new StoreError("failed", `the snapshot was taken from another module (SHA-256 ${short(hash)}) than this one (${short(module)}): it can only be restored with the module that it was taken from`);
  const data = view(body);
  const count = data.getUint32(AT_COUNT, true);
  const length = data.getUint32(AT_HOST, true);
  const start = AT_NUMBERS + 4 * count + length;
  if (body.length !== start + PIECE * count)
    bad(`its body has ${body.length} bytes; ${count} pieces and a host's part of ${length} bytes make ${start + PIECE * count}`);
  const numbers = Array.from({ length: count }, (_, n) => data.getUint32(AT_NUMBERS + 4 * n, true));
  numbers.forEach((piece, n) => {
    if (n > 0 && piece <= numbers[n - 1]!) bad(`piece ${piece} comes after piece ${numbers[n - 1]}`);
    if (piece >= (pages * WASM_PAGE) / PIECE) bad(`piece ${piece} is behind the end of a memory of ${pages} pages`);
  });
  return {
    pages,
    host: body.slice(start - length, start),
    apply(memory) {
      const missing = pages - memory.buffer.byteLength / WASM_PAGE;
      if (missing < 0) throw new StoreError("failed", `the instance has ${-missing} pages more than the snapshot of ${pages}: it has been used already`);
      try {
        if (missing > 0) memory.grow(missing);
      } catch (error) {
        throw new StoreError("failed", `the snapshot needs ${pages} pages of memory, and the instance can't have them`, error);
      }
      const words = new Int32Array(memory.buffer);
      const from = new Int32Array(PIECE / 4);
      const bytes = new Uint8Array(from.buffer);
      numbers.forEach((piece, n) => {
        bytes.set(body.subarray(start + n * PIECE, start + (n + 1) * PIECE));
        const base = (piece * PIECE) / 4;
        for (let at = 0; at < from.length; at++) words[base + at]! ^= from[at]!;
      });
    },
  };
}

/** Writes one piece's difference to `body` at `to`. */
function xor(body: Uint8Array, to: number, piece: number, now: Int32Array, old: Int32Array): void {
  const difference = new Int32Array(PIECE / 4);
  const base = (piece * PIECE) / 4;
  for (let at = 0; at < difference.length; at++) difference[at] = now[base + at]! ^ (old[base + at] ?? 0);
  body.set(new Uint8Array(difference.buffer), to);
}

function short(hash: Uint8Array): string {
  return Array.from(hash.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("") + "…";
}
