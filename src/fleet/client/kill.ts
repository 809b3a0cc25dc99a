/**
 * The bytes and the close of each kill mode.
 */
import { bytesOfText } from "../../base/bytes.ts";
import { encode } from "../../mqtt/codec/codec.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { hexByte } from "../../mqtt/reason.ts";
import { coinOf, type Life } from "../life/life.ts";
import type { OwnKillMode } from "../plan/kill_mode.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { stallTopic } from "../plan/telemetry_topic.ts";
import { connectPacketOf } from "./connect_packet.ts";
import type { ClientConnection } from "./connection.ts";

/** The result of a kill. */
export interface Killed {
  /** The connection stays open and silent: the broker detects it by keep alive alone. */
  readonly silent: boolean;
  /** It is for the broker to close. */
  readonly brokerCloses: boolean;
  /** When the client sent its last whole packet, where the kill itself sent packets. */
  readonly lastPacketMs?: number;
  /** The variant that the kill drew, as a text. */
  readonly detail?: string;
}

const gone: Killed = { silent: false, brokerCloses: false };
const frozen: Killed = { silent: true, brokerCloses: true };
const provoked: Killed = { silent: false, brokerCloses: true };

/** A PUBLISH of 30 bytes of which the first 9 are sent. */
const halfPublish = Uint8Array.of(0x30, 28, 0, 13, 0x6d, 0x71, 0x74, 0x74, 0x2d);

/** Bytes that no version of the standard allows a client to send. */
const garbage: readonly { readonly detail: string; readonly bytes: Uint8Array }[] = [
  // A packet type that neither version defines. [MQTT311 4.8.0-1] [MQTT5 4.13.1-1]
  { detail: "packet type 0", bytes: Uint8Array.of(0x00, 0x00) },
  // [MQTT311 3.3.1-4] [MQTT5 3.3.1-4]
  { detail: "a PUBLISH with both QoS bits set", bytes: Uint8Array.of(0x36, 7, 0, 1, 0x61, 0, 1, 0, 0) },
  // Four bytes are the most. [MQTT311 4.8.0-1] [MQTT5 4.13.1-1]
  { detail: "a remaining length of five bytes", bytes: Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01) },
  // [MQTT311 2.2.2-2] [MQTT5 3.6.1-1]
  { detail: "a PUBREL with its reserved flags at 0", bytes: Uint8Array.of(0x60, 2, 0, 1) },
  // [MQTT311 1.4.0-1] [MQTT5 1.5.4-1]
  { detail: "a topic that is not UTF-8", bytes: Uint8Array.of(0x30, 5, 0, 2, 0xc3, 0x28, 0x00) },
];

/** Reason codes of 0x80 and above that a client may send in DISCONNECT. [MQTT5 3.14.2-1] */
const errorCodes: readonly number[] = [
  0x80,
  0x81,
  0x82,
  0x83,
  0x90,
  0x93,
  0x94,
  0x95,
  0x96,
  0x97,
  0x98,
  0x99,
];

/** Ends a life. The next life's CONNECT, not this function, does a `takeover`. */
export function kill(
  connection: ClientConnection,
  mode: OwnKillMode,
  plan: FleetPlan,
  life: Life,
  nowMs: number,
): Killed {
  switch (mode) {
    case "reset":
      connection.reset();
      return gone;
    case "close":
      connection.end();
      return gone;
    case "freeze":
      // The client reads on, so that it sees the broker's close: for the broker this client is only silent.
      connection.fallSilent();
      return frozen;
    case "half-packet":
      return sendHalf(connection, coinFor(plan, life), nowMs);
    case "garbage":
      return sendGarbage(connection, coinFor(plan, life), nowMs);
    case "second-connect":
      return provoke(connection, encode(connectPacketOf(plan, life), connection.version), nowMs);
    case "disconnect-with-will":
      return disconnect(connection, 0x04, nowMs);
    case "disconnect-error":
      return sendError(connection, errorCodes[coinFor(plan, life) % errorCodes.length]!, nowMs);
    case "slow-loris":
      return drip(connection, life.keepAliveS, nowMs);
    case "stall":
      return stall(connection, stallTopic(plan, life.client), nowMs);
    case "vanish":
      connection.vanish();
      return frozen;
    case "leave":
      return disconnect(connection, 0x00, nowMs);
  }
}

/** A drawn number that decides the variant of a kill. */
function coinFor(plan: FleetPlan, { client, incarnation }: Life): number {
  return coinOf(plan, client, incarnation);
}

/** Half a packet is no packet: the last whole one still counts for keep alive. */
function sendHalf(connection: ClientConnection, coin: number, nowMs: number): Killed {
  connection.sendBytes(halfPublish, nowMs);
  connection.fallSilent();
  if (coin % 2 === 0) return { ...frozen, detail: "then silence" };
  connection.end();
  return { ...gone, detail: "then FIN" };
}

/** Bytes that never complete a packet: keep alive counts from the last whole one. [MQTT311 3.1.2-24] [MQTT5 3.1.2-22] */
function drip(connection: ClientConnection, keepAliveS: number, nowMs: number): Killed {
  connection.drip(slowPublish, keepAliveS * 1_000 / bytesPerKeepAlive, nowMs);
  return frozen;
}

/** A PUBLISH of 102 bytes without its last, which takes ten keep alives. */
const slowPublish = Uint8Array.of(0x30, 100, 0, 13, ...bytesOfText("mqtt-sim/slow"), ...new Uint8Array(84).fill(0x2e));
const bytesPerKeepAlive = 10;

/** Fills the broker's output to this client, which reads no more: it subscribes, and publishes to itself. */
function stall(connection: ClientConnection, topic: string, nowMs: number): Killed {
  connection.stopReading();
  connection.send({ type: "subscribe", packetId: 0xffff, subscriptions: [{ topicFilter: topic, qos: 0 }] }, nowMs);
  const message = encode(
    { type: "publish", topic, payload: stallPayload, qos: 0, retain: false, dup: false },
    connection.version,
  );
  if (connection.takes(message.length)) {
    for (let sent = 0; sent < stallMessages; sent++) connection.sendBytes(message, nowMs);
  }
  connection.fallSilent();
  return { ...frozen, lastPacketMs: nowMs };
}

/** More than the buffers of both machines for one connection hold, in messages that the usual brokers take. */
const stallPayload = new Uint8Array(16 * 1_024);
const stallMessages = 512;

function sendGarbage(connection: ClientConnection, coin: number, nowMs: number): Killed {
  const { bytes, detail } = garbage[coin % garbage.length]!;
  return { ...provoke(connection, bytes, nowMs), detail };
}

function provoke(connection: ClientConnection, bytes: Uint8Array, nowMs: number): Killed {
  connection.sendBytes(bytes, nowMs);
  connection.fallSilent();
  return provoked;
}

function sendError(connection: ClientConnection, reasonCode: number, nowMs: number): Killed {
  return { ...disconnect(connection, reasonCode, nowMs), detail: `reason code ${hexByte(reasonCode)}` };
}

function disconnect(connection: ClientConnection, reasonCode: number, nowMs: number): Killed {
  connection.sendBytes(disconnectBytes(connection.version, reasonCode), nowMs);
  connection.end();
  return gone;
}

function disconnectBytes(version: ProtocolVersion, reasonCode: number): Uint8Array {
  return encode(reasonCode === 0 ? { type: "disconnect" } : { type: "disconnect", reasonCode }, version);
}
