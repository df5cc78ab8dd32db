/** What scripts print, on its way to whoever asked for it. */
export type OnOutput = (text: string, bytes: Uint8Array) => void;

export class Output {
  /** Bytes of a character may come in two records. */
  #text = new TextDecoder("utf-8", { ignoreBOM: true });
  listener: OnOutput | undefined;

  push(bytes: Uint8Array): void {
    const text = this.#text.decode(bytes, { stream: true });
    try {
      this.listener?.(text, bytes);
    } catch (e) {
      // No error of the script's: it goes where errors of event listeners go.
      queueMicrotask(() => {
        throw e;
      });
    }
  }
}
