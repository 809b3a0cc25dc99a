/**
 * One socket as a link, accepted or dialled. Owns the queue of bytes to send, and determines how the link ended; knows no
 * MQTT. An idle link consists of this object, its queue and a descriptor. Its phases are in `link_phase.ts`.
 */
import { monotonicClock } from "../../base/clock.ts";
import { highWaterBytes, type Link, type LinkEnd, type LinkEnds, type LinkReceiver } from "../link.ts";
import { type Lingering, startLingering, stopLingering } from "../tcp/linger.ts";
import { ArrivalStamps } from "./arrival_stamps.ts";
import { type ClosedLink, finishSoon } from "./closed_links.ts";
import type { DescriptorWatcher, EpollLoop, Writer } from "./epoll_loop.ts";
import { Epoll, readBytes, SocketError } from "./libc.ts";
import { endOf } from "./link_end.ts";
import { type LinkEvent, type LinkPhase, nextLinkPhase, type Writing } from "./link_phase.ts";
import { addressText, type KeptAddress, keptAddressText } from "./socket_address.ts";
import { WriteQueue } from "./write_queue.ts";

/** Used until the first user sets a receiver. */
const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

const closed: LinkEnd = { kind: "closed" };

/** The operation that opens a dialled link. */
export interface Opening {
  /** Cancels the operation, because the link is no longer needed. */
  cancel(): void;
}

/** Maximum number of reads in a row from one link before other links have their turn. */
const readsInTurn = 16;
/** Time in milliseconds of the receiver beyond which a link is read in smaller parts, after the other links. */
const longTurnMs = 1;
/** Minimum size of these parts: one or two packets. */
const leastReadBytes = 64;
/** Initial size of a read; it grows if the receiver is fast. */
const firstReadBytes = 4 * 1024;
/** A smaller read is not timed, unless earlier ones were slow. */
const timedReadBytes = 256;
/** Number of bytes queued on one link that are sent before the turn ends. */
const aheadBytes = 64 * 1024;
const wantsBytes = Epoll.in | Epoll.peerHangUp;
/** The interest while reads are paused. */
const wantsEnd = Epoll.peerHangUp;
const hungUp = Epoll.error | Epoll.hangUp;
/** The interest of a link that hung up while reads are paused: epoll would report EPOLLHUP on every wait. */
const parked = -1;

export class EpollLink implements Link, Lingering, DescriptorWatcher, Writer, ClosedLink {
  receiver: LinkReceiver = noReceiver;
  token = 0;
  readonly #loop: EpollLoop;
  readonly #peer: KeptAddress;
  /** Negative before the link is open, and after it was closed. */
  #socket = -1;
  #opening: Opening | undefined;
  #interest = 0;
  readonly #queue = new WriteQueue();
  /** The current size of a read. */
  #readBytes = firstReadBytes;
  #phase: LinkPhase = "opening";
  #paused = false;
  #writing: Writing = "free";
  /** The receiver waits for `onDrain`. */
  #wantsDrain = false;
  /** The loop calls `flush` at the end of the turn. */
  #flushComing = false;
  #fault: LinkEnd | undefined;
  /** Present if the kernel stamps its bytes. */
  #stamps: ArrivalStamps | undefined;

  constructor(loop: EpollLoop, peer: KeptAddress, opening?: Opening) {
    this.#loop = loop;
    this.#peer = peer;
    this.#opening = opening;
  }

  /** Attaches an accepted socket. Returns a negative number if it cannot be watched. */
  accepted(socket: number): number {
    const answer = this.#loop.watch(socket, this, wantsBytes);
    if (answer < 0) return answer;
    this.#enter("opened");
    this.#socket = socket;
    this.#interest = wantsBytes;
    return answer;
  }

