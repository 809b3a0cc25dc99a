/**
 * The broker core among clients that come, speak and die by seed. What must hold for every seed:
 *
 * - each will comes exactly once, at the millisecond that an independent table gives, and none that the table does not
 * - QoS 2 comes exactly once, QoS 1 at least once, both in order, whatever dies in between
 * - a steady watcher sees everything once, in order
 * - when all are gone and time has passed, no will is held and nothing is due any more
 */
import { deepEqual, equal } from "node:assert/strict";
import { Random } from "../../src/base/random.ts";
import type { ProtocolVersion, QoS } from "../../src/mqtt/packet.ts";
import { aWill, bytesOf, type Client, type ConnectAsked, connectPacket, Stage, textOf } from "../broker/stage.ts";
import { FlakyReceiver } from "./flaky_receiver.ts";
import { FlakySender } from "./flaky_sender.ts";
import { type LifeAsked, WillTable } from "./will_table.ts";

const seeds = 400;
const steps = 150;
const clientIds = ["a", "b", "c", "d", "e"];
const delaysS = [0, 0, 1, 3, 10];
const expiriesS = [0, 1, 3, 5, 30, 0xffff_ffff];
const versions: readonly ProtocolVersion[] = [4, 5];

class Simulation {
  readonly stage = new Stage();
  readonly table = new WillTable();
  readonly random: Random;
  readonly watcher: Client;
  readonly sender: FlakySender;
  readonly receiver: FlakyReceiver;
  readonly #clients = new Map<string, Client>();
  #named = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.watcher = this.stage.watch("#", {}, { clientId: "watcher" });
    this.sender = new FlakySender(this.stage, this.random.child(1), this.#pick(versions));
    this.receiver = new FlakyReceiver(this.stage, this.random.child(2), this.#pick(versions));
    this.receiver.connect();
  }

  step(): void {
    this.#wait(this.#pick([0, 0, 1, 999, 1_000, 1_000, 1_500, 3_000]));
    const act = this.random.below(10);
    if (act < 3) this.#begin();
    else if (act < 6) this.#end();
    else if (act < 7) this.#ping();
    else if (act < 9) this.#exchange();
    else this.#turnOver();
  }

  /** Everyone goes, and time goes on until nothing waits any more. */
  finish(): void {
    for (const clientId of this.table.connected) this.#kill(clientId, "reset");
    for (const flaky of [this.sender, this.receiver]) {
      if (!flaky.online) flaky.connect();
    }
    for (let round = 0; round < 5; round++) {
      this.sender.read(1);
      this.receiver.read(1);
    }
    this.#wait(1e6);
  }

  #wait(byMs: number): void {
    this.stage.advance(byMs);
    this.table.reach(this.stage.nowMs);
  }

