/**
 * Compares a will that arrived with the will that the client requested.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { MessageProperties, ProtocolVersion, PublishPacket, QoS, UserProperty } from "../../mqtt/packet.ts";
import type { PacketFault } from "../../mqtt/codec/lenient.ts";
import { PropertyId } from "../../mqtt/codec/property_table.ts";
import type { Alteration } from "./expectation.ts";
import { isWillPayload, isWillTopic, type Life, willPropertiesOf } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** The properties that a watcher's subscription can show. */
export interface SeenWill {
  readonly version: ProtocolVersion;
  /** The QoS that the broker granted: a will arrives with the lesser of this and its own. */
  readonly grantedQos: QoS;
}

/** A message as a watcher saw it. */
export interface SeenMessage extends PublishPacket {
  /** Properties that the packet may not have; absent where there are none. */
  readonly strays?: readonly Stray[];
}

/** A property that no PUBLISH may have: that of wills, or another. */
export type Stray = "willDelayInterval" | "strayProperty";

const strays: readonly string[] = ["willDelayInterval", "strayProperty"] satisfies Stray[];

/** Whether a part is a property that no PUBLISH may have. */
export function isStray(part: string): part is Stray {
  return strays.includes(part);
}

/** A message with the parts that its packet must not have. */
export function seenMessage(packet: PublishPacket, faults: readonly PacketFault[] | undefined): SeenMessage {
  if (faults === undefined) return packet;
  const names = new Set(faults.flatMap((fault) => fault.kind === "property" ? [strayOf(fault.id)] : []));
  return names.size === 0 ? packet : { ...packet, strays: [...names] };
}

function strayOf(id: number): Stray {
  return id === PropertyId.willDelayInterval ? "willDelayInterval" : "strayProperty";
}

/** The differences of a will without any: one list for all of them. */
export const unaltered: readonly Alteration[] = [];

/** The differences; empty without any. */
export function compareWill(plan: FleetPlan, life: Life, packet: SeenMessage, seen: SeenWill): readonly Alteration[] {
  const altered: Alteration[] = [];
  if (!isWillTopic(plan, life, packet.topic)) altered.push("topic");
  if (!isWillPayload(plan, life, packet.payload)) altered.push("payload");
  if (packet.qos !== Math.min(life.qos, seen.grantedQos)) altered.push("qos");
  // A 5.0 watcher subscribes with Retain As Published; a 3.1.1 watcher gets live messages with the flag off.
  // [MQTT5 3.3.1-13] [MQTT311 3.3.1-9]
  if (packet.retain !== (seen.version === 5 && life.retain)) altered.push("retain");
  if (seen.version === 5) {
    altered.push(...differingProperties(packet.properties ?? {}, willPropertiesOf(plan, life) ?? {}));
  }
  if (packet.strays !== undefined) altered.push(...packet.strays);
  return altered.length === 0 ? unaltered : altered;
}

/** A property of a message that can go wrong on its way. */
export type PropertyName = keyof MessageProperties;

/** The standard's names of the parts of a message, by their names here. */
const partNames: Readonly<Record<Alteration, string>> = {
  topic: "topic",
  payload: "payload",
  qos: "QoS",
  retain: "retain flag",
  properties: "properties",
  payloadFormatIndicator: "payload format indicator",
  contentType: "content type",
  responseTopic: "response topic",
  correlationData: "correlation data",
  messageExpiryIntervalS: "message expiry interval",
  userProperties: "user properties",
  willDelayInterval: "Will Delay Interval",
  strayProperty: "another property",
};

/** The text of a part of a message; a property that no will has keeps its name. */
export function partText(part: string): string {
  return Object.hasOwn(partNames, part) ? partNames[part as Alteration] : part;
}

/** The properties that differ. */
export function differingProperties(came: MessageProperties, asked: MessageProperties): PropertyName[] {
  const same: Readonly<Record<PropertyName, boolean>> = {
    payloadFormatIndicator: came.payloadFormatIndicator === asked.payloadFormatIndicator,
    contentType: came.contentType === asked.contentType,
    responseTopic: came.responseTopic === asked.responseTopic,
    correlationData: sameBytes(came.correlationData, asked.correlationData),
    messageExpiryIntervalS: sameExpiry(came.messageExpiryIntervalS, asked.messageExpiryIntervalS),
    userProperties: sameUserProperties(came.userProperties ?? [], asked.userProperties ?? []),
  };
  return (Object.keys(same) as PropertyName[]).filter((name) => !same[name]);
}

/**
 * The server subtracts the time that a message has waited in it. [MQTT5 3.3.2-6] An expiry that the server adds to a
 * message without one is one deviation of the server, which the ledger counts, not a fault of each message.
 */
function sameExpiry(came: number | undefined, asked: number | undefined): boolean {
  if (asked === undefined) return true;
  return came !== undefined && came <= asked;
}

/** The server must keep order and repetition. [MQTT5 3.3.2-18] */
function sameUserProperties(came: readonly UserProperty[], asked: readonly UserProperty[]): boolean {
  return came.length === asked.length &&
    came.every(([name, value], place) => name === asked[place]![0] && value === asked[place]![1]);
}
