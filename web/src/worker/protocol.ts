/** What a page and its worker tell each other. Values go as the bytes that the module reads and writes (docs/bridge.md). */
import type { CallOptions } from "../bridge.js";
import { LuaError, type LuaErrorKind } from "../error.js";
import { StoreError, type StoreErrorCode } from "../store/store.js";

/** How to run, as far as the worker has to know. */
export type RemoteOptions = Pick<CallOptions, "timeout" | "tables"> & { slice?: number | undefined };

/** The instance's own functions that have no number. */
export type Service = "flush" | "stats" | "collectTables" | "clear" | "dropUnreadable";

/** What `tostring` says of the host values that the message brings: Lua can't wait for that. */
interface WithTexts {
  texts: [id: number, text: string][];
}

export type Request =
  | { do: "load"; id: number; module: WebAssembly.Module; records: Uint8Array; seed: number | bigint | undefined; stop: Int32Array | undefined }
  | ({ do: "call" | "run"; id: number; fn: number; bytes: Uint8Array; name: Uint8Array | undefined; options: RemoteOptions } & WithTexts)
  | { do: "limits"; id: number; heap: number; instructions: bigint; timeout: number | undefined }
  | { do: Service; id: number }
  | { do: "import"; id: number; file: Uint8Array }
  | { do: "abort"; id: number }
  | ({ do: "answer"; id: number; bytes: Uint8Array; raise: 0 | 1 | 2 } & WithTexts)
  | { do: "release"; handle: number; count: number };

export type Reply =
  | { did: "done"; id: number; result: unknown; output: string }
  | { did: "failed"; id: number; error: SentError }
  | { did: "output"; bytes: Uint8Array }
  /** A host value is asked for something, and the script waits for the answer. */
  | { did: "host"; id: number; op: number; host: number; bytes: Uint8Array }
  | { did: "released"; host: number; count: number }
  | { did: "changes"; bytes: Uint8Array };

/** An error as it can be sent. `raw`: the module's own record, which has values that only the page can read. */
export interface SentError {
  name: string;
  message: string;
  kind: LuaErrorKind | undefined;
  code: StoreErrorCode | undefined;
  traceback: string;
  output: string;
  raw: Uint8Array | undefined;
  cause: string | undefined;
  suppressed: SentError | undefined;
}

/** Makes an error ready to be sent. */
export function packError(e: unknown): SentError {
  const { name = "Error", message = String(e) } = (e ?? {}) as Error;
  const { kind, luaTraceback: traceback = "", output = "", suppressed } = e instanceof LuaError ? e : ({} as Partial<LuaError>);
  const { raw, cause } = (e ?? {}) as { raw?: Uint8Array; cause?: unknown };
  return {
    name, message, kind, traceback, output, raw,
    code: e instanceof StoreError ? e.code : undefined,
    cause: cause === undefined ? undefined : String(cause),
    suppressed: suppressed === undefined ? undefined : packError(suppressed),
  };
}