  #begin(): void {
    const version = this.#pick(versions);
    const asked: LifeAsked = {
      clientId: this.#pick(clientIds),
      version,
      cleanStart: this.random.below(3) === 0,
      sessionExpiryS: this.#pick(expiriesS),
      keepAliveS: this.#pick([0, 1, 2, 4]),
      willName: this.random.below(5) === 0 ? undefined : `will-${++this.#named}`,
      willDelayS: this.#pick(delaysS),
    };
    this.table.begin(asked, this.stage.nowMs);
    this.#clients.set(asked.clientId, this.stage.connect(this.#packetFor(asked)));
  }

  #packetFor(asked: LifeAsked): ConnectAsked {
    const { clientId, version, cleanStart, keepAliveS, sessionExpiryS, willName, willDelayS } = asked;
    const delay = version === 5 && willDelayS > 0 ? { delayIntervalS: willDelayS } : {};
    const qos = this.random.below(3) as QoS;
    return {
      clientId,
      version,
      cleanStart,
      keepAliveS,
      ...(version === 5 && { properties: { sessionExpiryIntervalS: sessionExpiryS } }),
      ...(willName && { will: aWill({ topic: `wills/${clientId}`, payload: bytesOf(willName), qos, ...delay }) }),
    };
  }

  #end(): void {
    const { connected } = this.table;
    if (connected.length === 0) return;
    const how = this.#pick(["reset", "end", "half", "garbage", "second", "leave", "with-will", "shorter"] as const);
    this.#kill(this.#pick(connected), how);
  }

  #kill(clientId: string, how: "reset" | "end" | "half" | "garbage" | "second" | "leave" | "with-will" | "shorter") {
    const client = this.#clients.get(clientId)!;
    const { nowMs } = this.stage;
    if (how === "reset" || how === "end") client.die(how);
    if (how === "half") client.sendBytes([0x32, 0x09]).die("end");
    if (how === "garbage") client.sendBytes([0xff, 0x00]);
    if (how === "second") client.send(connectPacket({ version: client.version, clientId }));
    if (how === "leave") client.disconnect();
    if (how === "with-will") client.disconnect(0x04);
    if (how === "shorter") client.disconnect(0x04, 0);
    const proper = how === "leave" || (client.version === 4 && (how === "with-will" || how === "shorter"));
    this.table.end(clientId, !proper, nowMs, how === "shorter" ? 0 : undefined);
  }

  #ping(): void {
    const { connected } = this.table;
    if (connected.length === 0) return;
    const clientId = this.#pick(connected);
    this.#clients.get(clientId)!.send({ type: "pingreq" });
    this.table.packet(clientId, this.stage.nowMs);
  }

  #exchange(): void {
    if (!this.sender.online) this.sender.connect();
    for (let count = this.random.below(4); count > 0; count--) {
      this.sender.publish(this.random.below(3) as QoS, `m/${this.random.below(3)}`, `message-${++this.#named}`);
    }
    this.sender.read(0.8);
    this.receiver.read(0.8);
  }

  #turnOver(): void {
    const flaky = this.#pick([this.sender, this.receiver]);
    if (flaky.online) flaky.die();
    else flaky.connect();
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }
}

function simulate(seed: number): void {
  const simulation = new Simulation(seed);
  for (let step = 0; step < steps; step++) simulation.step();
  simulation.finish();
  const { table, watcher, sender, receiver } = simulation;
  deepEqual(willsSeen(watcher), table.due.map(({ name, atMs }) => `${name} ${atMs}`).sort());
  for (const qos of [0, 1, 2] as const) {
    deepEqual(firstSeen(qos, messagesSeen(watcher, qos)), sender.sent[qos], `QoS ${qos} at the watcher`);
    if (qos > 0) deepEqual(firstSeen(qos, receiver.taken[qos]), sender.sent[qos], `QoS ${qos} at the receiver`);
  }
  equal(simulation.stage.core.metrics.willsHeld, 0);
  equal(simulation.stage.core.deadlines.size, 0);
  equal(simulation.stage.core.metrics.dropped["queue-full"], 0);
}

function willsSeen(watcher: Client): string[] {
  return watcher.arrivals.flatMap(({ packet, atMs }) =>
    packet.type === "publish" && packet.topic.startsWith("wills/") ? [`${textOf(packet.payload)} ${atMs}`] : []
  ).sort();
}

function messagesSeen(watcher: Client, asked: QoS): string[] {
  return watcher.of("publish").filter(({ qos, topic }) => qos === asked && topic.startsWith("m/"))
    .map(({ payload }) => textOf(payload));
}

/** What a sender repeats at QoS 1 is a new message, so that it may come twice; its first coming is in order. */
function firstSeen(qos: QoS, payloads: readonly string[]): readonly string[] {
  return qos === 1 ? [...new Set(payloads)] : payloads;
}

Deno.test(`simulation: ${seeds} seeds`, () => {
  for (let seed = 0; seed < seeds; seed++) {
    try {
      simulate(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});
