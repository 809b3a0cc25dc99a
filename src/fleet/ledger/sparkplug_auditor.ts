/**
 * The Sparkplug part of the records of one squad: births and deaths of the nodes as each watcher received them, judged by
 * the assertions of the specification. A run calls it as events happen, a recording's replay at their recorded instants.
 */
import type { PublishPacket } from "../../mqtt/packet.ts";
import { decodePayload } from "../../mqtt/sparkplug/payload.ts";
import { birthAsDeath, hostOf } from "../plan/sparkplug/sparkplug_plan.ts";
import { clientIdOf } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Life, WillMark } from "../life/life.ts";
import { NodeLives } from "../life/node_lives.ts";
import type { Alteration } from "../oracle/expectation.ts";
import { modeOf } from "../oracle/oracle.ts";
import type { Note } from "../recording/record_event.ts";
import type { FaultSample } from "../result/fault_sample.ts";
import {
  type AssertionCounts,
  type SparkplugAssertion,
  sparkplugAssertions,
  type SparkplugResult,
} from "../result/sparkplug/sparkplug_result.ts";
import { keyOf, type Sighting } from "./ledger_entry.ts";

/** What a reader of the state of the host application saw of it after the end of its connection. */
export interface HostSight {
  /** The death certificate arrived at a subscriber in time. */
  readonly died: boolean;
  /** It had the QoS that the host requested. */
  readonly qosKept: boolean;
  /** A later subscriber received it, as a retained message. */
  readonly retained: boolean;
}

export class SparkplugAuditor {
  readonly #plan: FleetPlan;
  readonly #keepFault: (fault: FaultSample) => void;
  readonly #note: Note | undefined;
  readonly #nodes = new NodeLives();
  readonly #assertions: Partial<Record<SparkplugAssertion, AssertionCounts>> = {};
  readonly #births = { sent: 0, seen: 0 };
  readonly #ownDeaths = { sent: 0, seen: 0 };
  #rebirths = 0;
  /** The life of the last NBIRTH of each node, by watcher. */
  readonly #lastBirth: Map<number, number>[] = [];
  /** Lives whose node announced its death itself, with the watchers that have not received that NDEATH. */
  readonly #announced = new Map<number, Set<number>>();

  constructor(plan: FleetPlan, keepFault: (fault: FaultSample) => void, note?: Note) {
    this.#plan = plan;
    this.#keepFault = keepFault;
    this.#note = note;
  }

  /** A node sends the CONNECT of a life. */
  begin({ client, incarnation }: Life, deathTopic: string): void {
    this.#nodes.begin(deathTopic, client, incarnation);
  }

  /** A node has published NBIRTH. @param again true for the answer to a Rebirth command */
  born({ client, incarnation }: WillMark, again: boolean, nowMs: number): void {
    this.#births.sent++;
    if (again) this.#rebirths++;
    this.#note?.("published", nowMs, { client, life: incarnation, again });
  }

