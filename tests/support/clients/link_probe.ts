/** One end of a real link, with a record of its callbacks. */
import type { DialReceiver, Link, LinkEnd } from "../../../src/net/link.ts";

const patienceMs = 5_000;
const lookEveryMs = 2;

export class LinkProbe implements DialReceiver {
  link!: Link;
  opened = false;
  drains = 0;
  text = "";
  sizeBytes = 0;
  end: LinkEnd | undefined;
  readonly #decoder = new TextDecoder();

  /** Wraps an accepted link. */
  static on(link: Link): LinkProbe {
    const probe = new LinkProbe();
    probe.link = link;
    link.receiver = probe;
    return probe;
  }

  /** Opens a link. */
  static by(dial: (receiver: DialReceiver) => Link): LinkProbe {
    const probe = new LinkProbe();
    probe.link = dial(probe);
    return probe;
  }

  write(text: string): this {
    this.link.write(new TextEncoder().encode(text));
    return this;
  }

  onOpen(): void {
    this.opened = true;
  }

  onBytes(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length;
    if (this.sizeBytes < 100_000) this.text += this.#decoder.decode(bytes, { stream: true });
  }

  onDrain(): void {
    this.drains++;
  }

  onEnd(end: LinkEnd): void {
    if (this.end !== undefined) throw new Error("a second end");
    this.end = end;
  }

  /** Waits until the condition holds; returns false after five seconds. */
  async until(isSo: (probe: this) => boolean): Promise<boolean> {
    const lastMs = performance.now() + patienceMs;
    while (!isSo(this)) {
      if (performance.now() > lastMs) return false;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    return true;
  }
}
