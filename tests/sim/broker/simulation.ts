/**
 * One seed: clients that connect, exchange packets, lose their links and die, before a broker core under a manual
 * clock. Each read is compared with the model, and so are the core's tables after each step. At the end all packets are
 * read, all clients disconnect, and no state may remain.
 */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Random } from "../../../src/base/random.ts";
import type { Core } from "../../../src/broker/core/core.ts";
import { startCore } from "../../../src/broker/serve/start_core.ts";
import { type BrokerLimits, coreSettings } from "../../../src/broker/options/options.ts";
import { runDue } from "../../../src/broker/serve/tick.ts";
import type { QoS } from "../../../src/mqtt/packet.ts";
import { Acts } from "./acts.ts";
import { simulateFleetOf } from "./fleet_seed.ts";
import { agreeOnTables, nothingIsLeft } from "./inspect.ts";
import { mayBeUnread, Model } from "./model.ts";
import { type Due, type ModelConnect, never } from "./model_state.ts";
import { SimClient } from "./sim_client.ts";
import type { SimWorld, Wire } from "./wire.ts";

const steps = 100;
const longAgoMs = 1e9;

/** Some seeds have large limits, others small ones. */
const roomy: BrokerLimits = {
  ...coreSettings({}, () => "").limits,
  receiveMaximum: 20,
  topicAliasMaximum: 4,
  maximumPacketSizeBytes: 10_000,
};

export class Simulation implements SimWorld {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly limits: BrokerLimits;
  readonly core: Core;
  readonly model: Model;
  readonly clients: readonly SimClient[];
  readonly watcher: SimClient;
  /** Links that their client has abandoned, of which the broker may not know. */
  readonly abandoned: Wire[] = [];
  readonly #say: ((sentence: string) => void) | undefined;
  /** True if the outboxes are small enough to overflow. */
  readonly #drops: boolean;
  /** True while the broker's timer is blocked: time passes, and the broker handles no deadline. */
  #late = false;

  constructor(readonly seed: number, say?: (sentence: string) => void) {
    this.random = new Random(seed);
    this.#say = say;
    this.limits = this.#drawLimits();
    let assigned = 0;
    const authenticate = ({ username }: { username: string | undefined }) =>
      username === undefined ? "accept" as const : "bad-credentials" as const;
    this.core = startCore(
      coreSettings({ clock: this.clock, limits: this.limits, authenticate }, () => `assigned${++assigned}`),
    );
    this.model = new Model(this.limits);
    this.#drops = this.limits.outboxBytes < roomy.outboxBytes;
    const slack = { drops: this.#drops };
    this.clients = ["c0", "c1", "c2", "c3", ""].map((name) => new SimClient(this, name, slack));
    this.watcher = new SimClient(this, "watcher", slack, (due, atMs) => this.#inTime(due, atMs));
    this.#startWatcher();
  }

  #drawLimits(): BrokerLimits {
    const few = <K extends keyof BrokerLimits>(name: K, value: number) =>
      this.random.below(6) === 0 ? { [name]: value } : {};
    return {
      ...roomy,
      ...few("connections", 5),
      ...few("sessions", 5),
      ...few("receiveMaximum", 2),
      ...few("inflight", 1 + this.random.below(3)),
      ...few("subscriptionsPerSession", 3),
      // The order of two wills at the same time is undefined, so the test could not tell which one exceeded the limit.
      ...few("retainedMessages", 1_000),
      ...(this.random.below(10) === 0 && { outboxBytes: 1_000 }),
    };
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  trace(sentence: () => string): void {
    this.#say?.(`${this.nowMs().toFixed(3).padStart(12)} ${sentence()}`);
  }

  chance(oneIn: number): boolean {
    return this.random.below(oneIn) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }

  /** Runs the whole seed. */
  run(steps: number): void {
    const acts = new Acts(this);
    for (let step = 0; step < steps; step++) {
      this.#pass(this.pick([0, 0, 0, 1, 40, 999, 1_000, 1_500, 3_000]));
      if (this.chance(12)) this.#late = !this.#late;
      acts.step();
      this.#settle();
    }
    this.#late = false;
    this.#pass(0);
    this.#finish();
  }

  /** A separate fraction for each step: two events have the same time only if they have the same cause. */
  #pass(byMs: number): void {
    const untilMs = this.nowMs() + byMs + 1 / 1_024;
    if (this.#late) return this.#passLate(untilMs);
    for (;;) {
      const nextMs = Math.min(this.core.deadlines.nextMs, this.model.nextTwoMs[0]);
      if (nextMs > untilMs) break;
      this.clock.advance(Math.max(0, nextMs - this.nowMs()));
      this.#tick();
    }
    this.clock.advance(untilMs - this.nowMs());
  }

  /** At most one event is late at a time, since the standard defines no order for two. */
  #passLate(untilMs: number): void {
    for (
      let [firstMs, secondMs] = this.model.nextTwoMs;
      secondMs <= untilMs;
      [firstMs, secondMs] = this.model.nextTwoMs
    ) {
      this.clock.advance(Math.max(0, firstMs - this.nowMs()));
      this.#tick();
    }
    this.clock.advance(untilMs - this.nowMs());
  }

  #tick(): void {
    this.model.tick(this.nowMs());
    runDue(this.core, this.nowMs());
    this.#settle();
  }

