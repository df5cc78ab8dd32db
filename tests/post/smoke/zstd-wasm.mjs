// Emscripten, a codec: much memory, tables, long loops.
import { packages } from "../packages.mjs";

const { init, compress, decompress } = packages("@bokuweb/zstd-wasm");
await init();
for (const level of [1, 9, 19]) {
  const text = Buffer.from(Array.from({ length: 5000 }, (_, line) => `line ${line * line}\n`).join(""));
  const packed = compress(text, level);
  console.log(level, packed.length, Buffer.compare(Buffer.from(decompress(packed)), text));
}
try {
  decompress(Buffer.from("this is no frame"));
} catch (error) {
  console.log("refused:", error.message);
}
