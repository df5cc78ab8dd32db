// Reports a test run the way the Rust tests do: failures in full, then one line of counts.

const left = (data) => data.details?.type === "suite" || data.skip === "test name does not match pattern";

export default async function* report(source) {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  const failures = [];
  for await (const { type, data } of source) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (left(data)) continue;
    // A file that loaded is reported as a test of its own; its tests are counted one by one.
    const isFile = data.name.endsWith(".test.mjs");
    if (type === "test:fail") {
      counts.failed += 1;
      const { error } = data.details;
      failures.push(`---- ${data.name} ----\n${error?.cause?.stack ?? error?.cause ?? error?.stack ?? error}\n`);
      yield "F";
    } else if (data.skip !== undefined || data.todo !== undefined) {
      counts.ignored += 1;
      yield "i";
    } else if (!isFile) {
      counts.passed += 1;
      yield ".";
    }
  }
  yield "\n";
  for (const failure of failures) yield `\n${failure}`;
  const result = counts.failed === 0 ? "ok" : "FAILED";
  yield `\ntest result: ${result}. ${counts.passed} passed; ${counts.failed} failed; ${counts.ignored} ignored\n`;
}
