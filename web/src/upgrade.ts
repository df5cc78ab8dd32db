/** Upgrades of what was stored by another version of the application. */
import { LuaError } from "./error.js";
import type { Session } from "./store/store.js";

/** Lets `run` upgrade what is stored with another version; commits its changes as a whole, with the new version. */
export async function upgrade(session: Session, version: number, run: ((from: number, to: number) => unknown) | undefined, flush: () => unknown): Promise<void> {
  const go = session.hold();
  try {
    if (!session.fresh) {
      if (run) await run(session.version, version);
      else if (session.version > version)
        throw new LuaError(`the state '${session.name}' has version ${session.version}, newer than ${version}, and there is no onUpgrade`, { kind: "persist" });
    }
    await flush();
    session.version = version;
  } finally {
    go();
  }
}
