/** PUBLISH from a client: resolves its topic alias, checks its limits, routes it once, and acknowledges it. */
import { ProtocolError } from "../../base/failure.ts";
import { keepsPayloadFormat, messageOf } from "../../mqtt/message.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { cost, textBytes } from "../limits/memory.ts";
import { messageBytes } from "../message/publication.ts";
import type { Inbox } from "../session/inbox.ts";
import type { Connection } from "../session/session.ts";
import { publishText } from "./reason_text.ts";
import { isReserved } from "../../mqtt/topic.ts";
import { topicLimitHit } from "./topic_limit.ts";

/** Handles PUBLISH. @throws ProtocolError for a fault that ends the connection */
export function handlePublish(core: Core, connection: Connection, packet: PublishPacket, nowMs: number): void {
  core.metrics.received++;
  checkOffer(core, packet);
  const topic = topicOf(core, connection, packet);
  const refusal = refusalOf(core, connection, packet, topic, nowMs) ?? denialOf(core, connection, topic);
  if (refusal === ReasonCode.notAuthorized && packet.qos === 0) return;
  if (refusal === ReasonCode.notAuthorized && connection.version === 4) return feignSuccess(connection, packet);
  if (refusal !== undefined && (packet.qos === 0 || connection.version === 4)) {
    throw new ProtocolError(refusal, "a refused PUBLISH at QoS 0, which has no acknowledgement");
  }
  if (packet.qos === 2) return handleQoS2(core, connection, packet, topic, refusal, nowMs);
  const reasonCode = refusal ?? route(core, connection, packet, topic, nowMs);
  if (packet.qos === 1) acknowledge(connection, "puback", packet.packetId!, reasonCode); // [MQTT5 4.3.2-4]
}

/** Checks that the client keeps to what CONNACK offered. */
function checkOffer(core: Core, packet: PublishPacket): void {
  const { maximumQoS, retainAvailable } = core.settings;
  if (packet.qos > maximumQoS) throw new ProtocolError(ReasonCode.qosNotSupported, "a QoS above the maximum");
  if (packet.retain && !retainAvailable) {
    throw new ProtocolError(ReasonCode.retainNotSupported, "retain is not available");
  }
  if (packet.properties?.subscriptionIdentifiers !== undefined) { // [MQTT5 3.3.4-6]
    throw new ProtocolError(ReasonCode.protocolError, "a subscription identifier in a client's PUBLISH");
  }
}

/** The topic of the packet, or of its alias. */
function topicOf(core: Core, connection: Connection, packet: PublishPacket): string {
  const alias = packet.properties?.topicAlias;
  if (alias === undefined) return packet.topic;
  if (alias > core.settings.limits.topicAliasMaximum) { // [MQTT5 3.3.2-9]
    throw new ProtocolError(ReasonCode.topicAliasInvalid, `topic alias ${alias}`);
  }
  if (packet.topic !== "") {
    setAlias(connection, alias, packet.topic);
    return packet.topic;
  }
  const topic = connection.aliases?.get(alias);
  if (topic === undefined) throw new ProtocolError(ReasonCode.protocolError, `topic alias ${alias} without a topic`);
  return topic;
}

function setAlias(connection: Connection, alias: number, topic: string): void {
  const aliases = connection.aliases ??= new Map();
  const before = aliases.get(alias);
  aliases.set(alias, topic); // [MQTT5 3.3.2-7] [MQTT5 3.3.2-12]
  connection.aliasBytes += cost.alias + textBytes(topic);
  if (before !== undefined) connection.aliasBytes -= cost.alias + textBytes(before);
}

/**
 * The reason code with which this message is refused, if it is; the connection stays open if an acknowledgement can
 * carry the code.
 */
function refusalOf(
  core: Core,
  connection: Connection,
  packet: PublishPacket,
  topic: string,
  nowMs: number,
): number | undefined {
  if (isReserved(topic)) return ReasonCode.topicNameInvalid;
  const limit = topicLimitHit(topic, core.settings.limits);
  if (limit !== undefined) return core.metrics.limited(limit, ReasonCode.topicNameInvalid);
  if (!keepsPayloadFormat(packet.payload, packet.properties)) return ReasonCode.payloadFormatInvalid;
  if (packet.retain && !hasRoomFor(core, connection, packet, topic, nowMs)) {
    return core.metrics.limited("memoryBytes", ReasonCode.quotaExceeded);
  }
  return undefined;
}

