/** Where values cross between JavaScript and Lua: one instance's handles and host values, and records of both. */
import { decode, encode, Reader, Tag, toText, Writer, type DecodeOptions } from "./codec.js";
import { LuaError, type LuaErrorFields } from "./error.js";
import { handleId, Handles, type MakeHandle } from "./handles.js";
import { HostValues, isFunction, nameOf, operate, unwrap } from "./host-values.js";
import { isProxied, type LuaValue } from "./values.js";

/** Flags of `call`: how tables come. */
export const TABLES = { copy: 0, map: 0, handle: 1, auto: 2 } as const;

/** What an error record says. */
export type Failure = { message: string; raw?: Uint8Array } & LuaErrorFields;

/** An error on its way to Lua, encoded, and whether its caller's position goes in front. */
export interface Raised {
  bytes: Uint8Array;
  position: boolean;
}

/** What the module's driver asks of whoever has the values: `ValueBorder` here, a page in a worker's thread. */
export interface Border {
  readonly defaults: DecodeOptions;
  /** Encodes values, and does nothing if one of them can't be. */
  encode(values: readonly unknown[]): Uint8Array;
  /** Reads values up to the end. */
  decode(r: Reader, options: DecodeOptions): LuaValue[];
  /** Reads an error record's table. */
  decodeError(r: Reader): Failure;
  /** What is raised in Lua for something that was thrown. */
  encodeError(e: unknown): Raised;
  /** Does `op` to a host value: its result, or a promise of it. May throw. `waits`: whether a promise can be waited for. */
  operate(op: number, id: number, args: Reader, waits: boolean): unknown;
  /** Lua has given `count` arrivals of a host value back. */
  released(id: number, count: number): void;
}

export class ValueBorder implements Border {
  readonly hosts = new HostValues();
  readonly handles: Handles;
  /** Names under which `Memory` and snapshots hold values of the host. */
  readonly names = new Map<unknown, string>();
  /** Kept for the next record: it costs more to make than to fill. */
  #writer: Writer | undefined;
  /** Told of each host value that goes to Lua. */
  onSend: ((id: number, value: unknown) => void) | undefined;

  /** `owner` is what handles know their instance by. */
  constructor(
    readonly defaults: DecodeOptions,
    readonly owner: object,
    make: MakeHandle,
    release: (id: number, count: number) => void,
  ) {
    this.handles = new Handles(owner, make, release);
  }

  /** As `Border.encode`. The bytes are valid until the next record is encoded. */
  encode(values: readonly unknown[]): Uint8Array {
    const sent: number[] = [];
    const w = this.#writer ?? new Writer();
    // Getters of what is encoded may call Lua, which encodes as well.
    this.#writer = undefined;
    const mode = TABLES[this.defaults.tables ?? "copy"] << 1;
    try {
      encode(w, values, (v) => {
        const id = handleId(v, this.owner);
        if (id !== undefined) {
          w.u8(Tag.Handle);
          w.u8(0);
          w.u32(id);
        } else if (isProxied(v)) {
          const host = this.hosts.send(v);
          sent.push(host);
          this.onSend?.(host, v);
          w.u8(Tag.Host);
          w.u32(host);
          w.u8(+isFunction(v) | mode);
          w.text(nameOf(v));
        } else return false;
        return true;
      });
    } catch (e) {
      for (const id of sent) this.hosts.release(id, 1);
      throw e;
    }
    const bytes = w.take();
    // What was large once is not kept for ever.
    if (bytes.length < 65536) this.#writer = w;
    return bytes;
  }

  decode(r: Reader, options: DecodeOptions): LuaValue[] {
    return decode(r, options, {
      handle: (kind, id) => this.handles.arrive(kind, id),
      host: (id) => unwrap(this.hosts.get(id)),
    });
  }

  decodeError(r: Reader): Failure {
    // Its keys and the message are text in any case.
    return errorFields(this.decode(r, {})[0]);
  }

  encodeError(e: unknown): Raised {
    // Lua's own errors stay what they were: text, or the error object.
    const value = e instanceof LuaError ? e.value ?? e.message : e;
    try {
      return { bytes: this.encode([value]), position: typeof e === "string" };
    } catch (second) {
      return { bytes: this.encode([`cannot raise the host's error in Lua: ${String(second)}`]), position: true };
    }
  }

  operate(op: number, id: number, args: Reader): unknown {
    const values = this.decode(args, this.defaults);
    return operate(op, this.hosts.get(id), values);
  }

  released(id: number, count: number): void {
    this.hosts.release(id, count);
  }
}

/** An error record's table as what a `LuaError` is made of. */
export function errorFields(fields: Record<string, unknown> = {}): Failure {
  const text = (v: unknown): string => (v instanceof Uint8Array ? toText(v) : String(v ?? ""));
  return {
    ...(fields as LuaErrorFields),
    message: text(fields["message"]),
    traceback: text(fields["traceback"]),
    chunk: fields["chunk"] === undefined ? undefined : text(fields["chunk"]),
  };
}
