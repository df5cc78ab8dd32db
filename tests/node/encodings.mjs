// Prints this node's version and the exception encodings that it runs.

// One function whose body is given: an empty type, the function, its code.
const moduleOf = (body) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
  ]);

const encodings = {
  // try, catch_all, end
  legacy: [0x06, 0x40, 0x19, 0x0b],
  // try_table without a clause, end
  standard: [0x1f, 0x40, 0, 0x0b],
  // nothing beyond the base
  host: [],
};

const runs = Object.keys(encodings).filter((name) => WebAssembly.validate(moduleOf(encodings[name])));
console.log(process.versions.node, ...runs);
