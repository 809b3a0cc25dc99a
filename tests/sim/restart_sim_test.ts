/**
 * The broker core on a store, under a manual clock, by seed: clients with wills connect, die and leave, a sender and a
 * watcher exchange QoS 1 and 2, and at intervals the broker crashes within a turn and restarts. The records are those
 * of the crash test; here a crash can occur at any point, and a seed repeats it.
 */
import assert from "node:assert/strict";
import { Random } from "../../src/base/random.ts";
import type { CoreOptions } from "../../src/broker/options/options.ts";
import { Turn } from "../../src/broker/store/turn.ts";
import type { PublishPacket } from "../../src/mqtt/packet.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import { aWill, bytesOf, type Client, connectPacket, type Stage, textOf } from "../broker/stage.ts";
import { Lives } from "../broker/store/lives.ts";
import { WillBook, type WillLife } from "../support/crash/crash_wills.ts";

const seeds = 60;
const steps = 60;
const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 0xffff_ffff } } as const;

/** A client with a will, and the facts that it knows. */
interface Visit {
  readonly client: Client;
  readonly life: WillLife;
  readonly before: WillLife | undefined;
}

class RestartSim {
  readonly faults: string[] = [];
  readonly #lives: Lives;
  readonly #random: Random;
  readonly #wills = new WillBook();
  readonly #visits = new Map<string, Visit>();
  readonly #sent: Record<1 | 2, string[]> = { 1: [], 2: [] };
  readonly #taken: Record<1 | 2, string[]> = { 1: [], 2: [] };
  readonly #open = new Map<number, PublishPacket | "released">();
  readonly #unreleased = new Set<number>();
  #sender!: Client;
  #watcher!: Client;
  #names = 0;

  constructor(seed: number, options: CoreOptions = {}) {
    this.#lives = new Lives(options);
    this.#random = new Random(seed);
    this.#connectBoth();
    this.#watcher.subscribe("#");
  }

  run(): void {
    try {
      for (let step = 0; step < steps; step++) this.#step();
      this.#wait(10_000);
      this.#connectBoth();
      this.#wait(10_000);
      this.#wills.faults(this.#lives.wallMs).forEach((fault) => this.faults.push(fault));
      this.#judgeTraffic();
    } finally {
      this.#lives[Symbol.dispose]();
    }
  }

