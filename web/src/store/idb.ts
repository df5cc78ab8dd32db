/**
 * What is used of the package `idb`. The build bundles this one file, so that pages need neither a bundler nor an
 * import map to load the package, and applications have one thing less to install.
 */
export { openDB, unwrap } from "idb";
