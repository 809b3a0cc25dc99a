/**
 * The reason codes of MQTT 5.0: their numbers, their names for users, the packets that may contain them, and their
 * equivalents for a 3.1.1 peer, which has six return codes in CONNACK and none in its other packets.
 *
 * Source: MQTT 5.0, section 2.4 and the tables of sections 3.2 to 3.15; MQTT 3.1.1, table 3.1.
 */
import type { PacketType } from "./packet.ts";

/** Reason codes by name. 0x00 has three names, one for each use; 0x80 and above are errors. */
export const ReasonCode = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQoS0: 0x00,
  grantedQoS1: 0x01,
  grantedQoS2: 0x02,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUsernameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/**
 * One of the numbers in {@link ReasonCode}. Packets from a peer contain a plain number, which `check.ts` has checked.
 */
export type ReasonCode = typeof ReasonCode[keyof typeof ReasonCode];

const refusals: readonly PacketType[] = ["connack", "puback", "pubrec", "suback", "unsuback", "disconnect"];
const connectionFaults: readonly PacketType[] = ["connack", "disconnect"];
const publishAnswers: readonly PacketType[] = ["puback", "pubrec"];
const subscribeFaults: readonly PacketType[] = ["suback", "disconnect"];

/** Code, name, and the packets that may contain it. */
const table: readonly (readonly [code: number, name: string, carriers: readonly PacketType[]])[] = [
  [0x00, "Success", ["connack", "puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback", "disconnect", "auth"]],
  [0x01, "Granted QoS 1", ["suback"]],
  [0x02, "Granted QoS 2", ["suback"]],
  [0x04, "Disconnect with Will Message", ["disconnect"]],
  [0x10, "No matching subscribers", publishAnswers],
  [0x11, "No subscription existed", ["unsuback"]],
  [0x18, "Continue authentication", ["auth"]],
  [0x19, "Re-authenticate", ["auth"]],
  [0x80, "Unspecified error", refusals],
  [0x81, "Malformed Packet", connectionFaults],
  [0x82, "Protocol Error", connectionFaults],
  [0x83, "Implementation specific error", refusals],
  [0x84, "Unsupported Protocol Version", ["connack"]],
  [0x85, "Client Identifier not valid", ["connack"]],
  [0x86, "Bad User Name or Password", ["connack"]],
  [0x87, "Not authorized", refusals],
  [0x88, "Server unavailable", ["connack"]],
  [0x89, "Server busy", connectionFaults],
  [0x8a, "Banned", ["connack"]],
  [0x8b, "Server shutting down", ["disconnect"]],
  [0x8c, "Bad authentication method", connectionFaults], // DISCONNECT by the table of section 2.4, not by that of 3.14
  [0x8d, "Keep Alive timeout", ["disconnect"]],
  [0x8e, "Session taken over", ["disconnect"]],
  [0x8f, "Topic Filter invalid", ["suback", "unsuback", "disconnect"]],
  [0x90, "Topic Name invalid", ["connack", "puback", "pubrec", "disconnect"]],
  [0x91, "Packet Identifier in use", ["puback", "pubrec", "suback", "unsuback"]],
  [0x92, "Packet Identifier not found", ["pubrel", "pubcomp"]],
  [0x93, "Receive Maximum exceeded", ["disconnect"]],
  [0x94, "Topic Alias invalid", ["disconnect"]],
  [0x95, "Packet too large", connectionFaults],
  [0x96, "Message rate too high", ["disconnect"]],
  [0x97, "Quota exceeded", ["connack", "puback", "pubrec", "suback", "disconnect"]],
  [0x98, "Administrative action", ["disconnect"]],
  [0x99, "Payload format invalid", ["connack", "puback", "pubrec", "disconnect"]],
  [0x9a, "Retain not supported", connectionFaults],
  [0x9b, "QoS not supported", connectionFaults],
  [0x9c, "Use another server", connectionFaults],
  [0x9d, "Server moved", connectionFaults],
  [0x9e, "Shared Subscriptions not supported", subscribeFaults],
  [0x9f, "Connection rate exceeded", connectionFaults],
  [0xa0, "Maximum connect time", ["disconnect"]],
  [0xa1, "Subscription Identifiers not supported", subscribeFaults],
  [0xa2, "Wildcard Subscriptions not supported", subscribeFaults],
];

