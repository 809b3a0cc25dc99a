/**
 * A session of the test broker that makes open choices: subscriptions, waiting messages and unacknowledged ones. Owns
 * the order in which messages leave, and the redelivery.
 */
import type { Message } from "../../../src/mqtt/message.ts";
import type { AcknowledgePacket, ConnectWill, ProtocolVersion, QoS } from "../../../src/mqtt/packet.ts";
import { matches } from "../../../src/mqtt/topic.ts";
import type { Choices } from "./open_choices.ts";
import type { Later } from "./open_lane.ts";

/** One subscription of a session. */
export interface OpenSubscription {
  /** The requested filter. */
  readonly asked: string;
  /** The filter that topics must match. */
  readonly filter: string;
  /** The group of a shared one. */
  readonly group?: string;
  readonly granted: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier?: number;
}

/** A message for one client. */
export interface Outgoing {
  readonly message: Message;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
}

/** The functions of a connection that its session needs. */
export interface Carrier {
  /** The client's Receive Maximum. */
  readonly quota: number;
  /** True while submitted packets have not left. */
  readonly busy: boolean;
  /** Writes a PUBLISH; false if it is too large for the client. */
  publish(outgoing: Outgoing, packetId: number | undefined, dup: boolean): boolean;
  release(packetId: number): void;
}

interface InFlight {
  readonly outgoing: Outgoing;
  readonly packetId: number;
  state: "publish" | "pubrel";
  sends: number;
  /** The session must send it again over this connection, and has not yet. */
  due: boolean;
}

/** The context that all parts of the broker share. */
export interface OpenDeps {
  readonly choices: Choices;
  readonly later: Later;
  readonly nowMs: () => number;
}

/** After this time without an acknowledgement a 3.1.1 message may be repeated, in milliseconds. */
const againAfterMs = 1_500;
/** A message that is older than this is sent before all others, in milliseconds. */
const holdWithinMs = 250;

export class OpenSession {
  readonly subscriptions = new Map<string, OpenSubscription>();
  /** Unreleased QoS 2 packet identifiers, with the message if it waits for PUBREL. */
  readonly unreleased = new Map<number, Message | undefined>();
  /** The will of its connection, or a delayed one. */
  will: ConnectWill | undefined;
  /** Session Expiry Interval in force; Infinity for never. */
  expiryS = 0;
  readonly #deps: OpenDeps;
  #carrier: Carrier | undefined;
  #queue: Outgoing[] = [];
  #inFlight: InFlight[] = [];
  #packetId = 0;
  #holdsUntilMs = 0;

  constructor(readonly clientId: string, readonly version: ProtocolVersion, deps: OpenDeps) {
    this.#deps = deps;
  }

  get online(): boolean {
    return this.#carrier !== undefined;
  }

  /** True while messages wait that the session could send now. */
  get holds(): boolean {
    return this.#queue.length > 0 && this.#holdsUntilMs > this.#deps.nowMs();
  }

  /** The matching subscriptions, without shared ones; also without the publisher's own with No Local. */
  matching(topic: string, from: string | undefined): OpenSubscription[] {
    return [...this.subscriptions.values()].filter(({ group, filter, noLocal }) =>
      group === undefined && !(noLocal && from === this.clientId) && matches(filter, topic)
    );
  }

