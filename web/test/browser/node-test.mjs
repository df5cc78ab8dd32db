// node:test, as far as the package's tests use it, for a page: tests wait in a list until they are asked for by name.

const tests = new Map();
const hooks = { before: [], after: [] };
let path = [];
let begun;

export function test(name, ...rest) {
  const body = rest.pop();
  const whole = [...path, name].join(" > ");
  if (tests.has(whole)) throw new Error(`two tests are called ${whole}`);
  tests.set(whole, { body, skip: rest[0]?.skip });
}
test.skip = (name) => test(name, { skip: true }, () => {});

export function describe(name, body) {
  path.push(name);
  body();
  path.pop();
}

export const it = test;
export const suite = describe;
export const before = (hook) => hooks.before.push(hook);
export const after = (hook) => hooks.after.push(hook);

const runAll = async (list) => {
  for (const hook of list) await hook();
};

globalThis.packageTests = {
  names: () => [...tests.keys()],
  /** Runs one; gives what it said if it did not want to run. */
  async run(name) {
    const { body, skip } = tests.get(name);
    if (skip) return String(skip);
    await (begun ??= runAll(hooks.before));
    let skipped;
    const after = [];
    try {
      await body({ name, skip: (why) => (skipped = why ?? "skipped"), after: (hook) => after.push(hook), diagnostic: console.log });
    } finally {
      await runAll(after);
    }
    return skipped;
  },
  end: () => runAll(hooks.after),
};
