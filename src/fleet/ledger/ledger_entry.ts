/**
 * What stands in a squad's books of one life, before and after it is judged, and of one will that was seen.
 */
import type { ProtocolVersion, PublishPacket, QoS } from "../../mqtt/packet.ts";
import type { Arrival } from "../oracle/expectation.ts";
import type { FaultSample } from "../result/fault_sample.ts";
import { type Life, readWillMark, type WillMark } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { TallyMode } from "../result/will_counts.ts";

/** A life on the records. */
export interface Entry {
  readonly life: Life;
  /** What each of the watchers that receive this will saw. */
  readonly arrivals: (readonly Arrival[])[];
  /**
   * Latest due time among wills with the same or a shorter delay whose clients had died before this will arrived (or
   * its client reconnected).
   */
  othersDueMs: number;
}

/** What a later arrival needs to know of a judged life. */
export interface Closed {
  readonly mode: TallyMode;
  /** A will was due, or came and was allowed: one more is one too many. */
  readonly due: boolean;
  /** The standard allows a will and none, and none had come. */
  readonly allowed: boolean;
}

const closings = new Map<TallyMode, Closed[]>();

/** How a life was closed: one object for all that were closed alike, for there are as many as lives. */
export function closedAs(mode: TallyMode, due: boolean, allowed: boolean): Closed {
  let ofMode = closings.get(mode);
  if (ofMode === undefined) closings.set(mode, ofMode = []);
  return ofMode[(due ? 2 : 0) + (allowed ? 1 : 0)] ??= { mode, due, allowed };
}

/** Whether every watcher of this partition has received the will. */
export function isAnswered({ arrivals }: Entry): boolean {
  for (const each of arrivals) if (each.length === 0) return false;
  return true;
}

/** A will that a watcher saw, without its bytes: plain data. */
export interface Sighting {
  /** Which of the watchers that receive the same wills, from 0. */
  readonly copy: number;
  readonly topic: string;
  /** Whose it says it is; undefined where it is none of this run's. */
  readonly mark: WillMark | undefined;
  /** As it can be told from the packet alone. */
  readonly version: ProtocolVersion;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** It came with a Message Expiry Interval. */
  readonly expires: boolean;
  readonly atMs: number;
  /** The instant from which on it may have lain here unread. */
  readonly sinceMs: number;
}

/** What a packet says of itself. */
export function sightingOf(
  plan: FleetPlan,
  { topic, qos, retain, dup, payload, properties }: PublishPacket,
  copy: number,
  atMs: number,
  sinceMs: number,
): Sighting {
  const mark = readWillMark(plan, payload);
  const version = properties === undefined ? 4 : 5;
  const expires = properties?.messageExpiryIntervalS !== undefined;
  return { copy, topic, mark, version, qos, retain, dup, expires, atMs, sinceMs };
}

/** A message that the broker delivered once more without saying so by DUP. [MQTT311 3.3.1-1] [MQTT5 3.3.1-1] */
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

/** True where a retained will is the last word on its topic: clients that speak of their presence have another. */
export function staysLast({ willRetain, presence }: FleetPlan): boolean {
  return willRetain && !presence;
}

/**
 * Whether a will's way says anything of the broker: its cause is known to the millisecond, and no restart lay on it.
 */
export function isTimed({ end }: Life, { byMs }: { readonly byMs?: number }): boolean {
  return end !== undefined && end.mode !== "lost" && end.mode !== "restart" && byMs === undefined;
}

/** Incarnations below a million a client: both fit one whole number. */
export function keyOf(client: number, incarnation: number): number {
  return client * 1_000_000 + incarnation;
}

/** A will of a life that has been judged, or of nobody we know. */
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
