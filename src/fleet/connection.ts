/**
 * One MQTT connection of the fleet's: a link, the packets on it, and keep alive. What the packets mean is its owner's
 * business: a virtual client, a watcher, a control.
 */
import type { Clock } from "../base/clock.ts";
import type { Deadline, Deadlines } from "../base/deadlines.ts";
import type { ProtocolError } from "../base/failure.ts";
import { encode } from "../mqtt/codec.ts";
import type { Packet, ProtocolVersion } from "../mqtt/packet.ts";
import type { DialReceiver, Link, LinkEnd } from "../net/link.ts";
import { type PacketReceiver, PacketStream } from "../net/packet_stream.ts";

/** Something that asked to be woken. */
export interface Wakeable {
  wake(nowMs: number): void;
}

/** What a squad needs of the world; tests hand over a manual clock and links in memory. */
export interface World {
  readonly clock: Clock;
  /** Everything that wants to be woken; the squad's owner asks it on each turn. */
  readonly wakes: Deadlines<Wakeable>;
  /** True where `Link.reset` sends RST. */
  readonly canReset: boolean;
  /** Starts to open a link to the broker. `place` spreads connections over several source addresses. */
  dial(receiver: DialReceiver, place: number): Link;
}

/** How a connection ended: its link did, or the broker sent what no one may send. */
export type ConnectionEnd = LinkEnd | { readonly kind: "malformed"; readonly message: string };

/** What a connection calls. */
export interface ConnectionOwner {
  /** The link is open: time for CONNECT. */
  onOpen(connection: Connection, nowMs: number): void;
  onPacket(connection: Connection, packet: Packet, nowMs: number): void;
  /** Nothing more comes; called once. */
  onOver(connection: Connection, end: ConnectionEnd, nowMs: number): void;
}

/** Far above any packet that this fleet can cause; a larger one is a fault of the broker's. */
const maximumPacketSize = 1_048_576;

const pingreq = encode({ type: "pingreq" }, 4);

/** Silent for this share of keep alive, a client sends PINGREQ: half of it is left for a slow machine. */
const pingShare = 0.75;

export class Connection implements DialReceiver, PacketReceiver, Wakeable {
  readonly version: ProtocolVersion;
  /** When the last bytes were sent; 0 before the first. */
  lastSentMs = 0;
  /** This machine kept it from sending for longer than keep alive allows. */
  overslept = false;
  /** How many PINGREQ were sent. */
  pings = 0;
  readonly #world: World;
  readonly #owner: ConnectionOwner;
  readonly #link: Link;
  readonly #stream: PacketStream;
  #pingEveryMs = 0;
  #ping: Deadline<Wakeable> | undefined;
  #nowMs = 0;
  #over = false;

  constructor(world: World, version: ProtocolVersion, owner: ConnectionOwner, place: number) {
    this.version = version;
    this.#world = world;
    this.#owner = owner;
    this.#stream = new PacketStream({ maximumPacketSize, receiver: this, version });
    this.#link = world.dial(this, place);
  }

  /** The broker, as `host:port`. */
  get peer(): string {
    return this.#link.peer;
  }

  /** True once nothing more comes. */
  get over(): boolean {
    return this.#over;
  }

  /** Sends one packet. */
  send(packet: Packet, nowMs: number): void {
    this.sendBytes(encode(packet, this.version), nowMs);
  }

  /** Sends bytes, be they a packet or not. */
  sendBytes(bytes: Uint8Array, nowMs: number): void {
    this.oversleeps(nowMs);
    this.lastSentMs = nowMs;
    this.#link.write(bytes);
  }

  /** Looks whether nothing was sent for so long that the broker may have ended this connection for its silence. */
  oversleeps(nowMs: number): boolean {
    // A ping falls due at half the time that the broker must wait: beyond nine tenths of it, it is too late to be sure.
    if (this.#pingEveryMs > 0 && nowMs - this.lastSentMs > this.#pingEveryMs / pingShare * 1.5 * 0.9) {
      this.overslept = true;
    }
    return this.overslept;
  }

  /** Sends PINGREQ whenever nothing else was sent for a while; 0 does not. */
  keepAlive(keepAliveS: number, nowMs: number): void {
    if (keepAliveS === 0) return;
    this.#pingEveryMs = keepAliveS * 1_000 * pingShare;
    this.#ping = this.#world.wakes.add(nowMs + this.#pingEveryMs, this);
  }

  wake(nowMs: number): void {
    if (this.#over || this.#pingEveryMs === 0) return;
    if (this.lastSentMs + this.#pingEveryMs <= nowMs) this.ping(nowMs);
    this.#world.wakes.move(this.#ping!, this.lastSentMs + this.#pingEveryMs);
  }

  /** Sends PINGREQ. */
  ping(nowMs: number): void {
    this.pings++;
    this.sendBytes(pingreq, nowMs);
  }

  /** Sends nothing any more by itself. */
  fallSilent(): void {
    this.#pingEveryMs = 0;
    if (this.#ping !== undefined) this.#world.wakes.cancel(this.#ping);
  }

  /** Sends FIN after what was written. */
  end(): void {
    this.fallSilent();
    this.#link.end();
  }

  /** Sends RST. */
  reset(): void {
    this.fallSilent();
    this.#link.reset();
  }

  onOpen(): void {
    this.#owner.onOpen(this, this.#world.clock.nowMs());
  }

  onBytes(bytes: Uint8Array): void {
    this.#nowMs = this.#world.clock.nowMs();
    this.#stream.push(bytes);
  }

  onDrain(): void {}

  onPacket(packet: Packet): void {
    if (!this.#over) this.#owner.onPacket(this, packet, this.#nowMs);
  }

  onProtocolError({ message }: ProtocolError): void {
    this.#finish({ kind: "malformed", message });
    this.#link.reset();
  }

  onEnd(end: LinkEnd): void {
    this.#finish(end);
  }

  #finish(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.fallSilent();
    this.#stream.stop();
    this.#owner.onOver(this, end, this.#world.clock.nowMs());
  }
}

/** An end in words. */
export function endText(end: ConnectionEnd): string {
  switch (end.kind) {
    case "fin":
      return "the broker closed the connection";
    case "reset":
      return "the broker reset the connection";
    case "closed":
      return "the connection was closed";
    case "malformed":
      return `the broker sent a malformed packet (${end.message})`;
    case "error":
      return errorTexts[end.code] ?? end.message;
  }
}

/** What the operating system's codes mean to someone who dials. */
const errorTexts: Readonly<Record<string, string>> = {
  EADDRINUSE: "no source port is left towards it: give it time, or more addresses with --source-address",
  EADDRNOTAVAIL: "no source port is left towards it, or a --source-address is not this machine's",
  ECONNREFUSED: "connection refused: nothing listens there",
  EINVAL: "a --source-address is not this machine's, or cannot reach it",
  EHOSTUNREACH: "no way to that host",
  EMFILE: "too many open files: raise the limit (ulimit -n)",
  ENETUNREACH: "no way to that network",
  ENOTFOUND: "no host of that name",
  ETIMEDOUT: "no answer: the connection timed out",
};
