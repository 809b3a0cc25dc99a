/**
 * Two honest clients beside the fuzzing ones: one publishes at each QoS and sometimes dies with a will; the other must
 * receive each message once, in order.
 */
import assert from "node:assert/strict";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion, QoS } from "../../src/mqtt/packet.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";
import type { SimLink } from "../sim/broker/sim_link.ts";

const text = new TextEncoder();
const decoder = new TextDecoder();

/** A client that answers each packet at once. */
class HonestClient {
  readonly received: string[] = [];
  readonly #link: SimLink;
  readonly #version: ProtocolVersion;
  readonly #stream: PacketStream;
  #answers: Packet[] = [];
  #open = 0;

  constructor(link: SimLink, version: ProtocolVersion) {
    this.#link = link;
    this.#version = version;
    this.#stream = new PacketStream({
      maximumPacketSize: 2 ** 28,
      version,
      receiver: {
        onPacket: (packet) => this.#take(packet),
        onProtocolError: (error) => assert.fail(`an honest client cannot read the broker: ${error.message}`),
      },
    });
  }

  send(...packets: readonly Packet[]): void {
    for (const packet of packets) {
      if (packet.type === "publish" && packet.qos > 0) this.#open++;
      this.#link.receiver.onBytes(encode(packet, this.#version));
    }
    this.read();
  }

  /** Reads and answers until no packet arrives. */
  read(): void {
    for (let written = this.#link.take(); written !== undefined; written = this.#link.take()) {
      this.#stream.push(written.bytes);
      const answers = this.#answers;
      this.#answers = [];
      for (const answer of answers) this.#link.receiver.onBytes(encode(answer, this.#version));
    }
    assert.ok(this.#link.open, "the broker has closed an honest client's connection");
  }

  /** Whether each of the client's own handshakes is complete. */
  get settled(): boolean {
    return this.#open === 0;
  }

  #take(packet: Packet): void {
    if (packet.type === "puback" || packet.type === "pubcomp") this.#open--;
    if (packet.type === "pubrec") this.#answers.push({ type: "pubrel", packetId: packet.packetId });
    if (packet.type === "pubrel") this.#answers.push({ type: "pubcomp", packetId: packet.packetId });
    if (packet.type !== "publish") return;
    this.received.push(decoder.decode(packet.payload));
    if (packet.qos === 1) this.#answers.push({ type: "puback", packetId: packet.packetId! });
    if (packet.qos === 2) this.#answers.push({ type: "pubrec", packetId: packet.packetId! });
  }
}

/** Opens a new link to the broker. */
export type Dial = () => SimLink;

export class HonestPair {
  readonly #dial: Dial;
  readonly #name: string;
  readonly #watcher: HonestClient;
  readonly #watcherLink: SimLink;
  #publisher: HonestClient | undefined;
  #publisherLink: SimLink | undefined;
  #will = "";
  #sent = 0;
  #packetId = 0;

  /** @param name a client identifier that fuzzing clients do not use */
  constructor(dial: Dial, name: string) {
    this.#dial = dial;
    this.#name = name;
    this.#watcherLink = dial();
    this.#watcher = new HonestClient(this.#watcherLink, 5);
    const connect = { type: "connect", protocolVersion: 5, cleanStart: true, keepAliveS: 0 } as const;
    this.#watcher.send({ ...connect, clientId: `${name}-watcher` });
    const subscriptions = [{ topicFilter: `${name}/+`, qos: 2 as QoS }];
    this.#watcher.send({ type: "subscribe", packetId: 1, subscriptions });
  }

  /** Publishes a message at each QoS and sometimes dies with a will; the other client must receive all of it. */
  exchange(): void {
    const expected: string[] = [];
    if (this.#publisher === undefined) this.#arrive();
    for (const qos of [0, 1, 2] as const) {
      const payload = `message ${++this.#sent}`;
      expected.push(payload);
      const packetId = qos > 0 ? { packetId: this.#packetId = this.#packetId % 65_535 + 1 } : {};
      const head = { type: "publish", dup: false, retain: false, topic: `${this.#name}/${qos}` } as const;
      this.#publisher!.send({ ...head, qos, payload: text.encode(payload), ...packetId });
    }
    this.#leaveNoTrace();
    assert.ok(this.#publisher!.settled, "an honest publisher is not answered");
    if (this.#sent % 4 === 0) expected.push(this.#die());
    this.#watcher.read();
    assert.deepEqual(this.#watcher.received.splice(0), expected, "an honest watcher was disturbed");
  }

  /** Creates and removes state under a new client identifier each time: a leftover would accumulate. */
  #leaveNoTrace(): void {
    const topic = `${this.#name}/kept/${this.#sent}`;
    const kept = { type: "publish", dup: false, retain: true, qos: 0, topic } as const;
    this.#publisher!.send({ ...kept, payload: text.encode("kept") }, { ...kept, payload: new Uint8Array(0) });
    const topicFilter = `${this.#name}/${this.#sent}/+/never`;
    this.#publisher!.send(
      { type: "subscribe", packetId: 60_000, subscriptions: [{ topicFilter, qos: 1 }] },
      { type: "unsubscribe", packetId: 60_001, topicFilters: [topicFilter] },
    );
  }

  #arrive(): void {
    const version = this.#sent % 2 === 0 ? 4 : 5;
    this.#publisherLink = this.#dial();
    this.#publisher = new HonestClient(this.#publisherLink, version);
    this.#publisher.send({
      type: "connect",
      protocolVersion: version,
      cleanStart: true,
      keepAliveS: 0,
      clientId: `${this.#name}-publisher`,
      will: { topic: `${this.#name}/will`, payload: text.encode(`will ${this.#sent}`), qos: 1, retain: false },
    });
    this.#will = `will ${this.#sent}`;
  }

  #die(): string {
    this.#publisherLink!.finish("reset");
    this.#publisher = undefined;
    return this.#will;
  }

  /** Disconnects both clients. */
  leave(): void {
    this.#publisherLink?.finish("reset");
    this.#watcherLink.finish("reset");
  }
}
