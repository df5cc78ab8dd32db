// Runs a program in an engine and takes the times: the same in node and in a page. bench/src/programs.rs and native.c do so for theirs.

/** How often the host calls Lua in `host_calls_lua`: as often as `lua_calls_host` calls it. */
const CALLS = 200_000;

/**
 * @param start makes the engine; what it has to read or compile counts as start-up
 * @param {{ text: string, mode: "run" | "lua_calls_host" | "host_calls_lua", runs: number, limit: number }} program how often it
 *   runs in one instance, and after how many milliseconds no further run begins
 * @returns {Promise<{ startup: number, runs: number[], result: string }>} milliseconds, the first run cold
 */
export async function measure(start, { text, mode, runs, limit }) {
  const begun = performance.now();
  const engine = await start();
  const startup = performance.now() - begun;
  let body = () => engine.run(text);
  if (mode === "lua_calls_host") engine.set("host_add", (a, b) => a + b);
  if (mode === "host_calls_lua") {
    engine.run(text);
    const add = engine.get("add");
    body = () => {
      let sum = 0;
      for (let i = 1; i <= CALLS; i++) sum = add(sum, i) % 1000;
      return sum;
    };
  }
  const times = [];
  let result;
  do {
    const before = performance.now();
    result = String(body());
    times.push(performance.now() - before);
  } while (times.length < runs && performance.now() - begun + times.at(-1) < limit);
  return { startup, runs: times, result };
}
