// Emscripten, loaded by hand: memory of the module's own, and a loader that is given the bytes.
import { packages } from "../packages.mjs";

// Its loader takes `fetch` for the sign of a browser.
delete globalThis.fetch;
const argon2 = packages("argon2-browser");
for (const type of [argon2.ArgonType.Argon2d, argon2.ArgonType.Argon2i, argon2.ArgonType.Argon2id]) {
  const { hashHex, encoded } = await argon2.hash({ pass: "a password", salt: "some salt", time: 2, mem: 256, hashLen: 24, type });
  console.log(hashHex, encoded);
  await argon2.verify({ pass: "a password", encoded, type });
  console.log(await argon2.verify({ pass: "another", encoded, type }).catch((error) => error.code));
}
