// Rust with wasm-bindgen.
import { packages } from "../packages.mjs";

const { compress, decompress } = packages("lz4-wasm-nodejs");
for (const length of [0, 1, 1000, 300_000]) {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * at) >> (at % 9));
  const packed = compress(bytes);
  console.log(length, packed.length, Buffer.compare(Buffer.from(decompress(packed)), Buffer.from(bytes)));
}
try {
  decompress(Uint8Array.of(9, 0, 0, 0, 255, 255));
} catch (error) {
  console.log("refused:", error.constructor.name);
}
