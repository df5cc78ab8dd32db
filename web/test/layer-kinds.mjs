// The layers under which tests/state/layers has states; tests/state/README.md says how the files are made.
import { authenticated, compressed, encrypted } from "../dist/layers.js";

export const key = Uint8Array.from({ length: 32 }, (_, n) => n);

export const exchanged = {
  compressed: (store) => compressed(store),
  authenticated: (store) => authenticated(store, key),
  encrypted: (store) => compressed(encrypted(store, key)),
};
