/**
 * States in files of a folder, for Node, Deno and Bun. Each is a state file, so it can be copied, sent, and opened
 * by the Rust crate. A commit writes a new file beside the old one, brings it to the disk, and then gives it the name.
 */
import { node } from "../node.js";
import { openSession, checkName, type Backend } from "./session.js";
import { readState, writeState } from "./state-file.js";
import { StoreError, type OpenOptions, type Session, type Store } from "./store.js";

export interface FileOptions {
  /** Compresses the files: smaller, and slower to save. */
  compress?: boolean;
}

const ENDING = ".mwstate";

// Node's modules are loaded when they are needed, so that a page can load this file too.
const nodeFs = () => node<typeof import("node:fs/promises")>("fs/promises");
const paths = () => node<typeof import("node:path")>("path");
const locks = () => import("./file-lock.js");

export class FileStore implements Store {
  readonly #folder: string;
  readonly #compress: boolean;

  /** `folder` is created with the first state. */
  constructor(folder: string, options: FileOptions = {}) {
    this.#folder = folder;
    this.#compress = options.compress ?? false;
  }

  async open(name: string, options: OpenOptions = {}): Promise<Session> {
    const path = await this.#path(name);
    const { mkdir } = await nodeFs();
    await mkdir(this.#folder, { recursive: true });
    const { acquireFileLock } = await locks();
    return openSession(name, options, path + ".lock", () => this.#load(name, path), acquireFileLock);
  }

  async list(): Promise<string[]> {
    const { readdir } = await nodeFs();
    const files = await readdir(this.#folder).catch(ifMissing([]));
    return files.filter((file) => file.endsWith(ENDING)).flatMap(decodeName).sort();
  }

  async delete(name: string): Promise<void> {
    const path = await this.#path(name);
    const { unlink, access } = await nodeFs();
    if ((await access(this.#folder).catch(ifMissing(null))) === null) return;
    const { acquireFileLock } = await locks();
    const lock = await acquireFileLock(path + ".lock", name, {});
    try {
      await unlink(path).catch(ifMissing(undefined));
    } finally {
      await lock!.release();
    }
  }

  async #path(name: string): Promise<string> {
    checkName(name);
    const { resolve } = await paths();
    // Other characters have a meaning somewhere, and capitals are the same as small letters on some file systems.
    const file = Array.from(new TextEncoder().encode(name), (byte) => {
      const char = String.fromCharCode(byte);
      return /[a-z0-9_-]/.test(char) ? char : "%" + byte.toString(16).padStart(2, "0");
    });
    return resolve(this.#folder, file.join("") + ENDING);
  }

  async #load(name: string, path: string): Promise<Backend> {
    const fs = await nodeFs();
    const { dirname } = await paths();
    /** Which file it is; another one is there if somebody has replaced it. */
    const identity = async (): Promise<string | undefined> => {
      const found = await fs.stat(path, { bigint: true }).catch(ifMissing(undefined));
      return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
    };
    const bytes = await fs.readFile(path).catch(ifMissing(undefined));
    const state = bytes
      ? await readState(bytes).catch((error: unknown) => {
          throw new StoreError("damaged", `${path} can't be read: ${(error as Error).message}`, error);
        })
      : { version: 0, entries: [] };
    let last = await identity();
    return {
      ...state,
      fresh: !bytes,
      full: /ENOSPC|EDQUOT/,
      commit: async (_journal, records) => {
        const content = await writeState(records, records.version, this.#compress);
        const next = path + ".new";
        const file = await fs.open(next, "w");
        try {
          await file.writeFile(content);
          await file.sync();
        } catch (error) {
          // Half a file on a full disk helps nobody.
          await file.truncate().catch(() => {});
          throw error;
        } finally {
          await file.close();
        }
        if ((await identity()) !== last) {
          throw new StoreError("taken", `${path} was changed or deleted from elsewhere while the state "${name}" was open here; what it should have become is in ${next}`);
        }
        await fs.rename(next, path);
        last = await identity();
        await syncFolder(fs, dirname(path));
      },
      close() {},
    };
  }
}

/** The state's name, unless the file is one that no store has named. */
function decodeName(file: string): string[] {
  try {
    return [decodeURIComponent(file.slice(0, -ENDING.length))];
  } catch {
    return [];
  }
}

/** The new name is on the disk too. Not every system lets a folder be opened. */
async function syncFolder(fs: typeof import("node:fs/promises"), folder: string): Promise<void> {
  const opened = await fs.open(folder, "r").catch(() => undefined);
  if (!opened) return;
  try {
    await opened.sync();
  } catch (error) {
    if (!["EPERM", "EINVAL", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await opened.close();
  }
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return value;
  };
}
