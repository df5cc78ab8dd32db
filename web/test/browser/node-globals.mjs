// What modules written for node take for granted.
export { Buffer } from "buffer/";
export const process = { env: {}, on() {} };
