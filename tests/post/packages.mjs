// The pinned packages, which are installed outside of the checkout's sources.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.MOONWRIGHT_PACKAGES, "package.json"));

export const packages = (name) => require(name);
export const resolve = (path) => join(process.env.MOONWRIGHT_PACKAGES, "node_modules", path);
