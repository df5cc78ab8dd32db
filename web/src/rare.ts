/** What instances need now and then, in a file that is loaded then. */
export { choose, runs } from "./choose.js";
export { clearMemory } from "./clear.js";
export { restore, take } from "./instance-snapshot.js";
export { exportState, importState, unreadable, Unreadable } from "./transfer.js";
export { upgrade } from "./upgrade.js";
