/** A store whose large values are compressed. */
import { crc32, through } from "./container.js";
import { contents, DEFLATED, LayeredStore, record, STORED } from "./layer.js";
import { view } from "./records.js";
import { StoreError, type Store } from "./store.js";

export interface CompressionOptions {
  /** Values of fewer bytes stay as they are. 256 by default. */
  threshold?: number;
}

/** Bytes of a value before what is compressed: tag, version, length, checksum. */
const HEAD = 10;

/**
 * Compresses values on their way into `store`, where that makes them smaller; others stay as they are, so that a state from before the
 * layer is read too. Reading needs the engine's `DecompressionStream`; without a `CompressionStream` nothing is compressed.
 */
export function compressed(store: Store, { threshold = 256 }: CompressionOptions = {}): Store {
  return new LayeredStore(store, {
    async encode(_table, _key, value) {
      if (value.length >= threshold && globalThis.CompressionStream) {
        const small = await through(value, new CompressionStream("deflate-raw"), Infinity);
        if (small.length + HEAD < value.length) return record(DEFLATED, sizes(value), small);
      }
      // What looks like this layer's values has to be told from them.
      return value[0] === STORED || value[0] === DEFLATED ? record(STORED, sizes(value), value) : value;
    },
    async decode(_table, _key, stored) {
      const [tag] = stored;
      if (tag !== STORED && tag !== DEFLATED) return stored;
      const rest = contents(stored, tag, "compressed", HEAD - 2);
      const length = view(rest).getUint32(0, true);
      const body = rest.subarray(HEAD - 2);
      const value = tag === STORED ? body : await inflate(body, length);
      if (value.length !== length) throw new Error(`it has ${value.length > length ? "more than" : `${value.length} instead of`} ${length} bytes`);
      if (crc32(value) !== view(rest).getUint32(4, true)) throw new Error("its checksum does not fit");
      return value;
    },
  });
}

async function inflate(body: Uint8Array, length: number): Promise<Uint8Array> {
  if (!globalThis.DecompressionStream) throw new StoreError("failed", "a value is compressed, and this engine has no DecompressionStream");
  return through(body, new DecompressionStream("deflate-raw"), length).catch((error: unknown) => {
    throw new Error("it can't be decompressed", { cause: error });
  });
}

/** Length and checksum of a value. */
function sizes(value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD - 2);
  view(bytes).setUint32(0, value.length, true);
  view(bytes).setUint32(4, crc32(value), true);
  return bytes;
}
