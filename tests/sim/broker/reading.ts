/** Compares the packets that a client reads with those that the model expects. */
import assert from "node:assert/strict";
import type { Packet, PublishPacket } from "../../../src/mqtt/packet.ts";
import { isExpired } from "./model.ts";
import type { Due, ModelConnection, ModelSession, SharedDue } from "./model_state.ts";

const decoder = new TextDecoder();

/** Further state for the checks. */
export interface Slack {
  /** Whether the broker may have dropped messages at an outbox limit. */
  readonly drops: boolean;
}

/** An answer to a packet of the client, in the order of those packets. */
export function checkAnswer(name: string, connection: ModelConnection, packet: Packet): void {
  const expected = connection.answers.shift();
  assert.equal(wordsOf(packet), expected, `${name} got another answer than it is due`);
}

function wordsOf(packet: Packet): string {
  switch (packet.type) {
    case "connack":
      return `connack ${packet.sessionPresent} ${packet.reasonCode === 0 ? "ok" : "refused"}`;
    case "suback":
      return `suback ${packet.packetId} ${packet.reasonCodes.map((code) => code >= 0x80 ? -1 : code).join()}`;
    case "puback":
    case "pubrec":
      return `${packet.type} ${packet.packetId}${(packet.reasonCode ?? 0) >= 0x80 ? " refused" : ""}`;
    case "pubcomp":
    case "unsuback":
      return `${packet.type} ${packet.packetId}`;
    default:
      return packet.type;
  }
}

/** How the check identified a PUBLISH. */
export type Found = { readonly due: Due; readonly repeated: boolean };

/** A PUBLISH: the next one of its topic and QoS, or the repetition of an open one. */
export function checkPublish(
  name: string,
  connection: ModelConnection,
  packet: PublishPacket,
  writtenMs: number,
  slack: Slack,
  shared: SharedDue[],
  handedOn: SharedDue[],
): Found {
  const session = connection.session!;
  const open = packet.qos === 0 ? undefined : openOf(session, packet.packetId!);
  if (open !== undefined) {
    assert.ok(
      packet.dup,
      `${name} got packet identifier ${packet.packetId} for a second message, or again without DUP`,
    );
    assert.notEqual(open.readOn, connection, `${name} got "${textOf(packet)}" twice on one connection`);
    assert.equal(open.state, "read", `${name} got "${textOf(packet)}" again after its PUBREC`);
    open.readOn = connection;
    assert.equal(textOf(packet), open.message.payload);
    return { due: open, repeated: true };
  }
  const due = sharedOf(connection, packet, writtenMs, slack, shared) ??
    (isDue(connection, packet) ? undefined : sharedOf(connection, packet, writtenMs, slack, handedOn)) ??
    nextOf(name, connection, packet, writtenMs, slack);
  checkContent(name, connection, packet, due, writtenMs);
  const at = packet.qos === 0 ? connection.atMostOnce.indexOf(due) : -1;
  if (at >= 0) connection.atMostOnce.splice(at, 1);
  due.state = "read";
  due.packetId = packet.packetId ?? 0;
  due.readOn = connection;
  return { due, repeated: false };
}

/** Whether a message with this payload is due to the client by another subscription. */
function isDue(connection: ModelConnection, packet: PublishPacket): boolean {
  const list = packet.qos === 0 ? connection.atMostOnce : connection.session!.due;
  return list.some(({ message, state, qos }) =>
    state === "due" && qos === packet.qos && message.topic === packet.topic && message.payload === textOf(packet)
  );
}

function openOf(session: ModelSession, packetId: number): Due | undefined {
  return session.due.find((each) => each.state !== "due" && each.packetId === packetId);
}

/**
 * A message for which the broker chose this group member. A message that is due by another subscription, with the same
 * content, is not one.
 */
