/**
 * The messages that clients publish while they are online, so that the fleet measures wills under load: no watcher
 * subscribes to them, and they are even over time and over the clients.
 */
import type { QoS } from "../../mqtt/packet.ts";
import type { Groups } from "../plan/groups.ts";
import type { FleetPlan, Telemetry } from "../plan/plan.ts";
import { noTelemetry, type TelemetryCounts } from "../result/telemetry_result.ts";
import { telemetryOf } from "../plan/sparkplug/sparkplug_plan.ts";
import { telemetryTopic } from "../plan/telemetry_topic.ts";

/** A client that publishes. */
interface TelemetryClient {
  readonly number: number;
  /** True while it is connected and may send. */
  readonly up: boolean;
  /**
   * False, and no message sent, where the broker has too many earlier messages unanswered.
   *
   * @param onAnswer receives whether the broker took it; never at QoS 0
   */
  publish(topic: string, payload: Uint8Array, qos: QoS, nowMs: number, onAnswer: (taken: boolean) => void): boolean;
}

/** Limit on catch-up after a stall, so that a delayed process does not send a burst. */
const mostCatchUpMs = 1_000;

/** The clients of one group, one after the other. */
class Round {
  readonly #plan: FleetPlan;
  readonly #telemetry: Telemetry;
  readonly #clients: readonly TelemetryClient[];
  readonly #payload: Uint8Array;
  readonly #onAnswer = (taken: boolean) => void (this.counts.acknowledged += taken ? 1 : 0);
  readonly counts = noTelemetry();
  #next = 0;
  #owed = 0;

  constructor(plan: FleetPlan, telemetry: Telemetry, clients: readonly TelemetryClient[]) {
    this.#plan = plan;
    this.#telemetry = telemetry;
    this.#clients = clients;
    this.#payload = new Uint8Array(telemetry.sizeBytes).fill(0x2e);
  }

  /** Publishes the messages that fall into so many milliseconds. */
  pass(elapsedMs: number, nowMs: number): void {
    this.#owed += Math.min(elapsedMs, mostCatchUpMs) * this.#telemetry.perSecond * this.#clients.length / 1_000;
    for (; this.#owed >= 1; this.#owed--) {
      const client = this.#clients[this.#next]!;
      this.#next = (this.#next + 1) % this.#clients.length;
      if (!client.up) continue;
      const topic = telemetryTopic(this.#plan, client.number);
      if (client.publish(topic, this.#payload, this.#telemetry.qos, nowMs, this.#onAnswer)) this.counts.sent++;
      else this.counts.withheld++;
    }
  }
}

export class TelemetryPump {
  readonly #rounds: ReadonlyMap<string, Round>;
  #lastMs = 0;

  constructor(clients: readonly TelemetryClient[], groups: Groups) {
    const byGroup = Map.groupBy(clients, ({ number }) => groups.indexOf(number));
    this.#rounds = new Map([...byGroup].flatMap(([index, members]) => {
      const plan = groups.plans[index]!;
      const telemetry = telemetryOf(plan);
      return telemetry === undefined ? [] : [[groups.nameOf(index), new Round(plan, telemetry, members)]];
    }));
  }

  /** Whether any group publishes. */
  get publishes(): boolean {
    return this.#rounds.size > 0;
  }

  /** Messages published so far. */
  get sent(): number {
    return [...this.#rounds.values()].reduce((sum, { counts }) => sum + counts.sent, 0);
  }

  /** Passes on the counts of each group that publishes, by its name, with the broker's answers. */
  forEachGroup(act: (group: string, counts: TelemetryCounts) => void): void {
    for (const [name, { counts }] of this.#rounds) act(name, counts);
  }

  start(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** Publishes the messages that are due by now. */
  turn(nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    for (const round of this.#rounds.values()) round.pass(elapsedMs, nowMs);
  }
}
