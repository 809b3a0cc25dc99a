/**
 * The properties of MQTT 5.0 as a table, and the walk over them: it checks that each is known, allowed in its packet,
 * of its own type, not repeated, and has an allowed value.
 *
 * Source: MQTT 5.0, section 2.2.2.2 and, for values and repetition, the sections of the packets.
 */
import type { Cursor } from "./cursor.ts";
import type { PacketType, UserProperty } from "../packet.ts";
import { ourNames } from "./properties.ts";
import { ReasonCode } from "../reason.ts";

/** The carrier of properties: a packet, or the will of a CONNECT. */
export type Carrier = PacketType | "will";

/** The encoding of a value. Every one-byte property is 0 or 1. */
type PropertyKind = "bit" | "twoBytes" | "fourBytes" | "variable" | "text" | "topicName" | "binary" | "pair";

export interface PropertyRule {
  readonly id: number;
  /** Its name in mqtt-packet. */
  readonly name: string;
  /** Our name for it, with the unit. */
  readonly field: string;
  readonly kind: PropertyKind;
  readonly carriers: ReadonlySet<Carrier>;
  /** Carriers in which it may be repeated. */
  readonly repeatable: ReadonlySet<Carrier>;
  /** The reason code for a value of 0; undefined if 0 is allowed. */
  readonly zeroFault: number | undefined;
  /** A distinct bit, for sets of properties. */
  readonly bit: number;
  /** Whether a packet with it is plain: a number of two or four bytes, a user property, or a property of a message. */
  readonly isPlain: boolean;
}

/** The value of a plain property. */
export type PlainValue = number | string | Uint8Array | readonly UserProperty[];

/** The result of {@link walkProperties}. */
export interface FoundProperties {
  /** The {@link PropertyRule.bit}s of the properties that are present. */
  readonly seen: number;
  /** User properties in order; undefined if there are none. */
  readonly userProperties: readonly UserProperty[] | undefined;
  /** The values of plain properties, under our names; undefined if there are none. */
  readonly values: Readonly<Record<string, PlainValue>> | undefined;
}

/** Identifiers that other rules use. */
export const PropertyId = {
  authenticationMethod: 0x15,
  authenticationData: 0x16,
  topicAlias: 0x23,
  willDelayInterval: 0x18,
} as const;

const acknowledgements: readonly Carrier[] = ["puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback"];
const answers: readonly Carrier[] = ["connack", ...acknowledgements, "disconnect", "auth"];
const everywhere: readonly Carrier[] = ["connect", "will", "publish", "subscribe", "unsubscribe", ...answers];
const message: readonly Carrier[] = ["publish", "will"];
const opening: readonly Carrier[] = ["connect", "connack"];
const { protocolError, topicAliasInvalid } = ReasonCode;

type Row = readonly [id: number, name: string, kind: PropertyKind, carriers: readonly Carrier[], zeroFault?: number];

const rows: readonly Row[] = [
  [0x01, "payloadFormatIndicator", "bit", message],
  [0x02, "messageExpiryInterval", "fourBytes", message],
  [0x03, "contentType", "text", message], // [MQTT5 3.3.2-19]
  [0x08, "responseTopic", "topicName", message], // [MQTT5 3.3.2-13] [MQTT5 3.3.2-14]
  [0x09, "correlationData", "binary", message],
  [0x0b, "subscriptionIdentifier", "variable", ["publish", "subscribe"], protocolError],
  [0x11, "sessionExpiryInterval", "fourBytes", [...opening, "disconnect"]],
  [0x12, "assignedClientIdentifier", "text", ["connack"]],
  [0x13, "serverKeepAlive", "twoBytes", ["connack"]],
  [0x15, "authenticationMethod", "text", [...opening, "auth"]],
  [0x16, "authenticationData", "binary", [...opening, "auth"]],
  [0x17, "requestProblemInformation", "bit", ["connect"]],
  [0x18, "willDelayInterval", "fourBytes", ["will"]],
  [0x19, "requestResponseInformation", "bit", ["connect"]],
  [0x1a, "responseInformation", "text", ["connack"]],
  [0x1c, "serverReference", "text", ["connack", "disconnect"]],
  [0x1f, "reasonString", "text", answers],
  [0x21, "receiveMaximum", "twoBytes", opening, protocolError],
  [0x22, "topicAliasMaximum", "twoBytes", opening],
  [0x23, "topicAlias", "twoBytes", ["publish"], topicAliasInvalid], // [MQTT5 3.3.2-8]
  [0x24, "maximumQoS", "bit", ["connack"]],
  [0x25, "retainAvailable", "bit", ["connack"]],
  [0x26, "userProperties", "pair", everywhere],
  [0x27, "maximumPacketSize", "fourBytes", opening, protocolError],
  [0x28, "wildcardSubscriptionAvailable", "bit", ["connack"]],
  [0x29, "subscriptionIdentifiersAvailable", "bit", ["connack"]],
  [0x2a, "sharedSubscriptionAvailable", "bit", ["connack"]],
];

