/**
 * A broker core under mutated streams, on memory links: no stream causes an error other than ProtocolError, an honest
 * pair is unaffected, and after the fuzzing clients have gone each table is as empty as before.
 */
import { joinedBytes } from "../../src/base/bytes.ts";
import assert from "node:assert/strict";
import { ManualClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import type { Core } from "../../src/broker/core/core.ts";
import { startCore } from "../../src/broker/serve/start_core.ts";
import { coreSettings } from "../../src/broker/options/options.ts";
import { serve } from "../../src/broker/serve/serve.ts";
import { runDue } from "../../src/broker/serve/tick.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";
import { nothingIsLeft } from "../sim/broker/inspect.ts";
import { SimLink } from "../sim/broker/sim_link.ts";
import { connectOf, corpus } from "./corpus.ts";
import { HonestPair } from "./honest_pair.ts";
import { mutated } from "./mutate.ts";

const seedlings = corpus();
const longAgoMs = 2 ** 33 * 1_000;

/** One broker for the whole run, so that a leak accumulates. */
export class FuzzedBroker {
  readonly #clock = new ManualClock();
  readonly #core: Core;

  constructor() {
    let assigned = 0;
    this.#core = startCore(coreSettings({ clock: this.#clock }, () => `assigned-${++assigned}`));
  }

  /** Runs one seed: `streams` fuzzing clients, some of them at the same time. Returns the number of mutated packets. */
  round(seed: number, streams: number): number {
    const random = new Random(seed);
    const pair = new HonestPair(() => this.#dial(1e9), `honest-${seed.toString(36)}`);
    const links: SimLink[] = [];
    let packets = 0;
    for (let stream = 0; stream < streams; stream++) {
      const link = this.#dial(random.below(4) === 0 ? 500 : 1e6);
      links.push(link);
      packets += this.#send(link, random);
      if (random.below(2) === 0) this.#end(links.splice(random.below(links.length), 1)[0]!, random);
      pair.exchange();
      if (random.below(4) === 0) this.#pass(random.below(4_000));
    }
    for (const link of links) this.#end(link, random);
    pair.exchange();
    pair.leave();
    this.#sweep();
    return packets;
  }

  #dial(highWaterBytes: number): SimLink {
    const link = new SimLink(() => this.#clock.nowMs(), highWaterBytes);
    serve(this.#core, link, () => {});
    return link;
  }

  /**
   * Most streams begin with a valid CONNECT, so that the broker accepts them; then come some mutated packets, cut
   * anywhere.
   */
  #send(link: SimLink, random: Random): number {
    const version = random.below(2) === 0 ? 4 : 5;
    const clientId = `fuzz${random.below(6)}`;
    const expiryS = [0, 5, 0xffff_ffff][random.below(3)]!;
    const pieces: Uint8Array[] = [];
    if (random.below(8) > 0) pieces.push(connectOf(version, clientId, random.below(2) === 0, expiryS));
    const count = 1 + random.below(12);
    for (let packet = 0; packet < count; packet++) {
      const isWhole = random.below(3) === 0;
      pieces.push(isWhole ? seedlings[random.below(seedlings.length)]!.bytes : mutated(random, seedlings));
    }
    const stream = joinedBytes(pieces);
    for (let at = 0; at < stream.length && link.open;) {
      const size = random.below(4) === 0 ? 1 + random.below(8) : 1 + random.below(stream.length);
      link.receiver.onBytes(stream.subarray(at, at + size));
      at += size;
      if (random.below(2) === 0) { while (link.take() !== undefined) link.drain(); }
    }
    return count;
  }

  #end(link: SimLink, random: Random): void {
    if (!link.over) link.finish(link.open ? (random.below(2) === 0 ? "fin" : "reset") : "closed");
  }

  #pass(byMs: number): void {
    this.#clock.advance(byMs);
    runDue(this.#core, this.#clock.nowMs());
  }

  /** Ends sessions that never expire and clears retained messages. Then no table may have an entry. */
  #sweep(): void {
    for (const { clientId } of [...this.#core.sessions.values()]) {
      const link = this.#dial(1e9);
      const connect = { type: "connect", protocolVersion: 4, cleanStart: true, keepAliveS: 0, clientId } as const;
      this.#write(link, connect, { type: "disconnect" });
      link.finish("closed");
    }
    this.#pass(longAgoMs);
    for (let round = 0; this.#core.metrics.retainedHeld > 0; round++) {
      assert.ok(round < 3, "retained messages cannot be cleared");
      this.#clearRetained();
    }
    nothingIsLeft(this.#core);
  }

  #clearRetained(): void {
    const link = this.#dial(1e9);
    const connect = {
      type: "connect",
      protocolVersion: 4,
      cleanStart: true,
      keepAliveS: 0,
      clientId: "sweeper",
    } as const;
    const subscriptions = ["#", "$SYS/#"].map((topicFilter) => ({ topicFilter, qos: 0 as const }));
    this.#write(link, connect, { type: "subscribe", packetId: 1, subscriptions });
    const topics = retainedTopics(link);
    const empty = new Uint8Array(0);
    const clear = { type: "publish", dup: false, qos: 0, retain: true, payload: empty } as const;
    this.#write(link, ...topics.map((topic) => ({ ...clear, topic })), { type: "disconnect" });
    link.finish("closed");
  }

  #write(link: SimLink, ...packets: readonly Packet[]): void {
    for (const packet of packets) link.receiver.onBytes(encode(packet, 4));
  }
}

function retainedTopics(link: SimLink): string[] {
  const topics: string[] = [];
  const receiver = {
    onPacket: (packet: Packet) => void (packet.type === "publish" && packet.retain && topics.push(packet.topic)),
    onProtocolError: (error: Error) => assert.fail(error.message),
  };
  const stream = new PacketStream({ maximumPacketSize: 2 ** 28, version: 4, receiver });
  for (let written = link.take(); written !== undefined; written = link.take()) stream.push(written.bytes);
  return topics.filter((topic) => !topic.startsWith("$"));
}
