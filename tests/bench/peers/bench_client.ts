/**
 * One client of the generator: it reads only the frame of a packet, counts, and acknowledges with one write for each
 * read. It is cheap, because the bench measures the broker.
 */
import { frameSize, headerLength } from "../../../src/mqtt/codec/frame.ts";
import type { DialReceiver, Link, LinkEnd } from "../../../src/net/link.ts";

/** Callbacks; many clients share one object, so that a client costs no closures. */
export interface Listening {
  /** CONNACK with code 0. */
  onConnected(client: BenchClient): void;
  /** SUBACK. */
  onSubscribed(client: BenchClient): void;
  /** The number of PUBLISH packets that arrived. */
  onMessages(client: BenchClient, count: number): void;
  /** The number of its own PUBLISH packets with a complete exchange (PUBACK, PUBCOMP). */
  onAcknowledged(client: BenchClient, count: number): void;
  onEnd(client: BenchClient, end: LinkEnd): void;
}

export class BenchClient implements DialReceiver {
  readonly number: number;
  readonly #listening: Listening;
  #link: Link | undefined;
  #held = new Uint8Array(0);
  #answer: number[] = [];
  #messages = 0;
  #acknowledged = 0;

  constructor(number: number, listening: Listening) {
    this.number = number;
    this.#listening = listening;
  }

  get link(): Link {
    if (this.#link === undefined) throw new Error(`client ${this.number} has no link`);
    return this.#link;
  }

  /** Receives the link that was dialled for it. */
  use(link: Link): void {
    this.#link = link;
  }

  onOpen(): void {}

  onDrain(): void {}

  onEnd(end: LinkEnd): void {
    this.#listening.onEnd(this, end);
  }

  onBytes(bytes: Uint8Array): void {
    const all = this.#held.length === 0 ? bytes : joined(this.#held, bytes);
    const read = this.#readAll(all);
    this.#held = read === all.length ? nothing : all.slice(read);
    this.#tell();
  }

  /** Reads all complete packets; returns their size in bytes. */
  #readAll(bytes: Uint8Array): number {
    for (let at = 0;;) {
      const size = frameSize(bytes, at, bytes.length);
      if (size === 0 || at + size > bytes.length) return at;
      this.#read(bytes, at);
      at += size;
    }
  }

  #read(bytes: Uint8Array, at: number): void {
    const first = bytes[at]!;
    switch (first >> 4) {
      case 2: // CONNACK
        if (bytes[at + 3] !== 0) throw new Error(`client ${this.number} was refused: ${bytes[at + 3]}`);
        return this.#listening.onConnected(this);
      case 9: // SUBACK
        if (bytes[at + 4]! > 2) throw new Error(`client ${this.number}: its subscription was refused`);
        return this.#listening.onSubscribed(this);
      case 3: // PUBLISH
        return this.#takeMessage(bytes, at, first >> 1 & 3);
      case 4: // PUBACK
      case 7: // PUBCOMP
        this.#acknowledged++;
        return;
      case 5: // PUBREC
        this.#answer.push(0x62, 2, bytes[at + 2]!, bytes[at + 3]!);
        return;
      case 6: // PUBREL
        this.#answer.push(0x70, 2, bytes[at + 2]!, bytes[at + 3]!);
        return;
    }
  }

  #takeMessage(bytes: Uint8Array, at: number, qos: number): void {
    this.#messages++;
    if (qos === 0) return;
    const topicAt = at + headerLength(bytes, at);
    const idAt = topicAt + 2 + (bytes[topicAt]! << 8 | bytes[topicAt + 1]!);
    this.#answer.push(qos === 1 ? 0x40 : 0x50, 2, bytes[idAt]!, bytes[idAt + 1]!);
  }

  #tell(): void {
    if (this.#answer.length > 0) {
      this.link.write(Uint8Array.from(this.#answer));
      this.#answer = [];
    }
    const [messages, acknowledged] = [this.#messages, this.#acknowledged];
    this.#messages = this.#acknowledged = 0;
    if (messages > 0) this.#listening.onMessages(this, messages);
    if (acknowledged > 0) this.#listening.onAcknowledged(this, acknowledged);
  }
}

const nothing = new Uint8Array(0);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
