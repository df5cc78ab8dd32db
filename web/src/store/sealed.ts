/** Stores whose values can't be changed, or not be read either, without a key. */
import { AUTHENTICATED, contents, ENCRYPTED, LayeredStore, record } from "./layer.js";
import { view } from "./records.js";
import { StoreError, type Store } from "./store.js";

/** 32 random bytes, or a `CryptoKey` of the layer's algorithm. */
export type LayerKey = Uint8Array | CryptoKey;

const KEY = 32;
const MAC = 32;
const NONCE = 12;
const TAG = 16;

/**
 * Adds an authentication code (HMAC-SHA-256) to each value on its way into `store`: what was changed by somebody without the key, or
 * stands under another key than the one it was stored under, fails to open. `key`: 32 bytes, or a `CryptoKey` for HMAC with SHA-256 that can sign and verify.
 *
 * Throws a RangeError or TypeError if the key is none.
 */
export function authenticated(store: Store, key: LayerKey): Store {
  const imported = importer(key, { name: "HMAC", hash: "SHA-256" }, ["sign", "verify"]);
  return new LayeredStore(store, {
    async encode(table, name, value) {
      const mac = await subtle().sign("HMAC", await imported(), message(table, name, value));
      return record(AUTHENTICATED, new Uint8Array(mac), value);
    },
    async decode(table, name, stored) {
      const rest = contents(stored, AUTHENTICATED, "authenticated", MAC);
      const value = rest.subarray(MAC);
      const mac = rest.slice(0, MAC);
      if (!(await subtle().verify("HMAC", await imported(), mac, message(table, name, value))))
        throw new Error("its authentication code does not fit: it was stored with another key, or changed");
      return value;
    },
  });
}

/**
 * Encrypts values (AES-256-GCM) on their way into `store`, and authenticates them as `authenticated` does. Keys of entries, their order and the
 * sizes of values stay visible. `key`: 32 bytes, or a `CryptoKey` for AES-GCM of 256 bits that can encrypt and decrypt. Nonces are
 * random, so a key should not write more than 2^32 values.
 *
 * Throws a RangeError or TypeError if the key is none.
 */
export function encrypted(store: Store, key: LayerKey): Store {
  const imported = importer(key, { name: "AES-GCM", length: 8 * KEY }, ["encrypt", "decrypt"]);
  const algorithm = (iv: Uint8Array<ArrayBuffer>, table: number, name: Uint8Array) => ({ name: "AES-GCM", iv, additionalData: record(ENCRYPTED, u32(table), name) });
  return new LayeredStore(store, {
    async encode(table, name, value) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
      const cipher = await subtle().encrypt(algorithm(nonce, table, name), await imported(), value as BufferSource);
      return record(ENCRYPTED, nonce, new Uint8Array(cipher));
    },
    async decode(table, name, stored) {
      const rest = contents(stored, ENCRYPTED, "encrypted", NONCE + TAG);
      const cryptoKey = await imported();
      try {
        return new Uint8Array(await subtle().decrypt(algorithm(rest.slice(0, NONCE), table, name), cryptoKey, rest.slice(NONCE)));
      } catch (error) {
        throw new Error("it can't be decrypted: it was stored with another key, or changed", { cause: error });
      }
    },
  });
}

/** What an authentication code is of. */
function message(table: number, key: Uint8Array, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return record(AUTHENTICATED, u32(table), u32(key.length), key, value);
}

function u32(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, number, true);
  return bytes;
}

function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!found) throw new StoreError("failed", "a store with a key needs the browser's cryptography, which only secure pages have: serve the page by https or from localhost");
  return found;
}

/** Checks the key at once; imports it when it is first needed. */
function importer(key: LayerKey, algorithm: HmacImportParams | AesKeyAlgorithm, usages: KeyUsage[]): () => Promise<CryptoKey> {
  if (key instanceof Uint8Array) {
    if (key.length !== KEY) throw new RangeError(`expected a key of ${KEY} bytes, found one of ${key.length}; derive one from a password by PBKDF2, say`);
    const bytes = key.slice();
    let imported: Promise<CryptoKey> | undefined;
    return () => (imported ??= (async () => subtle().importKey("raw", bytes, algorithm, false, usages))());
  }
  const found = (key as CryptoKey | undefined)?.algorithm as Partial<HmacKeyAlgorithm & AesKeyAlgorithm> | undefined;
  const fits = "hash" in algorithm ? found?.hash?.name === algorithm.hash : found?.length === (algorithm as AesKeyAlgorithm).length;
  if (found?.name !== algorithm.name || !fits || !usages.every((usage) => key.usages.includes(usage)))
    throw new TypeError(`expected ${KEY} bytes, or a CryptoKey for ${algorithm.name}${"hash" in algorithm ? " with SHA-256" : " of 256 bits"} that can ${usages.join(" and ")}`);
  return async () => key;
}
