/**
 * The rule of the standard that a fault breaks, by version: the same number names different rules in the two.
 */
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import type { Alteration, Ground } from "./expectation.ts";
import type { EndMode } from "../life/life.ts";

/** A rule's number in 3.1.1 and in 5.0. */
interface Rule {
  readonly v311: string;
  readonly v5: string;
}

const published: Rule = { v311: "3.1.2-8", v5: "3.1.2-8" };
const removed: Rule = { v311: "3.1.2-10", v5: "3.1.2-10" };
const discarded: Rule = { v311: "3.14.4-3", v5: "3.14.4-3" };
const refused: Rule = { v311: "3.1.4-5", v5: "3.1.4-6" };
const delayed: Rule = { v311: "3.1.2-8", v5: "3.1.3-9" };

const byGround: Readonly<Partial<Record<Ground, Rule>>> = {
  "keep-alive-passed": { v311: "3.1.2-24", v5: "3.1.2-22" },
  "taken-over": { v311: "3.1.4-2", v5: "3.1.4-3" },
  "session-resumed": delayed,
  "left": discarded,
  "refused": refused,
};

const byMode: Readonly<Partial<Record<EndMode | "alive", Rule>>> = {
  "garbage": { v311: "4.8.0-1", v5: "4.13.1-1" },
  "second-connect": { v311: "3.1.0-2", v5: "3.1.0-2" },
};

const byAlteration: Readonly<Record<Alteration, Rule>> = {
  topic: { v311: "3.1.2-9", v5: "3.1.2-9" },
  payload: { v311: "3.1.2-9", v5: "3.1.2-9" },
  qos: { v311: "3.1.2-9", v5: "3.1.2-9" },
  retain: { v311: "3.1.2-17", v5: "3.1.2-15" },
  properties: { v311: "3.1.2-9", v5: "3.1.3-10" },
  payloadFormatIndicator: { v311: "3.1.2-9", v5: "3.3.2-4" },
  contentType: { v311: "3.1.2-9", v5: "3.3.2-20" },
  responseTopic: { v311: "3.1.2-9", v5: "3.3.2-15" },
  correlationData: { v311: "3.1.2-9", v5: "3.3.2-16" },
  messageExpiryIntervalS: { v311: "3.1.2-9", v5: "3.3.2-6" },
  userProperties: { v311: "3.1.2-9", v5: "3.3.2-17" },
  // No numbered statement names the properties of a PUBLISH; the content of a will has one.
  willDelayInterval: { v311: "3.1.2-9", v5: "3.1.3-10" },
  strayProperty: { v311: "3.1.2-9", v5: "3.1.3-10" },
};

/** The fault, as far as the rule depends on it. */
export interface FaultFacts {
  readonly verdict: "late" | "early" | "missing" | "duplicate" | "unwanted" | "altered";
  readonly version: ProtocolVersion;
  readonly mode: EndMode | "alive";
  readonly ground: Ground;
  readonly altered: readonly Alteration[];
}

/** The broken rule, for people: `MQTT 5.0, 3.1.2-8`. */
export function faultRule(fault: FaultFacts): string {
  const rule = ruleOf(fault);
  return fault.version === 5 ? `MQTT 5.0, ${rule.v5}` : `MQTT 3.1.1, ${rule.v311}`;
}

function isDelayed(ground: Ground): boolean {
  return ground === "delay-passed" || ground === "session-ended";
}

function ruleOf({ verdict, mode, ground, altered }: FaultFacts): Rule {
  if (verdict === "altered") return byAlteration[altered[0] ?? "payload"];
  if (verdict === "duplicate") return removed;
  if (verdict === "early") return byGround[ground] ?? (isDelayed(ground) ? delayed : published);
  return byGround[ground] ?? (ground === "connection-ended" ? byMode[mode] : undefined) ?? published;
}
