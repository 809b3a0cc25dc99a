/**
 * A link that holds back output while changes are not committed: the output leaves after the commit, or never. So no
 * packet reports a change that a restart would lose.
 */
import { copyOf } from "../../mqtt/codec/small_bytes.ts";
import { highWaterBytes, type Link, type LinkReceiver, writeCopyTo } from "../../net/link.ts";

/** The interface of the committer for a held link. */
export interface Gate {
  /** Whether there are uncommitted changes that output written now may depend on. */
  readonly closed: boolean;
  /** Registers a link that has output to send after the commit. */
  hold(link: HeldLink): void;
}

export class HeldLink implements Link {
  readonly #link: Link;
  readonly #gate: Gate;
  readonly #lost: (unsent: boolean) => void;
  #chunks: Uint8Array[] | undefined;
  #heldBytes = 0;
  #ending = false;
  #wantsDrain = false;
  #unsent = true;
  #unbound = false;

  /**
   * @param lost called when held output was dropped because the commit failed; `unsent`: nothing had been sent before
   */
  constructor(link: Link, gate: Gate, lost: (unsent: boolean) => void) {
    this.#link = link;
    this.#gate = gate;
    this.#lost = lost;
  }

  get receiver(): LinkReceiver {
    return this.#link.receiver;
  }

  set receiver(receiver: LinkReceiver) {
    this.#link.receiver = receiver;
  }

  get peer(): string {
    return this.#link.peer;
  }

  get isPeerGone(): boolean {
    return this.#link.isPeerGone === true;
  }

  get certificateName(): string | undefined {
    return this.#link.certificateName;
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes + this.#heldBytes;
  }

  get open(): boolean {
    return !this.#ending && this.#link.open;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending) return true;
    if (!this.#holds()) {
      this.#unsent = false;
      return this.#link.write(bytes);
    }
    if (!this.#link.open) return true;
    this.#chunks!.push(bytes);
    this.#heldBytes += bytes.length;
    const room = this.bufferedBytes <= highWaterBytes;
    if (!room) this.#wantsDrain = true;
    return room;
  }

  writeCopy(bytes: Uint8Array): boolean {
    if (this.#ending || this.#holds()) return this.write(copyOf(bytes, 0, bytes.length));
    this.#unsent = false;
    return writeCopyTo(this.#link, bytes);
  }

  /** Ends the link after the commit: FIN confirms the DISCONNECT. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (!this.#holds()) this.#link.end();
  }

  reset(): void {
    this.#forget();
    this.#link.reset();
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  /** After the commit: sends the held output. */
  flush(): void {
    const chunks = this.#chunks;
    if (chunks === undefined) return;
    const wantsDrain = this.#wantsDrain;
    this.#forget();
    let room = true;
    for (const chunk of chunks) room = this.#link.write(chunk);
    if (chunks.length > 0) this.#unsent = false;
    if (this.#ending) this.#link.end();
    else if (wantsDrain && room) this.receiver.onDrain();
  }

  /** After a failed commit: drops the held output, which would report uncommitted changes. */
  drop(): void {
    if (this.#chunks === undefined) return;
    this.#forget();
    this.#unbound = true; // from now on output only says why the connection ends
    if (this.#ending) this.#link.reset();
    else this.#lost(this.#unsent);
  }

  #holds(): boolean {
    if (this.#chunks !== undefined) return true;
    if (!this.#gate.closed || this.#unbound) return false;
    this.#chunks = [];
    this.#gate.hold(this);
    return true;
  }

  #forget(): void {
    this.#chunks = undefined;
    this.#heldBytes = 0;
    this.#wantsDrain = false;
  }
}
