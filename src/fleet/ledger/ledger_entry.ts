/**
 * The ledger's entry of one life, before and after its judgement, and its data on one will that arrived.
 */
import type { ProtocolVersion, PublishPacket, QoS } from "../../mqtt/packet.ts";
import type { Arrival, OracleRules } from "../oracle/expectation.ts";
import { dueBy, expectationOf } from "../oracle/oracle.ts";
import { restartAfter, rulesOf } from "../oracle/restart_rule.ts";
import type { FaultSample } from "../result/fault_sample.ts";
import { type Life, type LifeEnd, type WillMark } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { TallyMode } from "../result/will_counts.ts";
import type { Closed } from "./closed_lives.ts";

/** A life on the records. */
export interface LedgerEntry {
  readonly life: Life;
  /** The arrivals at each of the watchers that receive this will. */
  readonly arrivals: (readonly Arrival[])[];
  /**
   * Latest due time among wills with the same or a shorter delay whose clients' lives had ended before this will
   * arrived (or its client reconnected).
   */
  othersDueMs: number;
}

/** When its will is due; without a due will, when a broker that keeps it by mistake would publish it. */
export function awaitedMs(life: Life, rules: OracleRules): number {
  const expectation = expectationOf(life, rules);
  if (expectation.kind === "one") return dueBy(expectation);
  const { doneMs } = life.end!;
  const restart = restartAfter(doneMs - rules.lateAfterMs, rulesOf(life, rules));
  return Math.max(doneMs, restart?.backMs ?? doneMs) + Math.min(life.delayS, life.sessionExpiryS) * 1_000;
}

/** Whether every watcher of this partition has received the will. */
export function isAnswered({ arrivals }: LedgerEntry): boolean {
  for (const each of arrivals) if (each.length === 0) return false;
  return true;
}

/** A will that a watcher saw, without its bytes: plain data. */
export interface Sighting {
  /** The number of the watcher among those that receive the same wills, from 0. */
  readonly copy: number;
  readonly topic: string;
  /** The life that the payload names; undefined for a payload that is not from this run. */
  readonly mark: WillMark | undefined;
  /** The client on whose topic it is, where payloads are the user's own and name no life. */
  readonly owner?: number;
  /** Its payload then, which may be that of one life. */
  readonly payload?: Uint8Array;
  /** The differences that the packet alone shows. */
  readonly version: ProtocolVersion;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** It carried a Message Expiry Interval. */
  readonly expires: boolean;
  readonly atMs: number;
  /** The instant from which on it may have lain here unread. */
  readonly sinceMs: number;
}

/** Finds the life of a will. */
export type FindLife = (packet: Pick<PublishPacket, "topic" | "payload" | "properties">) => WillMark | undefined;

/** The data in a packet itself. */
export function sightingOf(
  findLife: FindLife,
  packet: PublishPacket,
  copy: number,
  atMs: number,
  sinceMs: number,
  owner?: number,
): Sighting {
  const { topic, qos, retain, dup, payload, properties } = packet;
  const mark = findLife(packet);
  const version: ProtocolVersion = properties === undefined ? 4 : 5;
  const expires = properties?.messageExpiryIntervalS !== undefined;
  const sighting = { copy, topic, mark, version, qos, retain, dup, expires, atMs, sinceMs };
  return mark === undefined && owner !== undefined ? { ...sighting, owner, payload } : sighting;
}

/**
 * A broker on another processor can publish a will before the system call of the kill returns. Such a will counts from
 * the completed kill.
 */
export function afterKill(sighting: Sighting, end: LifeEnd | undefined, withinMs: number): Sighting {
  const { atMs } = sighting;
  if (end === undefined || atMs >= end.doneMs || atMs < end.doneMs - withinMs) return sighting;
  return { ...sighting, atMs: end.doneMs };
}

/** A message that the broker delivered once more without the DUP flag. [MQTT311 3.3.1-1] [MQTT5 3.3.1-1] */
export function redeliveryFault({ topic, version, qos }: Sighting, mode: TallyMode): FaultSample {
  return {
    client: topic,
    incarnation: 0,
    mode,
    verdict: "redelivery",
    protocol: version === 4 ? "3.1.1" : "5",
    qos,
    rule: version === 4 ? "MQTT 3.1.1, 3.3.1-1" : "MQTT 5.0, 3.3.1-1",
    text: `a message on topic ${JSON.stringify(topic)} came again under its packet identifier, without DUP`,
  };
}

/** True where a retained will is the last message on its topic: clients with presence publish another after it. */
export function staysLast({ willRetain, presence }: FleetPlan): boolean {
  return willRetain && !presence;
}

/**
 * Whether a will's latency measures the broker: its cause is known to the millisecond, without a restart between.
 */
export function isTimed({ end }: Life, { byMs }: { readonly byMs?: number }): boolean {
  return end !== undefined && end.mode !== "lost" && end.mode !== "restart" && byMs === undefined;
}

/** Incarnations below a million a client: both fit one whole number. */
export function keyOf(client: number, incarnation: number): number {
  return client * 1_000_000 + incarnation;
}

/** A will of a judged life, or of an unknown life. */
export function strayFault({ topic, version, qos }: Sighting, closed: Closed | undefined): FaultSample {
  const whose = closed === undefined ? "no life of this run" : "a life already judged";
  return {
    client: topic,
    incarnation: 0,
    mode: closed?.mode ?? "alive",
    verdict: closed?.due === true ? "duplicate" : "unwanted",
    protocol: version === 4 ? "3.1.1" : "5",
    qos,
    rule: closed?.due === true ? "MQTT 3.1.1 and 5.0, 3.1.2-10" : "MQTT 3.1.1 and 5.0, 3.1.2-8",
    text: `a will of ${whose} came on topic ${JSON.stringify(topic)}`,
  };
}
