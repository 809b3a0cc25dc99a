/** A link as a stream of node:stream, so that node:tls can run over any link. */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { DialReceiver, Link, LinkEnd } from "../link.ts";

export class LinkStream extends Duplex implements DialReceiver {
  readonly #link: Link;
  #writable: (() => void) | undefined;

  /** @param dial opens the link; bytes that are written before it is open are sent then */
  constructor(dial: (receiver: DialReceiver) => Link) {
    super({ allowHalfOpen: false });
    this.#link = dial(this);
  }

  /** Sends RST, where the link can. */
  resetAndDestroy(): void {
    this.#link.reset();
    this.destroy();
  }

  onOpen(): void {}

  onBytes(bytes: Uint8Array): void {
    if (!this.push(Buffer.from(bytes))) this.#link.pause();
  }

  onDrain(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  onEnd(end: LinkEnd): void {
    this.onDrain();
    if (end.kind === "fin") return void this.push(null);
    if (end.kind === "closed") return void this.destroy();
    const [code, message] = end.kind === "reset" ? ["ECONNRESET", "read ECONNRESET"] : [end.code, end.message];
    this.destroy(Object.assign(new Error(message), { code }));
  }

  override _read(): void {
    this.#link.resume();
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    if (this.#link.write(Uint8Array.from(bytes)) || !this.#link.open) return done();
    this.#writable = done;
  }

  override _final(done: () => void): void {
    this.#link.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#link.end();
    done(error);
  }
}
