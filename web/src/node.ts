/**
 * One of Node's own modules, which Deno and Bun have too. Bundlers for pages must not follow the name: pages never
 * come here, and some bundlers refuse it. (A text made by `join` stays one that minifiers don't know.)
 */
export const node = <T>(name: string): Promise<T> => import(/* @vite-ignore */ /* webpackIgnore: true */ ["node", name].join(":")) as Promise<T>;

/** The bytes of a file. */
export const readFile = async (url: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await node<typeof import("node:fs/promises")>("fs/promises")).readFile(new URL(url)));
