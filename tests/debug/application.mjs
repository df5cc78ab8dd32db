// Runs the application in a module: application.mjs MODULE prints what it prints, then the error that ends its second start.
import { readFileSync } from "node:fs";
import { Host, LuaFailure } from "../node/host.mjs";

const host = await Host.create(new WebAssembly.Module(readFileSync(process.argv[2])));
process.stdout.write(Buffer.from(host.answer(host.exports.run_application(0)).output));
try {
  // The string "fail", as `run_application` reads it.
  host.put(Buffer.from("\x04\x04\0\0\0fail", "latin1"));
  host.answer(host.exports.run_application(9));
  throw new Error("expected a failure");
} catch (error) {
  if (!(error instanceof LuaFailure)) throw error;
  const { message, traceback } = error.record;
  process.stdout.write(Buffer.from(`${message}\n${traceback}\n`, "latin1"));
}