  /**
   * A connection of the client has opened: the session sends unacknowledged messages again, in order, before the
   * waiting ones.
   */
  attach(carrier: Carrier): void {
    this.#carrier = carrier;
    for (const flight of this.#inFlight) flight.due = true;
    this.pump();
  }

  detach(): void {
    this.#carrier = undefined;
    this.#holdsUntilMs = 0;
  }

  /** Queues a message for this client. */
  take(outgoing: Outgoing): void {
    const { choices, later, nowMs } = this.#deps;
    if (!this.online && outgoing.qos === 0) {
      if (!choices.does("qos 0: kept for a session that is offline")) {
        return void choices.made("qos 0: dropped for a session that is offline");
      }
    }
    this.#queue.push(outgoing);
    const ageMs = nowMs() - outgoing.message.publishedAtMs;
    const reorders = "order: messages of different topics or qos overtake one another";
    if (this.online && !this.holds && ageMs < holdWithinMs && choices.makes(reorders)) {
      const waitMs = 1 + choices.random.below(50);
      this.#holdsUntilMs = nowMs() + waitMs;
      later(waitMs, () => this.pump());
    } else if (!this.holds) this.pump();
  }

  /** Sends as many messages as the limits allow. */
  pump(): void {
    this.#holdsUntilMs = 0;
    this.#sendDue();
    for (let place = this.#next(); place >= 0 && this.#carrier !== undefined; place = this.#next()) {
      this.#send(this.#queue.splice(place, 1)[0]!);
    }
  }

  /** Sends unacknowledged messages again, in order, within the quota. */
  #sendDue(): void {
    for (const flight of [...this.#inFlight]) {
      if (!flight.due || this.#carrier === undefined) continue;
      if (this.#inFlight.filter(({ due }) => !due).length >= this.#quota) return;
      flight.due = false;
      this.#again(flight, "redelivery: with DUP over a resumed session");
    }
  }

  /** The index of the next message to send; below 0 for none. */
  #next(): number {
    const { choices } = this.#deps;
    const reorders = choices.makes("order: messages of different topics or qos overtake one another");
    const heads = new Map<string, number>();
    for (const [place, { message: { topic }, qos }] of this.#queue.entries()) {
      const key = `${qos} ${topic}`;
      if (heads.has(key)) continue;
      heads.set(key, place);
      if (!reorders) break;
    }
    const free = this.#quota > this.#inFlight.length;
    const ready = [...heads.values()].filter((place) => free || this.#queue[place]!.qos === 0);
    if (ready.length === 0) return -1;
    const place = reorders ? choices.pick(ready) : ready[0]!;
    if (place > 0) choices.made("order: messages of different topics or qos overtake one another");
    return place;
  }

  get #quota(): number {
    const { choices } = this.#deps;
    const asked = this.#carrier?.quota ?? 0;
    if (!choices.makes("send quota: smaller than the client's receive maximum")) return asked;
    return Math.min(asked, 1 + choices.random.seed % 3);
  }

  #send(outgoing: Outgoing): void {
    const carrier = this.#carrier!;
    const { message: { properties, publishedAtMs }, qos } = outgoing;
    const expiryS = properties?.messageExpiryIntervalS;
    const nowMs = this.#deps.nowMs();
    if (expiryS !== undefined && nowMs - publishedAtMs >= expiryS * 1_000) return;
    if (qos === 0) return void carrier.publish(outgoing, undefined, false);
    const packetId = this.#freeId();
    if (!carrier.publish(outgoing, packetId, false)) return;
    const flight: InFlight = { outgoing, packetId, state: "publish", sends: 1, due: false };
    this.#inFlight.push(flight);
    const limited = Math.min(carrier.quota, 65_535) > this.#quota && this.#inFlight.length >= this.#quota;
    if (limited) this.#deps.choices.made("send quota: smaller than the client's receive maximum");
    if (this.version === 4) this.#watch(flight, carrier);
  }

  /** A 3.1.1 server may repeat unacknowledged messages during the connection. */
  #watch(flight: InFlight, carrier: Carrier): void {
    const { choices, later } = this.#deps;
    if (!choices.makes("redelivery: with DUP while the connection lives, in 3.1.1")) return;
    later(againAfterMs, () => {
      if (this.#carrier !== carrier || this.#inFlight[0] !== flight || flight.sends > 1) return;
      // A packet that leaves later could cross its acknowledgement.
      if (carrier.busy) return;
      // All of them, to keep the order.
      for (const each of this.#inFlight) {
        if (each.sends === 1) this.#again(each, "redelivery: with DUP while the connection lives, in 3.1.1");
      }
    });
  }

  #again(flight: InFlight, why: Parameters<Choices["made"]>[0]): void {
    flight.sends++;
    if (flight.state === "pubrel") return this.#carrier!.release(flight.packetId);
    this.#deps.choices.made(why);
    if (this.#carrier!.publish(flight.outgoing, flight.packetId, true)) return;
    this.#inFlight = this.#inFlight.filter((each) => each !== flight);
  }

  #freeId(): number {
    do this.#packetId = this.#packetId % 65_535 + 1; while (
      this.#inFlight.some(({ packetId }) => packetId === this.#packetId)
    );
    return this.#packetId;
  }

  /** PUBACK, PUBREC or PUBCOMP of the client. Returns whether it belongs to an unacknowledged message. */
  acknowledged({ type, packetId, reasonCode = 0 }: AcknowledgePacket): boolean {
    const flight = this.#inFlight.find((each) => each.packetId === packetId);
    if (flight === undefined) return false;
    const { qos } = flight.outgoing;
    if (type === "pubrec" && qos === 2 && reasonCode < 0x80) {
      flight.state = "pubrel";
      this.#carrier!.release(packetId);
      return true;
    }
    const isLast = type === "puback" ? qos === 1 : qos === 2 && (type === "pubcomp" || flight.state === "publish");
    if (!isLast) return true;
    this.#inFlight = this.#inFlight.filter((each) => each !== flight);
    if (!this.holds) this.pump();
    return true;
  }
}