function sharedOf(
  connection: ModelConnection,
  packet: PublishPacket,
  writtenMs: number,
  slack: Slack,
  shared: SharedDue[],
): Due | undefined {
  const session = connection.session!;
  const payload = textOf(packet);
  const identifiers = [...packet.properties?.subscriptionIdentifiers ?? []].sort();
  const plain = [...session.due, ...connection.atMostOnce].find((due) =>
    due.state === "due" && due.message.topic === packet.topic && due.qos === packet.qos &&
    !mayBeMissing(due, connection, writtenMs, slack)
  );
  const isPlain = plain !== undefined && plain.message.payload === payload && looksAlike(plain, packet, connection);
  if (isPlain) return undefined;
  const at = shared.findIndex(({ message, members }) => {
    const subscription = members.get(session);
    if (subscription === undefined || message.payload !== payload || message.topic !== packet.topic) return false;
    if (!packet.dup && isExpired(message, writtenMs)) return false;
    return Math.min(subscription.qos, message.qos) === packet.qos &&
      (connection.version === 4 || String(subscription.identifier ?? "") === identifiers.join());
  });
  if (at < 0) return undefined;
  const [{ message }] = shared.splice(at, 1) as [SharedDue];
  const { qos, retain } = packet;
  const due: Due = {
    message,
    qos,
    retain,
    identifiers,
    atMs: message.atMs,
    state: "due",
    packetId: 0,
    readOn: undefined,
  };
  if (qos > 0) session.due.push(due);
  return due;
}

/** The first of the same topic and QoS that must arrive; those before it may be missing. */
function nextOf(
  name: string,
  connection: ModelConnection,
  packet: PublishPacket,
  writtenMs: number,
  slack: Slack,
): Due {
  const list = packet.qos === 0 ? connection.atMostOnce : connection.session!.due;
  const payload = textOf(packet);
  const found = list.find(({ message, state }) => state === "due" && message.payload === payload);
  for (const due of [...list]) {
    const { message, state, qos, atMs } = due;
    if (state !== "due" || message.topic !== packet.topic || qos !== packet.qos) continue;
    // The order of two clients' wills at the same time is undefined.
    if (atMs === found?.atMs && message.publisherId !== found.message.publisherId) continue;
    if (
      message.payload === payload && looksAlike(due, packet, connection) &&
      (packet.dup || !isExpired(message, writtenMs))
    ) {
      return due;
    }
    assert.ok(
      mayBeMissing(due, connection, writtenMs, slack),
      `${name} got "${payload}" at QoS ${packet.qos}${packet.retain ? " retained" : ""}, but "${message.payload}"${
        due.retain ? " retained" : ""
      } is due before it on ${message.topic}`,
    );
    list.splice(list.indexOf(due), 1);
  }
  return assert.fail(`${name} got "${payload}" on ${packet.topic} at QoS ${packet.qos}, which it is not due`);
}

function looksAlike({ retain, identifiers }: Due, packet: PublishPacket, { version }: ModelConnection): boolean {
  const given = [...packet.properties?.subscriptionIdentifiers ?? []].sort();
  return retain === packet.retain && (version === 4 || identifiers.join() === given.join());
}

/** Messages that may be dropped: expired before sending, too large for the client, or beyond a limit. */
export function mayBeMissing(due: Due, connection: ModelConnection, nowMs: number, slack: Slack): boolean {
  return slack.drops || isExpired(due.message, nowMs) || due.message.payload.length > connection.maximumPacketSize;
}

function checkContent(
  name: string,
  connection: ModelConnection,
  packet: PublishPacket,
  due: Due,
  writtenMs: number,
): void {
  const { message } = due;
  const what = `${name}: "${message.payload}"`;
  // A repetition that the last connection never read is a first delivery for the client.
  if (packet.dup) assert.ok(packet.qos > 0, `${what} has DUP at QoS 0`);
  assert.ok(message.payload.length <= connection.maximumPacketSize, `${what} is larger than the client takes`);
  if (connection.version === 4) return;
  const messageExpiryIntervalS = packet.properties?.messageExpiryIntervalS;
  assert.equal(messageExpiryIntervalS === undefined, message.expiryS === undefined, `${what}: its message expiry`);
  if (message.expiryS === undefined || packet.dup) return;
  const leftS = message.expiryS - (writtenMs - message.atMs) / 1_000;
  assert.ok(Math.abs(messageExpiryIntervalS! - leftS) <= 1, `${what}: ${messageExpiryIntervalS} s left, not ${leftS}`);
}

export function textOf(packet: PublishPacket): string {
  return decoder.decode(packet.payload);
}
