/**
 * What clients publish while they live, so that wills are measured under load: messages that nobody watches, spread
 * evenly over time and over the clients.
 */
import type { QoS } from "../mqtt/packet.ts";
import type { FleetPlan, Telemetry } from "./plan.ts";

/** Where a client's telemetry goes. */
export function telemetryTopic({ run }: FleetPlan, client: number): string {
  return `mqtt-sim/${run}/telemetry/${client}`;
}

/** Who publishes. */
export interface Publisher {
  readonly number: number;
  /** True while it is connected and not to be silent. */
  readonly up: boolean;
  /** False where the broker has not answered enough of what came before: then nothing is sent. */
  publish(topic: string, payload: Uint8Array, qos: QoS, nowMs: number): boolean;
}

/** A turn makes up for no more than so much time: a machine that was held up does not answer with a flood. */
const mostCatchUpMs = 1_000;

/** The clients of one group, one after the other. */
class Round {
  readonly #plan: FleetPlan;
  readonly #telemetry: Telemetry;
  readonly #clients: readonly Publisher[];
  readonly #payload: Uint8Array;
  #next = 0;
  #owed = 0;

  constructor(plan: FleetPlan, telemetry: Telemetry, clients: readonly Publisher[]) {
    this.#plan = plan;
    this.#telemetry = telemetry;
    this.#clients = clients;
    this.#payload = new Uint8Array(telemetry.sizeBytes).fill(0x2e);
  }

  /** Publishes what is owed for so many milliseconds; answers how many messages. */
  pass(elapsedMs: number, nowMs: number): number {
    this.#owed += Math.min(elapsedMs, mostCatchUpMs) * this.#telemetry.perSecond * this.#clients.length / 1_000;
    let sent = 0;
    for (; this.#owed >= 1; this.#owed--) {
      const client = this.#clients[this.#next]!;
      this.#next = (this.#next + 1) % this.#clients.length;
      if (!client.up) continue;
      const topic = telemetryTopic(this.#plan, client.number);
      if (client.publish(topic, this.#payload, this.#telemetry.qos, nowMs)) sent++;
    }
    return sent;
  }
}

export class TelemetryPump {
  readonly #rounds: readonly Round[];
  #lastMs = 0;
  #sent = 0;

  /** @param planOf the plan as it holds for a client */
  constructor(clients: readonly Publisher[], planOf: (client: number) => FleetPlan) {
    const byPlan = Map.groupBy(clients, (client) => planOf(client.number));
    this.#rounds = [...byPlan].flatMap(([plan, group]) =>
      plan.telemetry === undefined ? [] : [new Round(plan, plan.telemetry, group)]
    );
  }

  /** Messages published so far. */
  get sent(): number {
    return this.#sent;
  }

  start(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** Publishes what is due by now. */
  turn(nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    for (const round of this.#rounds) this.#sent += round.pass(elapsedMs, nowMs);
  }
}
