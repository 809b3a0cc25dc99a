/**
 * A sender and a watcher whose sessions outlive the broker: each keeps its half of every QoS 1 and 2 exchange, as the
 * standard requires of a client, and the test compares their two records.
 */
import type { Packet, PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Random } from "../../../src/base/random.ts";
import { bytesOf, textOf } from "../../broker/stage.ts";
import { CrashPeer } from "./crash_peer.ts";

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 0xffff_ffff } } as const;

/** The most unacknowledged messages. */
const openLimit = 20;

class Lasting {
  protected peer: CrashPeer | undefined;
  #known = false;

  constructor(readonly clientId: string, readonly faults: string[]) {}

  /** Connects; returns whether it did. After an acknowledged connect the session must exist. */
  protected async join(port: number, receive: (packet: Packet) => void): Promise<boolean> {
    const peer = this.peer = new CrashPeer(port, { clientId: this.clientId, ...lasting }, receive);
    const connack = await peer.connack;
    if (connack === undefined || connack.reasonCode !== 0) return false;
    if (this.#known && !connack.sessionPresent) this.faults.push(`the session of ${this.clientId} is lost`);
    this.#known = true;
    return true;
  }
}

export class Sender extends Lasting {
  /** Payloads by QoS, in the order of sending. */
  readonly sent: Record<1 | 2, string[]> = { 1: [], 2: [] };
  /** The last payload by retained topic. */
  readonly retained = new Map<string, string>();
  readonly #open = new Map<number, PublishPacket | "released">();
  #lastPacketId = 0;
  #quiet = Promise.withResolvers<void>();

  async connect(port: number): Promise<boolean> {
    if (!await this.join(port, (packet) => this.#take(packet))) return false;
    for (const [packetId, open] of this.#open) {
      this.peer!.send(open === "released" ? { type: "pubrel", packetId } : { ...open, dup: true });
    }
    return true;
  }

  get openCount(): number {
    return this.#open.size;
  }

  publish(topic: string, payload: string, qos: 1 | 2, retain = false): void {
    do this.#lastPacketId = this.#lastPacketId % 65_535 + 1; while (this.#open.has(this.#lastPacketId));
    const packetId = this.#lastPacketId;
    const packet = { type: "publish", topic, qos, retain, dup: false, packetId, payload: bytesOf(payload) } as const;
    this.#open.set(packetId, packet);
    if (topic.startsWith("m/")) this.sent[qos].push(payload);
    if (retain) this.retained.set(topic, payload);
    this.peer!.send(packet);
  }

  /** Sends at random while the limit permits. */
  burst(random: Random, name: () => string): void {
    while (this.#open.size < openLimit) {
      const qos = random.below(2) === 0 ? 1 : 2;
      if (random.below(10) === 0) this.publish(`r/${random.below(4)}`, name(), 2, true);
      else this.publish(`m/${qos}`, name(), qos);
    }
  }

  /** Resolves when each sent message is completely acknowledged. */
  quiet(): Promise<void> {
    this.#quiet = Promise.withResolvers();
    if (this.#open.size === 0) this.#quiet.resolve();
    return this.#quiet.promise;
  }

  #take(packet: Packet): void {
    if (packet.type === "puback" || packet.type === "pubcomp") this.#open.delete(packet.packetId);
    if (packet.type === "pubrec") {
      if ((packet.reasonCode ?? 0) >= 0x80) this.faults.push(`PUBREC ${packet.reasonCode}`);
      this.#open.set(packet.packetId, "released");
      this.peer!.send({ type: "pubrel", packetId: packet.packetId });
    }
    if (this.#open.size === 0) this.#quiet.resolve();
  }
}

export class Watcher extends Lasting {
  /** Payloads by QoS, as the application received them. */
  readonly taken: Record<1 | 2, string[]> = { 1: [], 2: [] };
  readonly onWill: (name: string, atMs: number) => void;
  onRetained: (topic: string, payload: string) => void = () => {};
  readonly #unreleased = new Set<number>();
  readonly #awaited = new Map<string, () => void>();
  #subscribed = Promise.withResolvers<void>();

  constructor(clientId: string, faults: string[], onWill: (name: string, atMs: number) => void) {
    super(clientId, faults);
    this.onWill = onWill;
  }

  connect(port: number): Promise<boolean> {
    return this.join(port, (packet) => this.#take(packet));
  }

  die(): void {
    this.peer!.destroy();
  }

  async subscribe(...filters: readonly string[]): Promise<void> {
    this.#subscribed = Promise.withResolvers();
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, qos: 2 } as const));
    this.peer!.send({ type: "subscribe", packetId: 1, subscriptions });
    await Promise.race([this.#subscribed.promise, this.peer!.closed]);
  }

  /** Resolves when that payload arrives. */
  until(payload: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(payload, resolve));
  }

  #take(packet: Packet): void {
    if (packet.type === "suback") this.#subscribed.resolve();
    if (packet.type === "pubrel") {
      this.#unreleased.delete(packet.packetId);
      this.peer!.send({ type: "pubcomp", packetId: packet.packetId });
    }
    if (packet.type !== "publish") return;
    const packetId = packet.packetId!;
    if (packet.qos === 1 || !this.#unreleased.has(packetId)) this.#deliver(packet);
    if (packet.qos === 2) this.#unreleased.add(packetId);
    this.peer!.send({ type: packet.qos === 2 ? "pubrec" : "puback", packetId });
  }

  #deliver({ topic, payload, qos }: PublishPacket): void {
    const text = textOf(payload);
    if (topic.startsWith("w/")) this.onWill(text, performance.now());
    if (topic.startsWith("m/")) this.taken[qos as 1 | 2].push(text);
    if (topic.startsWith("r/")) this.onRetained(topic, text);
    this.#awaited.get(text)?.();
    this.#awaited.delete(text);
  }
}

/** The differences between the sent and the received messages. */
export function trafficFaults(sender: Sender, watcher: Watcher): string[] {
  const faults: string[] = [];
  const once = watcher.taken[2];
  if (new Set(once).size < once.length) faults.push(`QoS 2 came twice: ${doubled(once)}`);
  for (const qos of [1, 2] as const) {
    const first = [...new Set(watcher.taken[qos])];
    const { [qos]: sent } = sender.sent;
    const at = sent.findIndex((payload, index) => first[index] !== payload);
    if (at >= 0) faults.push(`QoS ${qos}: ${sent[at]} was sent, ${first[at]} came in its place`);
  }
  return faults;
}

function doubled(payloads: readonly string[]): string {
  const seen = new Set<string>();
  return payloads.filter((payload) => seen.size === seen.add(payload).size).slice(0, 5).join(", ");
}
