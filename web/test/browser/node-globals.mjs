// What modules written for node take for granted.
import { Buffer } from "buffer/";

// Node's takes any bytes.
const { equals } = Buffer.prototype;
Buffer.prototype.equals = function (other) {
  return equals.call(this, Buffer.from(other));
};

export { Buffer };
export const process = { env: {}, on() {} };
