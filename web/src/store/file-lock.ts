/**
 * One writer per file among processes: a file `NAME.lock` that holds who has it. Node has no advisory locks, so a lock that a
 * dead process left behind is told by its process number.
 */
import { node } from "../node.js";
import { acquireLocal } from "./local-lock.js";
import { conflict, type Hold } from "./lock.js";
import type { OpenOptions } from "./store.js";

const { hostname } = await node<typeof import("node:os")>("os");
const { link, open, readFile, rename, stat, unlink } = await node<typeof import("node:fs/promises")>("fs/promises");

/** How long to wait before looking again, in milliseconds. */
const AGAIN = 50;

/**
 * Takes the lock file at `path` for the state `name`. As `acquire`: undefined means that somebody else has it and the session may be
 * read-only. Throws a StoreError ("locked"), or the signal's reason.
 */
export async function acquireFileLock(path: string, name: string, options: OpenOptions): Promise<Hold | undefined> {
  // Sessions of this thread first: they can be waited for without looking at the disk.
  const local = await acquireLocal(path, name, options);
  if (!local) return undefined;
  try {
    for (;;) {
      if (await create(path)) return { release: () => unlink(path).catch(ignoreMissing).finally(local.release) };
      const owner = await holder(path);
      if (owner === undefined) continue;
      if (await isStale(path, owner)) await breakLock(path, owner);
      else if (options.onConflict === "wait") {
        options.signal?.throwIfAborted();
        await new Promise((again) => setTimeout(again, AGAIN));
      } else {
        conflict(name, options, `in another process (${owner}, says ${path}; delete that file if it is not running any more)`);
        break;
      }
    }
  } catch (error) {
    await local.release();
    throw error;
  }
  await local.release();
  return undefined;
}

/** Makes the lock file with all that is in it at once, so that nobody sees one that says nothing. */
async function create(path: string): Promise<boolean> {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const file = await open(mine, "wx");
  try {
    await file.writeFile(`process ${process.pid} on ${hostname()}`);
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await file.close();
    await unlink(mine);
  }
}

/** What the lock file says; undefined if there is none. */
function holder(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(ignoreMissing);
}

async function isStale(path: string, owner: string): Promise<boolean> {
  const [, pid, host] = /^process (\d+) on (.*)$/s.exec(owner) ?? [];
  if (host !== hostname()) return false;
  if (Number(pid) === process.pid) {
    // Another thread of this process, or a dead process that had the same number, as in a container that was started again.
    const made = await stat(path).catch(ignoreMissing);
    return made !== undefined && made.mtimeMs < Date.now() - process.uptime() * 1000;
  }
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Removes a lock that `owner` left, but not one that somebody took meanwhile. */
async function breakLock(path: string, owner: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  await rename(path, aside).catch(ignoreMissing);
  const found = await holder(aside);
  // Between the look and the renaming it was broken and taken by another process: it gets its lock back. If a third one was
  // quicker still, two have the state, and the store's look at the file before each commit tells one of them.
  if (found !== undefined && found !== owner) await link(aside, path).catch(() => {});
  if (found !== undefined) await unlink(aside);
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