/**
 * Whether there is memory to retain a message. Without it, the message is refused if an acknowledgement can carry the
 * code; otherwise it is delivered but not retained.
 */
function hasRoomFor(
  core: Core,
  { version }: Connection,
  { qos, payload, properties }: PublishPacket,
  topic: string,
  nowMs: number,
): boolean {
  if (version === 4 || qos === 0 || payload.length === 0) return true;
  return core.retained.hasRoom(
    { topic },
    cost.message + messageBytes({ topic, payload, ...properties && { properties } }),
    nowMs,
  );
}

/** Counts a message that the client may not publish; it is not routed. */
function denialOf(core: Core, { session }: Connection, topic: string): number | undefined {
  if (core.settings.authorize(session!, "publish", topic)) return undefined;
  core.metrics.denied++;
  return ReasonCode.notAuthorized;
}

/**
 * 3.1.1 cannot report that a message was denied: the broker acknowledges it like any other, or closes the connection.
 * After a close, the client would reconnect, and its will would be published, with each retry of the message. //
 * [MQTT311 3.3.5-2]
 */
function feignSuccess(connection: Connection, { qos, packetId }: PublishPacket): void {
  acknowledge(connection, qos === 1 ? "puback" : "pubrec", packetId!, ReasonCode.success);
}

function handleQoS2(
  core: Core,
  connection: Connection,
  packet: PublishPacket,
  topic: string,
  refusal: number | undefined,
  nowMs: number,
): void {
  const { inbox } = connection.session!;
  const packetId = packet.packetId!;
  if (connection.version === 5) countUnreleased(core, connection, packetId);
  if (inbox.has(packetId)) { // [MQTT5 4.3.3-10] [MQTT311 4.3.3-2]
    return acknowledge(connection, "pubrec", packetId, ReasonCode.success);
  }
  if (refusal === undefined) takePacketId(core, inbox, packetId, nowMs);
  else connection.unreleased?.delete(packetId); // [MQTT5 4.3.3-9]
  const reasonCode = refusal ?? route(core, connection, packet, topic, nowMs);
  acknowledge(connection, "pubrec", packetId, reasonCode); // [MQTT5 4.3.3-8]
}

/** Packet identifiers of one session that may use the memory's reserve. */
const servedPacketIds = 64;

function takePacketId(core: Core, inbox: Inbox, packetId: number, nowMs: number): void {
  const isServed = inbox.size < servedPacketIds;
  const { memory } = core;
  if (!(isServed ? memory.hasReserve(cost.packetId, nowMs) : memory.hasRoom(cost.packetId, nowMs))) {
    core.metrics.limitsHit.memoryBytes++;
    throw new ProtocolError(ReasonCode.quotaExceeded, "the broker's memory is full");
  }
  inbox.take(packetId);
}

/** Each connection has its own quota: unreleased messages of an earlier connection do not count. */
function countUnreleased(core: Core, connection: Connection, packetId: number): void {
  const unreleased = connection.unreleased ??= new Set();
  if (unreleased.size >= core.settings.limits.receiveMaximum && !unreleased.has(packetId)) { // [MQTT5 3.3.4-7]
    throw new ProtocolError(ReasonCode.receiveMaximumExceeded, "more QoS 2 messages than the receive maximum");
  }
  unreleased.add(packetId);
}

/** Routes the message and returns the reason code for its acknowledgement. */
function route(core: Core, connection: Connection, packet: PublishPacket, topic: string, nowMs: number): number {
  const receivers = core.router.publish(messageOf(packet, topic, nowMs), connection.session!.publisher, nowMs);
  return receivers === 0 ? ReasonCode.noMatchingSubscribers : ReasonCode.success;
}

function acknowledge(connection: Connection, type: "puback" | "pubrec", packetId: number, reasonCode: number): void {
  if (reasonCode === ReasonCode.success) connection.send({ type, packetId });
  else connection.sendWithReason({ type, packetId, reasonCode }, publishText(reasonCode));
}