  /** Attaches a dialled socket, which its dialler already watches. */
  opened(socket: number): void {
    this.#opening = undefined;
    this.#enter("opened");
    this.#socket = socket;
    this.#interest = this.#paused ? wantsEnd : wantsBytes;
    const answer = this.#loop.handOver(socket, this, this.#interest);
    if (answer < 0) return this.#cannotWatch(answer);
    if (this.#stamps !== undefined) this.#loop.libc.stampArrivals(socket);
    if ("onOpen" in this.receiver) (this.receiver.onOpen as () => void)();
    if (this.#queue.sizeBytes > 0) this.#flushSoon();
  }

  /** The link could not be opened. */
  notOpened(end: LinkEnd): void {
    this.#opening = undefined;
    this.#finish(end);
  }

  get peer(): string {
    return keptAddressText(this.#peer);
  }
  get ends(): LinkEnds | undefined {
    if (this.#socket < 0 || this.#loop.libc.ownAddress(this.#socket) < 0) return undefined;
    return { local: addressText(this.#loop.libc.lastAddress), remote: this.peer };
  }
  get arrivedMs(): number | undefined {
    return this.#stamps?.arrivedMs;
  }
  get bufferedBytes(): number {
    return this.#queue.sizeBytes;
  }
  get isPeerGone(): boolean {
    return this.#interest === parked;
  }

  get open(): boolean {
    return this.#phase === "open" || this.#phase === "opening";
  }

  /** `onEnd` was called. */
  get #over(): boolean {
    return this.#phase === "leaving" || this.#phase === "closed";
  }

  /** Its user has ended it, and the peer has not. */
  get #ending(): boolean {
    return this.#phase === "ending" || this.#phase === "fin-sent";
  }

  #enter(event: LinkEvent): void {
    this.#phase = nextLinkPhase(this.#phase, event);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#takes(bytes)) return true;
    this.#queue.add(bytes);
    return this.#added();
  }

  writeCopy(bytes: Uint8Array): boolean {
    if (!this.#takes(bytes)) return true;
    this.#queue.addCopy(bytes);
    return this.#added();
  }

  #takes(bytes: Uint8Array): boolean {
    return this.open && this.#writing !== "failed" && bytes.length > 0;
  }

  /** Bytes were added to the queue; returns whether there is room for more. */
  #added(): boolean {
    if (this.#socket >= 0 && this.#writing === "free") this.#sendSoon();
    if (this.#queue.sizeBytes <= highWaterBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (!this.open) return;
    if (this.#socket < 0) return this.#closedSoon();
    this.#enter("end");
    this.#paused = false;
    this.#watch();
    startLingering(this);
    if (this.#writing === "free") this.#queue.sizeBytes === 0 ? this.#send() : this.#flushSoon();
  }

  reset(): void {
    if (this.#over) return;
    this.#queue.clear();
    if (this.#socket >= 0) {
      const socket = this.#takeSocket();
      this.#loop.libc.sendReset(socket);
      this.#loop.close(socket, true);
    }
    this.#closedSoon();
  }

  /** From now on {@link giveUp} resets with one system call: for a bench that resets thousands of links. */
  armReset(): void {
    if (this.#socket >= 0) this.#loop.libc.lingerNothing(this.#socket);
  }

  giveUp(): void {
    this.#closeSocket();
    this.#finish(closed);
  }

  stampArrivals(): void {
    this.#stamps ??= new ArrivalStamps();
    if (this.#socket >= 0) this.#loop.libc.stampArrivals(this.#socket);
  }

  pause(): void {
    this.#paused = this.open;
    this.#watch();
  }

  resume(): void {
    this.#paused = false;
    this.#watch();
  }

  drop(): void {
    this.receiver = noReceiver;
    this.giveUp();
  }

  ready(bits: number): void {
    if ((bits & Epoll.out) !== 0 || (this.#writing === "full" && (bits & hungUp) !== 0)) this.#send();
    if (this.#socket < 0) return;
    if (this.#over) return void ((bits & hungUp) !== 0 && this.giveUp());
    if (!this.#paused) return this.#receive((bits & (Epoll.peerHangUp | hungUp)) !== 0);
    if ((bits & (Epoll.peerHangUp | hungUp)) === 0) return;
    this.#loop.park(this.#socket);
    this.#interest = parked;
  }

  flush(): void {
    this.#flushComing = false;
    if (this.#socket >= 0 && this.#writing === "free") this.#send();
  }

  #flushSoon(): void {
    if (this.#flushComing) return;
    this.#flushComing = true;
    this.#loop.flushSoon(this);
  }

  /** @param toTheEnd the peer has sent its last byte: reads until the end */
  #receive(toTheEnd: boolean): void {
    const { libc } = this.#loop;
    let startMs = 0;
    for (let reads = 0; reads < readsInTurn; reads++) {
      const limit = this.#readBytes;
      const answer = this.#stamps?.read(libc, this.#socket, limit) ?? libc.read(this.#socket, limit);
      if (answer === SocketError.interrupted) continue;
      if (answer === SocketError.again) return;
      if (answer <= 0) return this.#ended(answer);
      const isTimed = answer >= timedReadBytes || limit < firstReadBytes;
      const fromMs = isTimed ? monotonicClock.nowMs() : 0;
      if (startMs === 0) startMs = fromMs;
      if (this.open) this.receiver.onBytes(libc.bytesRead(answer));
      if (this.#socket < 0 || this.#paused || (answer < limit && !toTheEnd)) return;
      if (fromMs > 0 && this.#isLongTurn(answer, fromMs, startMs)) return;
    }
  }

  /** Whether the turn, begun at `startMs`, is long; the receiver got bytes at `fromMs`. Epoll reports the rest. */
  #isLongTurn(sizeBytes: number, fromMs: number, startMs: number): boolean {
    const nowMs = monotonicClock.nowMs();
    const tookMs = nowMs - fromMs;
    if (tookMs > longTurnMs) this.#readBytes = Math.max(leastReadBytes, Math.trunc(sizeBytes * longTurnMs / tookMs));
    else if (tookMs < longTurnMs / 4) this.#readBytes = Math.min(readBytes, this.#readBytes << 1);
    return nowMs - startMs > longTurnMs;
  }

  /** The peer has closed: 0 is FIN, a negative number is `-errno`. */
  #ended(answer: number): void {
    if (answer < 0) this.#fault ??= endOf("read", answer);
    this.#finish(this.#ending ? closed : this.#fault ?? { kind: "fin" }, answer === 0);
  }

  /** Sends at the end of the turn, or at once if a buffer is full, so that neither the peer nor a quota waits. */
  #sendSoon(): void {
    this.#flushSoon();
    if (this.#queue.sizeBytes < aheadBytes) return;
    const answer = this.#handOver(aheadBytes);
    if (answer < 0) this.#fault ??= endOf("write", answer); // the end of the turn handles it
  }

  #send(): void {
    const answer = this.#handOver(1);
    if (answer < 0) return this.#notSent(answer);
    if (this.#queue.sizeBytes > 0) return;
    this.#setWriting("free");
    this.#sent();
  }

  /** Passes bytes to the operating system while at least `leastBytes` are queued. Returns an error below 0. */
  #handOver(leastBytes: number): number {
    const { libc } = this.#loop;
    while (this.#queue.sizeBytes >= leastBytes) {
      const sizeBytes = this.#queue.fill(libc.sendBuffer);
      const answer = libc.send(this.#socket, sizeBytes);
      if (answer === SocketError.interrupted) continue;
      if (answer < 0 && answer !== SocketError.again) return answer;
      if (answer > 0) this.#queue.sent(answer);
      if (answer === sizeBytes) continue;
      this.#setWriting("full");
      return 0;
    }
    return 0;
  }

  /** All written bytes have been sent. */
  #sent(): void {
    if (this.#over) return this.#closeSocket();
    if (this.#phase === "ending") {
      this.#enter("fin");
      this.#loop.libc.shutDown(this.#socket);
    }
    this.#drained();
  }

  /** Bytes that the peer sent before it closed, such as a DISCONNECT, are still to be read; the end follows them. */
  #notSent(fault: number): void {
    this.#fault ??= endOf("write", fault);
    this.#queue.clear();
    if (this.#over || this.#ending) return this.giveUp();
    this.#setWriting("failed");
    this.#drained();
  }

  #drained(): void {
    if (!this.#wantsDrain || !this.open) return;
    this.#wantsDrain = false;
    this.receiver.onDrain();
  }

  #setWriting(writing: Writing): void {
    this.#writing = writing;
    this.#watch();
  }

  /** Tells epoll the current interest. */
  #watch(): void {
    if (this.#socket < 0) return;
    const wanted = this.#over ? 0 : this.#paused ? wantsEnd : wantsBytes;
    const interest = wanted | (this.#writing === "full" ? Epoll.out : 0);
    const isParked = this.#interest === parked;
    if (isParked ? interest === 0 : interest === this.#interest) return;
    const answer = isParked
      ? this.#loop.unpark(this.#socket, this, interest)
      : this.#loop.rewatch(this.#socket, this, interest);
    if (answer < 0) return this.#cannotWatch(answer);
    this.#interest = interest;
  }

  /** The operating system has no watch or memory left: this link ends, and no other. */
  #cannotWatch(answer: number): void {
    this.#fault ??= endOf("watch", answer);
    queueMicrotask(() => {
      this.#closeSocket();
      this.#finish(this.#fault!);
    });
  }

  #closedSoon(): void {
    this.#enter("shut");
    this.#opening?.cancel();
    this.#opening = undefined;
    finishSoon(this);
  }

  finishClosed(): void {
    this.#finish(closed);
  }

  #takeSocket(): number {
    const socket = this.#socket;
    this.#socket = -1;
    this.#loop.forget(socket);
    return socket;
  }

  #closeSocket(isInTurn = false): void {
    this.#queue.clear();
    if (!this.open) stopLingering(this);
    if (this.#socket >= 0) this.#loop.close(this.#takeSocket(), isInTurn);
    if (this.#phase === "leaving") this.#enter("left");
  }

  /** @param mayRead the peer has sent FIN, and may still read */
  #finish(end: LinkEnd, mayRead = false): void {
    if (this.#over) return;
    if (this.open) this.#enter("shut");
    this.#paused = false;
    if (mayRead && this.#queue.sizeBytes > 0 && this.#writing === "free") this.#send();
    if (this.#over) return;
    if (mayRead && this.#queue.sizeBytes > 0) {
      // Continues to send the written bytes, for at most the linger time.
      if (!this.#ending) startLingering(this);
      this.#enter("peer-fin");
      this.#watch();
    } else {
      this.#enter("over");
      this.#closeSocket(true);
    }
    this.receiver.onEnd(end);
  }
}