  get #stage(): Stage {
    return this.#lives.stage;
  }

  #step(): void {
    this.#wait(this.#pick([0, 1, 400, 1_000, 1_000, 2_500]));
    this.#act();
    if (this.#random.below(4) > 0) return this.#settle();
    for (let more = this.#random.below(4); more > 0; more--) this.#act();
    this.#stage.settleSome(this.#random.below(25));
    this.#note();
    const endedMs = this.#lives.wallMs;
    for (const { life } of this.#visits.values()) life.endedMs ??= endedMs;
    this.#lives.restart(this.#pick([0, 300, 1_500, 4_000]));
    this.#connectBoth();
  }

  #act(): void {
    const act = this.#random.below(8);
    if (act < 3) this.#begin(this.#pick(["a", "b", "c", "d"]));
    else if (act < 5) this.#end(this.#pick(["a", "b", "c", "d"]));
    else if (act < 7) this.#publish(this.#pick([1, 2]));
    else {
      this.#watcher.link.reset();
      this.#settle();
      this.#watcher = this.#stage.connect({ clientId: "watcher", ...lasting });
    }
  }

  #settle(): void {
    this.#stage.settle();
    this.#note();
  }

  #wait(byMs: number): void {
    this.#settle();
    this.#stage.advance(byMs);
    this.#settle();
  }

  /** Opens a connection. Ends an older one of the same client first, so that its end has one cause. */
  #begin(clientId: string): void {
    const older = this.#visits.get(clientId);
    if (older !== undefined && older.life.endedMs === undefined) return;
    const [delayS, expiryS] = [this.#pick([0, 1, 3]), this.#pick([0, 1, 30])];
    const life = this.#wills.begin({ clientId, name: this.#name(), delayS, expiryS });
    if (older !== undefined) older.life.askedBack = true;
    const will = aWill({ topic: `w/${clientId}`, qos: 2, payload: bytesOf(life.asked.name) });
    const delay = delayS > 0 ? { delayIntervalS: delayS } : {};
    const client = this.#stage.dial();
    this.#visits.set(clientId, { client, life, before: older?.life });
    const asked = { clientId, cleanStart: false, properties: { sessionExpiryIntervalS: expiryS } };
    client.link.write(encode(connectPacket({ ...asked, will: { ...will, ...delay } }), 5));
  }

  #end(clientId: string): void {
    const visit = this.#visits.get(clientId);
    if (visit === undefined || visit.life.endedMs !== undefined || visit.client.connack === undefined) return;
    visit.life.endedMs = this.#lives.wallMs;
    if (this.#random.below(2) === 0) return visit.client.link.reset();
    visit.life.left = "perhaps";
    visit.client.link.write(encode({ type: "disconnect" }, 5));
  }

  #publish(qos: 1 | 2): void {
    let packetId = 1;
    while (this.#open.has(packetId)) packetId++;
    const payload = this.#name();
    const packet = { type: "publish", topic: "m", qos, retain: false, dup: false, packetId, payload: bytesOf(payload) };
    this.#sent[qos].push(payload);
    this.#open.set(packetId, packet as PublishPacket);
    this.#sender.link.write(encode(packet as PublishPacket, 5));
  }

  /** Records all arrived packets. */
  #note(): void {
    for (const { client, life, before } of this.#visits.values()) {
      if (client.connack !== undefined) life.acknowledged = true;
      if (client.connack?.sessionPresent && before !== undefined) before.backMs ??= this.#lives.wallMs;
      if (life.left === "perhaps" && client.end?.kind === "fin") life.left = "surely";
    }
    for (const { packet } of this.#sender.arrivals.splice(0)) {
      if (packet.type === "puback" || packet.type === "pubcomp") this.#open.delete(packet.packetId);
      if (packet.type === "pubrec") this.#open.set(packet.packetId, "released");
    }
    const beganMs = this.#lives.wallMs - this.#stage.nowMs;
    for (const { packet, atMs } of this.#watcher.arrivals.splice(0)) {
      if (packet.type === "pubrel") this.#unreleased.delete(packet.packetId);
      if (packet.type === "publish") this.#take(packet, beganMs + atMs);
    }
  }

  #take({ topic, qos, packetId, payload }: PublishPacket, atMs: number): void {
    if (qos === 2 && this.#unreleased.has(packetId!)) return;
    if (qos === 2) this.#unreleased.add(packetId!);
    if (topic === "m") this.#taken[qos as 1 | 2].push(textOf(payload));
    else this.#wills.came(textOf(payload), atMs);
  }

  #connectBoth(): void {
    this.#watcher = this.#stage.connect({ clientId: "watcher", ...lasting });
    this.#sender = this.#stage.connect({ clientId: "sender", ...lasting });
    for (const [packetId, open] of this.#open) {
      const packet = open === "released" ? { type: "pubrel", packetId } as const : { ...open, dup: true };
      this.#sender.send(packet);
    }
    this.#note();
  }

  #judgeTraffic(): void {
    for (const qos of [1, 2] as const) {
      const came = qos === 2 ? this.#taken[2] : [...new Set(this.#taken[1])];
      if (came.join() !== this.#sent[qos].join()) this.faults.push(`QoS ${qos}: sent ${this.#sent[qos]}, came ${came}`);
    }
  }

  #name(): string {
    return `${++this.#names}`;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }
}

Deno.test(`restart simulation: wills are delivered once over crashes of the broker in ${seeds} seeds`, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const sim = new RestartSim(seed);
    sim.run();
    assert.deepEqual(sim.faults, [], `seed ${seed}: ${sim.faults.join("\n")}`);
  }
});

Deno.test("restart simulation: detects a broker that acknowledges before it commits", () => {
  const { guard } = Turn.prototype;
  Turn.prototype.guard = (link) => link;
  try {
    const found = [1, 2, 3, 4, 5].filter((seed) => {
      const sim = new RestartSim(seed, { endOfTurn: () => {} }); // commits only once a second
      sim.run();
      return sim.faults.length > 0;
    });
    assert.ok(found.length > 0);
  } finally {
    Turn.prototype.guard = guard;
  }
});
