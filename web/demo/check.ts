/** What the steps of the test harness check with. */

export class CheckError extends Error {}

/** Fails unless both are the same by value. */
export function same(found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part === undefined ? null : part)));
  if (a !== b) throw new CheckError(`expected ${b}, found ${a}`);
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new CheckError(`expected that ${what}`);
}

/** The error that `body` fails with. */
export async function failure(body: () => unknown): Promise<Error & Record<string, unknown>> {
  try {
    await body();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new CheckError("expected a failure, found none");
}
