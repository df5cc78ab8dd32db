/** What failed, where, and what had been printed: errors that come out of Lua. */

/**
 * - `syntax`: the text does not compile;
 * - `runtime`: an error was raised;
 * - `memory`: no memory, or past the heap limit;
 * - `limit`: past the instruction limit or the timeout;
 * - `persist`: what is under `Memory` can't be stored or read;
 * - `abort`: ended by an `AbortSignal`, whose reason is the `cause`;
 * - `host`: the module can't be used: it could not be loaded, has been closed, or has crashed.
 */
export type LuaErrorKind = "syntax" | "runtime" | "memory" | "limit" | "persist" | "abort" | "host";

/** The keys of an error record; `cause` beside them. */
export interface LuaErrorFields {
  kind?: LuaErrorKind;
  traceback?: string;
  chunk?: string | undefined;
  line?: number | undefined;
  output?: string;
  incomplete?: boolean;
  truncated?: boolean;
  value?: unknown;
  cause?: unknown;
}

export class LuaError extends Error {
  // Minified, it has another.
  static override readonly name = "LuaError";
  override name = "LuaError";
  readonly kind: LuaErrorKind;
  /** The stack of Lua functions, as `debug.traceback` gives it; "" where there is none. */
  readonly luaTraceback: string;
  /** The chunk and line that the message names, else those of the innermost Lua function; undefined if there is none. */
  declare readonly chunk?: string;
  declare readonly line?: number;
  /** What was printed before the failure. */
  output: string;
  /** True if more text could mend a syntax error (a prompt asks for the next line then). */
  declare readonly incomplete?: boolean;
  /** True if memory did not suffice for all of the output. */
  declare readonly truncated?: boolean;
  /** The error object, where that is not a string. If it is an exception of the host, it is the `cause` too. */
  declare readonly value?: unknown;
  /** An error that came while this one was dealt with: in a `__close` metamethod, or when storing what had changed. */
  declare suppressed?: unknown;

  constructor(message: string, fields: LuaErrorFields = {}) {
    const { kind = "runtime", traceback = "", output = "", value, cause = value instanceof Error ? value : undefined, ...rest } = fields;
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.luaTraceback = traceback;
    this.output = output;
    if (value !== undefined) this.value = value;
    for (const [name, field] of Object.entries(rest)) if (field !== undefined) Object.assign(this, { [name]: field });
    // Consoles print the stack.
    if (traceback) this.stack += "\n" + traceback;
  }
}
