/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (n: number): string => whole.format(n);

/** A size, with three digits that mean something. */
export function bytes(n: number): string {
  if (n < 1000) return `${count(n)} B`;
  const [value, unit] = n < 1e6 ? [n / 1e3, "kB"] : [n / 1e6, "MB"];
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}

/** A duration given in milliseconds. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}

/** Bytes as rows of sixteen: where, what, and as text. */
export function hexDump(data: Uint8Array): string {
  const rows = [];
  for (let at = 0; at < data.length; at += 16) {
    const row = [...data.subarray(at, at + 16)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    rows.push(`${at.toString(16).padStart(5, "0")}  ${digits.padEnd(47)}  ${text}`);
  }
  return rows.join("\n");
}