  /** The steady watcher reads all its packets; then each table must equal the model's. */
  #settle(): void {
    this.#serveWatcher();
    const { connection } = this.watcher.wire!;
    if (this.#drops) connection.session!.due = [];
    assert.deepEqual(connection.atMostOnce.map(wordsOf), [], "a steady watcher misses at QoS 0");
    assert.deepEqual(connection.session!.due.map(wordsOf), [], "a steady watcher misses");
    for (const wire of [...this.clients.map(({ wire }) => wire), ...this.abandoned]) {
      wire?.agree();
      if (this.abandoned.includes(wire!) || this.chance(2)) wire?.closeIfEnded();
    }
    agreeOnTables(this.core, this.model);
  }

  #serveWatcher(): void {
    const wire = this.watcher.wire!;
    for (let busy = true; busy;) {
      busy = false;
      while (wire.read()) busy = true;
      while (this.watcher.unansweredCount > 0) this.watcher.answer(false);
      if (wire.unsentBytes > 0) {
        wire.deliver();
        busy = true;
      }
    }
  }

  #inTime({ message, atMs }: Due, writtenMs: number): void {
    assert.equal(writtenMs, atMs, `"${message.payload}" is due at ${atMs} and came at ${writtenMs}`);
  }

  #startWatcher(): void {
    const { watcher } = this;
    const wire = watcher.connect(askedBy("watcher", { version: 5, cleanStart: true }), 65_535, 1e9);
    this.#serveWatcher();
    const subscriptions = ["#", "$SYS/#"].map((topicFilter) => ({
      topicFilter,
      qos: 2 as QoS,
      retainAsPublished: true,
    }));
    wire.send({ type: "subscribe", packetId: 1, subscriptions }, (model, connection, nowMs) => {
      const asked = ["#", "$SYS/#"].map((filter) => ({
        filter,
        qos: 2,
        noLocal: false,
        retainAsPublished: true,
        identifier: undefined,
        handling: 0,
      }));
      model.subscribe(connection, asked, 1, nowMs);
    });
    this.#serveWatcher();
  }

  /** All clients return and read all packets; then all disconnect for good. */
  #finish(): void {
    this.trace(() => "the end: everyone comes back and reads");
    const named = this.clients.filter(({ name }) => name !== "");
    for (const client of this.clients) this.#giveUp(client);
    for (const wire of this.abandoned) wire.die("reset", false);
    this.#readAll(named.filter(({ name }) => this.model.sessions.has(name)));
    const unread = this.model.shared.filter((each) => !mayBeUnread(each, this.nowMs(), 100));
    if (!this.#drops) assert.deepEqual(unread.map(({ message }) => message.payload), [], "a shared message got lost");
    for (const client of named) {
      if (client.wire !== undefined) this.#giveUp(client);
      client.connect(askedBy(client.name, { cleanStart: true }), 65_535, 1e9);
      client.wire!.deliver();
      this.#giveUp(client);
    }
    this.#pass(longAgoMs);
    this.#clearRetained();
    this.watcher.wire!.die("fin", true);
    this.#pass2(longAgoMs);
    nothingIsLeft(this.core);
  }

  /** Time without a watcher. */
  #pass2(byMs: number): void {
    this.clock.advance(byMs);
    this.model.tick(this.nowMs());
    runDue(this.core, this.nowMs());
  }

  #giveUp(client: SimClient): void {
    client.wire?.die("reset", false);
    this.#settle();
    this.#pass(0);
  }

  /** All clients return, read and answer until none has a packet to send, since a repetition of one reaches others. */
  #readAll(clients: readonly SimClient[]): void {
    for (const { name } of clients) this.trace(() => `${name} comes back for the rest`);
    for (const client of clients) {
      const { name, maximumPacketSize } = client;
      client.connect(askedBy(name, { cleanStart: false, expiryS: never, maximumPacketSize }), 3, 1e9);
    }
    for (let busy = true; busy;) {
      busy = false;
      for (const client of clients) busy = this.#readOn(client) || busy;
      this.#settle();
    }
    for (const client of clients) client.checkComplete(this.nowMs());
  }

  #readOn(client: SimClient): boolean {
    const wire = client.wire!;
    let busy = wire.unsentBytes > 0;
    wire.deliver();
    while (wire.read()) busy = true;
    for (; client.unansweredCount > 0; busy = true) client.answer(false);
    return busy;
  }

  #clearRetained(): void {
    for (const topic of [...this.model.retained.keys()]) this.watcher.publish(0, topic, "", true);
    this.#settle();
  }
}

function wordsOf({ message, qos }: Due): string {
  return `"${message.payload}" on ${message.topic} at QoS ${qos}`;
}

/** A CONNECT with default fields. */
export function askedBy(clientId: string, more: Partial<ModelConnect>): ModelConnect {
  return {
    clientId,
    version: 5,
    cleanStart: true,
    keepAliveS: 0,
    expiryS: 0,
    will: undefined,
    badLogin: false,
    maximumPacketSize: Infinity,
    ...more,
  };
}

/** Runs one seed; throws at the first difference. Each 50th seed also runs a fleet. */
export function simulate(seed: number, say?: (sentence: string) => void): void {
  new Simulation(seed, say).run(steps);
  if (seed % 50 === 0) simulateFleetOf(seed);
}
