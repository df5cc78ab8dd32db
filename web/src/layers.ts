/** Layers over stores: `moonwright/layers`. The Rust crate has the same, over the same bytes. */
export { compressed, type CompressionOptions } from "./store/compressed.js";
export { authenticated, encrypted, type LayerKey } from "./store/sealed.js";
