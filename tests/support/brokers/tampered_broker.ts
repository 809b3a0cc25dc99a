/**
 * Our own broker's core behind a filter that changes packets in both directions: brokers that break one rule each. The
 * filter does not touch the control arm's packets, so that a check is not void.
 */
import type { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { decode, encode, frameSize } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, Packet, PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Link, LinkEnd } from "../../../src/net/link.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";
import { PacketStream } from "../../../src/net/packet_stream.ts";
import { type BrokerMaker, givenRun, ourCore } from "./checked_broker.ts";

/** The changes; absent ones change nothing. Created for each check, so that they may have state. */
export interface Tamper {
  /** Options of the core itself. */
  readonly core?: CoreOptions;
  /** One write of a client: the bytes that the broker receives in its place; undefined for none. */
  fromClient?(bytes: Uint8Array, link: TamperedLink): Uint8Array | undefined;
  /** One packet of the broker: the packets that the client receives in its place. */
  fromBroker?(packet: Packet, link: TamperedLink): readonly (Packet | Uint8Array)[];
  /** The client's link has ended: whether the broker sees it. */
  hidesEnd?(link: TamperedLink): boolean;
  /** The broker closes: whether the client sees it. */
  hidesClose?(link: TamperedLink): boolean;
}

/** One link with both its ends. */
export interface TamperedLink {
  /** The client's CONNECT; undefined before, or if the first packet is another. */
  readonly connect: ConnectPacket | undefined;
  /** When the client last sent bytes. */
  readonly heardMs: number;
  readonly nowMs: number;
  /** The other links that are open. */
  readonly others: readonly TamperedLink[];
  /** Sends to the client. */
  toClient(packet: Packet | Uint8Array): void;
  /** Sends to the broker. */
  toBroker(bytes: Uint8Array): void;
  /** Closes towards the client. */
  closeClient(): void;
  /** Closes towards the broker. */
  closeBroker(): void;
  /** Publishes through the broker, without a client. */
  publish(message: Pick<PublishPacket, "topic" | "payload"> & Partial<PublishPacket>): void;
  /** Runs `act` later. */
  after(ms: number, act: () => void): void;
}

/** The clients of the control arm are those of the first stage. */
function isControl(connect: ConnectPacket | undefined): boolean {
  return connect !== undefined && /^[0-9a-z]{6}c1x/.test(connect.clientId);
}

/** True for a client of the case, not of the control arm. */
export function isOfCase({ clientId }: { readonly clientId: string }): boolean {
  return !/^[0-9a-z]{6}c1x/.test(clientId);
}

/** How to tamper with a broker. */
export interface Tampering {
  /** Also tampers with the control arm. */
  readonly spoilsControl?: boolean;
  /** The broker behind the filter; our own core when absent. */
  readonly over?: (tamper: Tamper) => BrokerMaker;
}

/** A broker behind a filter. */
export function tampered(makeTamper: () => Tamper, { spoilsControl = false, over }: Tampering = {}): BrokerMaker {
  return (clock, later) => {
    const tamper = makeTamper();
    const core = (over?.(tamper) ?? ourCore(tamper.core))(clock, later);
    const timers = new Deadlines<() => void>();
    const between: Between[] = [];
    return {
      get nextMs() {
        return Math.min(core.nextMs, timers.nextMs);
      },
      turn: (nowMs) => {
        core.turn(nowMs);
        for (let act = timers.takeDue(nowMs); act !== undefined; act = timers.takeDue(nowMs)) act();
      },
      accept: (link) => {
        const dial = () => {
          const [near, far] = memoryLinkPair(later);
          core.accept(far);
          return near;
        };
        between.push(new Between(link, dial, tamper, clock, timers, between, spoilsControl));
      },
    };
  };
}

class Between implements TamperedLink {
  connect: ConnectPacket | undefined;
  heardMs: number;
  isOpen = true;
  readonly #client: Link;
  readonly #broker: Link;
  readonly #dial: () => Link;
  readonly #tamper: Tamper;
  readonly #clock: ManualClock;
  readonly #timers: Deadlines<() => void>;
  readonly #all: readonly Between[];
  #stream: PacketStream | undefined;
  #isFirst = true;
  readonly #spoilsControl: boolean;

