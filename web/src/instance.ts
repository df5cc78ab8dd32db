/** What can be asked of a running module beside calls, wherever it runs. */
import { deadlineOf, type Bridge, type Exports } from "./bridge.js";
import { LuaError } from "./error.js";

export interface LuaLimits {
  /** Bytes that Lua may use. */
  heap?: number | undefined;
  /** Steps that each call may take. */
  instructions?: number | bigint | undefined;
  /** Milliseconds for each call that names no `timeout` of its own. */
  timeout?: number | undefined;
}

export interface LuaStats {
  /** Bytes that Lua uses. */
  heapBytes: number;
  /** Bytes of the module's memory, which never shrinks. */
  memoryBytes: number;
  bufferBytes: number;
  /** Lua values that JavaScript holds. */
  handles: number;
  /** JavaScript values that Lua holds. */
  hostValues: number;
  /** Scripts that wait. */
  tasks: number;
}

/** Starts Lua in an instance that nothing has called yet. */
export function start(exports: Exports, seed: number | bigint | undefined): void {
  if (seed !== undefined) exports.set_seed(BigInt.asIntN(64, BigInt(seed)));
  if (exports.init() !== 0) throw new LuaError("not enough memory to start Lua", { kind: "memory" });
}

/** The limits as the module takes them. A RangeError for what is no such number. */
export function checkLimits({ heap = 0, instructions = 0, timeout }: LuaLimits): [heap: number, instructions: bigint] {
  deadlineOf(timeout);
  const steps = BigInt(instructions);
  if (!(heap >= 0 && steps >= 0)) throw new RangeError(`limits are numbers from 0, not ${heap} and ${steps}`);
  // More than a module can have is no limit.
  return [heap < 2 ** 32 ? heap : 0, steps];
}

/** Sets the limits; those that are not named are lifted. */
export function setLimits(bridge: Bridge, limits: LuaLimits): void {
  const checked = checkLimits(limits);
  bridge.defaults.timeout = limits.timeout;
  bridge.enter((x) => x.set_limits(...checked));
}

/** Sizes in bytes. */
export function memoryStats(bridge: Bridge): Pick<LuaStats, "heapBytes" | "memoryBytes" | "bufferBytes"> {
  const at = bridge.put(new Uint8Array(12));
  bridge.enter((x) => x.get_memory_stats(at));
  const [bufferBytes, heapBytes, pages] = new Uint32Array(bridge.view(at, 12).slice().buffer) as unknown as [number, number, number];
  return { heapBytes, memoryBytes: pages * 65536, bufferBytes };
}

/** Drops the stored tables that `Memory` no longer reaches; the number of them. */
export function collectTables(bridge: Bridge): number {
  bridge.flush();
  const n = bridge.enter((x) => x.collect_tables(0, 0));
  if (n < 0) throw bridge.lastError();
  return n;
}

/** The own functions' numbers of the last three figures of `LuaStats`. */
export const countStats = (values: readonly number[]): Pick<LuaStats, "handles" | "hostValues" | "tasks"> => {
  const [handles, hostValues, tasks] = values as [number, number, number];
  return { handles, hostValues, tasks };
};
