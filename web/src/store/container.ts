/**
 * The frame around a state file and a snapshot: a header with sizes and checksums, and a body that may be compressed.
 * docs/state-file.md has it byte by byte.
 */
import { view } from "./records.js";
import { StoreError } from "./store.js";

/** Which file it is: the fourth byte of the signature. */
export const STATE = 0x53;
export const SNAPSHOT = 0x49;

const SIGNATURE = [0x8d, 0x4d, 0x57, 0, 0x0d, 0x0a, 0x1a, 0x0a];
const VERSION = 1;
const COMPRESSED = 1;
const AT_VERSION = SIGNATURE.length;
const AT_FLAGS = AT_VERSION + 2;
const AT_INFO = AT_FLAGS + 2;
const AT_STORED = AT_INFO + 4;
const AT_PLAIN = AT_STORED + 8;
const AT_BODY_SUM = AT_PLAIN + 8;
const AT_HEADER_SUM = AT_BODY_SUM + 4;
export const HEADER = AT_HEADER_SUM + 4;

let table: Int32Array | undefined;

/** CRC-32 as in zlib, PNG and Ethernet: polynomial 0xEDB88320. */
export function crc32(bytes: Uint8Array): number {
  table ??= Int32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let sum = -1;
  for (let at = 0; at < bytes.length; at++) sum = (sum >>> 8) ^ table[(sum ^ bytes[at]!) & 255]!;
  return ~sum >>> 0;
}

/** The file for a body of `plain` bytes, which stands as `body`. `info` is a number that belongs to the kind. */
function frame(kind: number, info: number, body: Uint8Array, plain: number, compressed: boolean): Uint8Array {
  const file = new Uint8Array(HEADER + body.length);
  const header = view(file);
  file.set(SIGNATURE);
  file[3] = kind;
  header.setUint16(AT_VERSION, VERSION, true);
  header.setUint16(AT_FLAGS, compressed ? COMPRESSED : 0, true);
  header.setUint32(AT_INFO, info, true);
  header.setBigUint64(AT_STORED, BigInt(body.length), true);
  header.setBigUint64(AT_PLAIN, BigInt(plain), true);
  header.setUint32(AT_BODY_SUM, crc32(body), true);
  header.setUint32(AT_HEADER_SUM, crc32(file.subarray(0, AT_HEADER_SUM)), true);
  file.set(body, HEADER);
  return file;
}

/** A file with its body as it is. */
export function wrap(kind: number, info: number, body: Uint8Array): Uint8Array {
  return frame(kind, info, body, body.length, false);
}

/** A file with its body compressed, where the engine can and where that is smaller. */
export async function wrapCompressed(kind: number, info: number, body: Uint8Array): Promise<Uint8Array> {
  const small = globalThis.CompressionStream && (await through(body, new CompressionStream("deflate-raw"), Infinity));
  return small && small.length < body.length ? frame(kind, info, small, body.length, true) : wrap(kind, info, body);
}

interface Parsed {
  info: number;
  body: Uint8Array;
  plain: number;
  compressed: boolean;
}

/** Checks everything but what is inside the body. Throws a StoreError ("damaged") that names the place. */
function parse(kind: number, file: Uint8Array): Parsed {
  const what = kind === STATE ? "state file" : "snapshot";
  if (file.length < HEADER) fail(what, `it has ${file.length} bytes, and its header alone would have ${HEADER}`);
  SIGNATURE.forEach((byte, at) => {
    const expected = at === 3 ? kind : byte;
    if (file[at] !== expected)
      fail(what, `byte ${at} is ${hex(file[at]!, 2)}, not the signature's ${hex(expected, 2)}: it is another kind of file, or was changed as if it were text`);
  });
  const header = view(file);
  const version = header.getUint16(AT_VERSION, true);
  if (version !== VERSION) fail(what, `its format (bytes ${AT_VERSION} and ${AT_VERSION + 1}) is version ${version}; this release reads version ${VERSION}`);
  checkSum(what, "header", file.subarray(0, AT_HEADER_SUM), 0, header.getUint32(AT_HEADER_SUM, true));
  const flags = header.getUint16(AT_FLAGS, true);
  if (flags > COMPRESSED) fail(what, `its flags (byte ${AT_FLAGS}) are ${hex(flags, 4)}; this release knows 0x0000 and 0x0001`);
  const stored = Number(header.getBigUint64(AT_STORED, true));
  const body = file.subarray(HEADER);
  if (body.length !== stored)
    fail(what, body.length < stored ? `it ends at byte ${file.length} of ${HEADER + stored}` : `it has ${body.length - stored} bytes behind its end at byte ${HEADER + stored}`);
  checkSum(what, "body", body, HEADER, header.getUint32(AT_BODY_SUM, true));
  const plain = Number(header.getBigUint64(AT_PLAIN, true));
  const compressed = flags === COMPRESSED;
  if (!compressed && plain !== stored) fail(what, `its two sizes of an uncompressed body differ: ${stored} (byte ${AT_STORED}) and ${plain} (byte ${AT_PLAIN})`);
  return { info: header.getUint32(AT_INFO, true), body, plain, compressed };
}

/** The body, if it is not compressed. Throws a StoreError. */
export function unwrap(kind: number, file: Uint8Array): { info: number; body: Uint8Array } {
  const parsed = parse(kind, file);
  if (parsed.compressed) fail(kind === STATE ? "state file" : "snapshot", "its body is compressed, and it is read from where that can't be undone");
  return parsed;
}

/** The body, decompressed if need be. Throws a StoreError. */
export async function unwrapCompressed(kind: number, file: Uint8Array): Promise<{ info: number; body: Uint8Array }> {
  const { info, body, plain, compressed } = parse(kind, file);
  if (!compressed) return { info, body };
  const what = kind === STATE ? "state file" : "snapshot";
  if (!globalThis.DecompressionStream) throw new StoreError("failed", `the ${what} is compressed, and this engine has no DecompressionStream`);
  let whole;
  try {
    whole = await through(body, new DecompressionStream("deflate-raw"), plain);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    fail(what, `its body (bytes ${HEADER} to ${HEADER + body.length}) can't be decompressed`, error);
  }
  if (whole.length !== plain) fail(what, `its body decompresses to ${whole.length > plain ? "more than" : `${whole.length} instead of`} ${plain} bytes`);
  return { info, body: whole };
}

/** Throws a StoreError ("damaged"). */
export function fail(what: string, how: string, cause?: unknown): never {
  throw new StoreError("damaged", `the ${what} is damaged: ${how}`, cause);
}

function checkSum(what: string, part: string, bytes: Uint8Array, from: number, expected: number): void {
  const sum = crc32(bytes);
  if (sum !== expected) fail(what, `the checksum of its ${part} (bytes ${from} to ${from + bytes.length}) is ${hex(sum, 8)}, and should be ${hex(expected, 8)}`);
}

export function hex(number: number, digits: number): string {
  return "0x" + number.toString(16).padStart(digits, "0");
}

/** What a stream makes of the bytes; stops soon after `max` bytes, since a small file can say that it is huge. */
export async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream, max: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = new Blob([bytes as BlobPart]).stream().pipeThrough<Uint8Array>(stream as ReadableWritablePair).getReader();
  for (let part; size <= max && !(part = await reader.read()).done; size += part.value.length) parts.push(part.value);
  if (size > max) await reader.cancel();
  return join(parts, size);
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