  constructor(
    client: Link,
    dial: () => Link,
    tamper: Tamper,
    clock: ManualClock,
    timers: Deadlines<() => void>,
    all: readonly Between[],
    spoilsControl: boolean,
  ) {
    this.#spoilsControl = spoilsControl;
    this.#client = client;
    this.#dial = dial;
    this.#broker = dial();
    this.#tamper = tamper;
    this.#clock = clock;
    this.#timers = timers;
    this.#all = all;
    this.heardMs = clock.nowMs();
    client.receiver = {
      onBytes: (bytes) => this.#heard(bytes.slice()),
      onDrain() {},
      onEnd: (end) => this.#clientEnded(end),
    };
    this.#broker.receiver = {
      onBytes: (bytes) => this.#received(bytes),
      onDrain() {},
      onEnd: () => this.#brokerEnded(),
    };
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  get others(): readonly TamperedLink[] {
    return this.#all.filter((each) => each !== this && each.isOpen);
  }

  toClient(packet: Packet | Uint8Array): void {
    this.#client.write(packet instanceof Uint8Array ? packet : encode(packet, this.#version));
  }

  toBroker(bytes: Uint8Array): void {
    this.#broker.write(bytes);
  }

  closeClient(): void {
    this.#client.end();
  }

  closeBroker(): void {
    this.#broker.end();
  }

  publish(message: Pick<PublishPacket, "topic" | "payload"> & Partial<PublishPacket>): void {
    const link = this.#dial();
    const { username, password } = givenRun.login;
    const login = { username, password: new TextEncoder().encode(password) };
    const connect = { type: "connect", cleanStart: true, keepAliveS: 0, clientId: "", ...login } as const;
    link.write(encode({ ...connect, protocolVersion: 5 }, 5));
    link.write(encode({ type: "publish", dup: false, qos: 0, retain: false, packetId: 1, ...message }, 5));
    link.write(encode({ type: "disconnect" }, 5));
  }

  after(ms: number, act: () => void): void {
    this.#timers.add(this.nowMs + ms, act);
  }

  get #isSpared(): boolean {
    return !this.#spoilsControl && isControl(this.connect);
  }

  get #version(): 4 | 5 {
    return this.connect?.protocolVersion ?? 5;
  }

  #heard(bytes: Uint8Array): void {
    this.heardMs = this.nowMs;
    if (this.#isFirst) this.connect = connectIn(bytes);
    this.#isFirst = false;
    const passed = this.#isSpared || this.#tamper.fromClient === undefined
      ? bytes
      : this.#tamper.fromClient(bytes, this);
    if (passed !== undefined) this.toBroker(passed);
  }

  #received(bytes: Uint8Array): void {
    if (this.#isSpared || this.#tamper.fromBroker === undefined) return void this.#client.write(bytes.slice());
    this.#stream ??= new PacketStream({
      maximumPacketSize: 2 ** 28,
      version: this.#version,
      receiver: {
        onPacket: (packet) => this.#tamper.fromBroker!(packet, this).forEach((each) => this.toClient(each)),
        onProtocolError: (error) => {
          throw error;
        },
      },
    });
    this.#stream.push(bytes);
  }

  #clientEnded(end: LinkEnd): void {
    this.isOpen = false;
    if (!this.#isSpared && this.#tamper.hidesEnd?.(this) === true) return;
    if (end.kind === "reset") this.#broker.reset();
    else this.#broker.end();
  }

  #brokerEnded(): void {
    if (!this.#isSpared && this.#tamper.hidesClose?.(this) === true) return;
    this.isOpen = false;
    this.#client.end();
  }
}

function connectIn(bytes: Uint8Array): ConnectPacket | undefined {
  try {
    const packet = decode(bytes.subarray(0, frameSize(bytes, 0, bytes.length)), undefined);
    return packet.type === "connect" ? packet : undefined;
  } catch {
    return undefined;
  }
}