  /** A node announces its death itself: one NDEATH of this life is its own, and not the will of a lost connection. */
  announce({ client, incarnation }: WillMark, nowMs: number): void {
    this.#ownDeaths.sent++;
    const copies = Array.from({ length: this.#plan.fanOut }, (_, copy) => copy);
    this.#announced.set(keyOf(client, incarnation), new Set(copies));
    this.#note?.("announced", nowMs, { client, life: incarnation });
  }

  /** Whether a node of this squad has this topic for its NDEATH. */
  hasNode(deathTopic: string): boolean {
    return this.#nodes.has(deathTopic);
  }

  /** The life of an NDEATH; undefined where its bdSeq is that of no life. */
  lifeOf({ topic, payload }: Pick<PublishPacket, "topic" | "payload">): WillMark | undefined {
    return this.#nodes.find(topic, payload);
  }

  /** A watcher received an NBIRTH. */
  onBirth({ topic, payload }: Pick<PublishPacket, "topic" | "payload">, copy: number, nowMs: number): void {
    const mark = this.#nodes.find(birthAsDeath(topic), payload);
    if (mark === undefined || decodePayload(payload)?.seq !== 0) return;
    this.seeBirth(mark, copy, nowMs);
  }

  /** A watcher received the NBIRTH of a life. */
  seeBirth({ client, incarnation }: WillMark, copy: number, nowMs: number): void {
    if (copy === 0) this.#births.seen++;
    const last = this.#lastBirth[copy] ??= new Map();
    last.set(client, Math.max(incarnation, last.get(client) ?? 0));
    this.#note?.("birth", nowMs, { copy, client, life: incarnation });
  }

  /** Whether an NDEATH is the first of a life whose node announced its death: such a message is no will. */
  takesOwnDeath(mark: WillMark | undefined, copy: number, nowMs: number): boolean {
    if (mark === undefined) return false;
    const { client, incarnation } = mark;
    const key = keyOf(client, incarnation);
    const missing = this.#announced.get(key);
    if (!missing?.delete(copy)) return false;
    if (missing.size === 0) this.#announced.delete(key);
    if (copy === 0) this.#ownDeaths.seen++;
    this.#note?.("death", nowMs, { copy, client, life: incarnation });
    return true;
  }

  /** A watcher received an NDEATH that is a will. @param life its life, where the records of it are open */
  seeDeath({ mark, copy, topic, version }: Sighting, altered: readonly Alteration[], life: Life | undefined): void {
    this.#check("bdSeq", mark !== undefined && !altered.includes("payload"));
    this.#check("deathQos", !altered.includes("qos"));
    this.#check("deathRetain", !altered.includes("retain"));
    if (mark === undefined) return;
    const born = this.#lastBirth[copy]?.get(mark.client) ?? 0;
    const isStale = born > mark.incarnation;
    this.#check("order", !isStale);
    if (!isStale) return;
    this.#keepFault({
      client: clientIdOf(this.#plan, mark.client),
      incarnation: mark.incarnation,
      mode: life === undefined ? "alive" : modeOf(life),
      verdict: "sparkplug",
      protocol: (life?.version ?? version) === 5 ? "5" : "3.1.1",
      qos: 1,
      rule: ruleText("order"),
      text: `stale: NDEATH of life ${mark.incarnation} came on ${JSON.stringify(topic)} after NBIRTH of life ${born}`,
    });
  }

  /** The death certificate of the host application, as its subscribers saw it. */
  seeHost(sight: HostSight, nowMs: number): void {
    const { died, qosKept, retained } = sight;
    const checks = { stateDeath: died, ...died && { stateQos: qosKept, stateRetain: retained } };
    for (const [name, isRight] of Object.entries(checks) as [SparkplugAssertion, boolean][]) {
      this.#check(name, isRight);
      if (!isRight) this.#keepFault(hostFault(this.#plan, name));
    }
    this.#note?.("host", nowMs, { died, qosKept, retained });
  }

  /** The findings. */
  data(): SparkplugResult {
    return {
      assertions: this.#assertions,
      births: this.#births,
      ownDeaths: this.#ownDeaths,
      rebirths: this.#rebirths,
    };
  }

  #check(name: SparkplugAssertion, isRight: boolean): void {
    const counts = this.#assertions[name] ??= { checked: 0, broken: 0 };
    counts.checked++;
    if (!isRight) counts.broken++;
  }
}

function ruleText(name: SparkplugAssertion): string {
  return `Sparkplug 3.0, ${sparkplugAssertions[name]}`;
}

const hostTexts: Readonly<Partial<Record<SparkplugAssertion, string>>> = {
  stateDeath: "state: no death certificate of the host application reached a subscriber in time",
  stateQos: "state: the death certificate of the host application came with another QoS than 1",
  stateRetain: "state: a later subscriber did not receive the death certificate of the host application as retained",
};

function hostFault(plan: FleetPlan, name: SparkplugAssertion): FaultSample {
  return {
    client: hostOf(plan),
    incarnation: 1,
    mode: "reset",
    verdict: "sparkplug",
    protocol: plan.protocol === "3.1.1" ? "3.1.1" : "5",
    qos: 1,
    rule: ruleText(name),
    text: hostTexts[name]!,
  };
}
