// node:timers/promises, as far as the package's tests use it.
export const setTimeout = (ms, value) => new Promise((go) => globalThis.setTimeout(go, ms, value));