const repeatable = new Map<string, readonly Carrier[]>([
  ["userProperties", everywhere],
  ["subscriptionIdentifier", ["publish"]],
]);

/** The rules by property identifier. */
export const propertyTable: ReadonlyMap<number, PropertyRule> = new Map(
  rows.map(([id, name, kind, carriers, zeroFault], index) => [id, {
    id,
    name,
    field: ourNames[name] ?? name,
    kind,
    carriers: new Set(carriers),
    repeatable: new Set(repeatable.get(name)),
    zeroFault,
    bit: 1 << index,
    isPlain: kind === "twoBytes" || kind === "fourBytes" || kind === "pair" || carriers === message,
  }]),
);

const plainBits = [...propertyTable.values()].reduce((bits, { bit, isPlain }) => isPlain ? bits | bit : bits, 0);

/** The result without properties. */
export const noProperties: FoundProperties = { seen: 0, userProperties: undefined, values: undefined };

/**
 * Reads a Property Length and its properties.
 *
 * @throws ProtocolError 0x81 if they cannot be parsed, 0x82 for a repeated property or a forbidden value, 0x97 for more
 * user properties than the cursor's limits allow
 */
export function walkProperties(cursor: Cursor, carrier: Carrier): FoundProperties {
  const length = cursor.variable();
  if (length === 0) return noProperties; // [MQTT5 2.2.2-1]
  const properties = cursor.part(length);
  const userProperties: UserProperty[] = [];
  const values: Record<string, PlainValue> = {};
  let seen = 0;
  while (properties.left > 0) {
    const rule = propertyTable.get(properties.byte());
    if (!rule?.carriers.has(carrier)) throw cursor.malformed(`a property that does not belong in a ${carrier}`);
    if ((seen & rule.bit) !== 0 && !rule.repeatable.has(carrier)) throw cursor.forbidden(`${rule.name} occurs twice`);
    seen |= rule.bit;
    if (rule.kind === "pair") {
      cursor.bound("userProperties", userProperties.length + 1);
      userProperties.push([properties.string(), properties.string()]); // [MQTT5 1.5.7-1]
    }
    const value = rule.kind === "pair" ? userProperties : readValue(properties, rule);
    if (rule.isPlain) values[rule.field] = value;
  }
  return {
    seen,
    userProperties: userProperties.length > 0 ? userProperties : undefined,
    values: (seen & plainBits) === 0 ? undefined : values,
  };
}

/** Walks the properties of a packet that may contain authentication: data needs a method. */
export function walkAuthenticated(cursor: Cursor): FoundProperties {
  const properties = walkProperties(cursor, cursor.packet);
  const { authenticationData, authenticationMethod } = PropertyId;
  if (hasProperty(properties, authenticationData) && !hasProperty(properties, authenticationMethod)) {
    throw cursor.forbidden("authentication data without a method");
  }
  return properties;
}

/** Whether a property is present. */
export function hasProperty(found: FoundProperties, id: number): boolean {
  return (found.seen & propertyTable.get(id)!.bit) !== 0;
}

/** Whether all properties are plain, if there are any. */
export function hasOnlyPlain(found: FoundProperties): boolean {
  return (found.seen & ~plainBits) === 0;
}

/** Reads the value of a property other than User Property. */
export function readValue(cursor: Cursor, rule: PropertyRule): PlainValue {
  if (rule.kind === "text") return cursor.string();
  if (rule.kind === "binary") return cursor.data();
  if (rule.kind === "topicName") return cursor.topicName("response topic");
  return checkedNumber(cursor, rule);
}

function checkedNumber(cursor: Cursor, rule: PropertyRule): number {
  const value = readNumber(cursor, rule.kind);
  if (rule.kind === "bit" && value > 1) throw cursor.forbidden(`${rule.name} is neither 0 nor 1`);
  if (value === 0 && rule.zeroFault !== undefined) throw cursor.fault(rule.zeroFault, `${rule.name} is 0`);
  return value;
}

function readNumber(cursor: Cursor, kind: PropertyKind): number {
  if (kind === "bit") return cursor.byte();
  if (kind === "twoBytes") return cursor.twoBytes();
  return kind === "fourBytes" ? cursor.fourBytes() : cursor.variable();
}