const names = new Map(table.map(([code, name]) => [code, name]));
const carriersOf = new Map(table.map(([code, _, carriers]) => [code, new Set(carriers)]));

/** The names of 0x00 other than "Success". */
const zeroNames: Partial<Record<PacketType, string>> = { disconnect: "Normal disconnection", suback: "Granted QoS 0" };

/**
 * The standard's name of a reason code, for users; `0xff` and the like for undefined numbers.
 *
 * @param packet the packet that contains it; only relevant for 0x00
 */
export function reasonName(code: number, packet?: PacketType): string {
  if (code === 0 && packet !== undefined) return zeroNames[packet] ?? "Success";
  return names.get(code) ?? `0x${code.toString(16).padStart(2, "0")}`;
}

/** One byte as `0x8e`. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/**
 * A reason code with its name, for users: `0x97 (Quota exceeded)`; only the number if the standard defines no name.
 *
 * @param packet the packet that contains it; only relevant for 0x00
 */
export function reasonText(code: number, packet?: PacketType): string {
  const hex = hexByte(code);
  const name = reasonName(code, packet);
  return name === hex ? hex : `${hex} (${name})`;
}

const returnCodeNames: readonly string[] = [
  "accepted",
  "unacceptable protocol version",
  "identifier rejected",
  "server unavailable",
  "bad user name or password",
  "not authorized",
];

/** The return code of a 3.1.1 CONNACK, for users: `0x05 (not authorized)`. */
export function returnCodeText(code: number): string {
  const name = returnCodeNames[code];
  return name === undefined ? `${hexByte(code)}, which MQTT 3.1.1 does not define` : `${hexByte(code)} (${name})`;
}

/** A server's additions to a reason code: its reason string and another server, as text after the code. */
export function reasonDetails(
  { reasonString, serverReference }: { readonly reasonString?: string; readonly serverReference?: string } = {},
): string {
  const said = reasonString === undefined ? "" : `, reason string ${JSON.stringify(reasonString)}`;
  return serverReference === undefined ? said : `${said}, server reference ${JSON.stringify(serverReference)}`;
}

/** Codes with which a server refuses a CONNECT temporarily: its rate, its quota, its load. */
const passingRefusals: ReadonlySet<number> = new Set([
  ReasonCode.connectionRateExceeded,
  ReasonCode.quotaExceeded,
  ReasonCode.serverBusy,
  ReasonCode.serverUnavailable,
]);

/** Whether a CONNACK refuses because of a limit of the server, so that a later CONNECT may succeed. */
export function isPassingRefusal(version: 4 | 5, code: number): boolean {
  return version === 4 ? code === 3 : passingRefusals.has(code);
}

/** Whether MQTT 5.0 defines that reason code for that packet, from client or server. */
export function mayCarry(packet: PacketType, code: number): boolean {
  return carriersOf.get(code)?.has(packet) ?? false;
}

/** 3.1.1 return codes 1 to 5 as 5.0 reason codes; the index is the return code. */
const returnCodes: readonly number[] = [
  ReasonCode.success,
  ReasonCode.unsupportedProtocolVersion,
  ReasonCode.clientIdentifierNotValid,
  ReasonCode.serverUnavailable,
  ReasonCode.badUsernameOrPassword,
  ReasonCode.notAuthorized,
];

/** 5.0 reason codes without an exact return code in 3.1.1. */
const nearestReturnCode = new Map<number, number>([
  [ReasonCode.serverBusy, 3],
  [ReasonCode.quotaExceeded, 3],
  [ReasonCode.useAnotherServer, 3],
  [ReasonCode.serverMoved, 3],
  [ReasonCode.connectionRateExceeded, 3],
  [ReasonCode.banned, 5],
  [ReasonCode.badAuthenticationMethod, 5],
]);

/**
 * The 3.1.1 CONNACK return code, 0 to 5, for a 5.0 reason code; undefined if 3.1.1 has none: then the connection closes
 * without a CONNACK. // [MQTT311 3.2.2-6]
 */
export function returnCodeOf(reasonCode: number): number | undefined {
  const index = returnCodes.indexOf(reasonCode);
  return index >= 0 ? index : nearestReturnCode.get(reasonCode);
}
