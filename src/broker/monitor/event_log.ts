/**
 * Writes events and packets of a broker as log lines. The lines contain no password, and no payload except, truncated,
 * those of traced clients.
 */
import type { Log, LogFields, LogLevel } from "../../base/log.ts";
import type { ConnectWill, Packet, PacketType } from "../../mqtt/packet.ts";
import { reasonText } from "../../mqtt/reason.ts";
import { type BrokerEvent, type BrokerEventType, brokerEventTypes, type BrokerListener } from "../options/events.ts";
import type { Trace } from "../options/trace.ts";

const levels: Readonly<Record<BrokerEventType, LogLevel>> = {
  "connected": "info",
  "refused": "info",
  "ended": "info",
  "will-armed": "debug",
  "will-published": "info",
  "will-discarded": "info",
  "will-delayed": "info",
  "will-cancelled": "info",
  "will-denied": "warning",
  "will-lost": "warning",
};

/** The packet that carries the reason code of an event; it determines the name of 0x00. */
const packetOf: Readonly<Partial<Record<BrokerEventType, PacketType>>> = { refused: "connack", ended: "disconnect" };

const sentences: Readonly<Record<BrokerEventType, string>> = {
  "connected": "client connected",
  "refused": "client refused",
  "ended": "connection ended",
  "will-armed": "will armed",
  "will-published": "will published",
  "will-discarded": "will discarded",
  "will-delayed": "will delayed",
  "will-cancelled": "will cancelled",
  "will-denied": "will denied",
  "will-lost": "will lost",
};

/** Writes each event at its level. */
export function eventLog(log: Log): BrokerListener {
  return (event) => log.write(levels[event.type], sentences[event.type], fieldsOf(event));
}

/** The events that a log writes at its level. */
export function loggedEvents(log: Log): BrokerEventType[] {
  return brokerEventTypes.filter((type) => log.isOn(levels[type]));
}

function fieldsOf(event: BrokerEvent): LogFields {
  const { type, ...rest } = event;
  const { will, reasonCode, ...fields } = rest as typeof rest & { will?: ConnectWill; reasonCode?: number };
  return {
    event: type,
    ...fields,
    ...(reasonCode !== undefined && { reasonCode: reasonText(reasonCode, packetOf[type]) }),
    ...(will !== undefined && { topic: will.topic, qos: will.qos, retain: will.retain }),
  };
}

/** A trace of the packets of these clients. */
export function packetLog(log: Log, clientIds: Iterable<string>): Trace {
  const wanted = new Set(clientIds);
  return {
    of: (clientId) => {
      if (!wanted.has(clientId)) return undefined;
      return (direction, packet) => log.trace(direction, { clientId, packet: packet.type, ...packetFields(packet) });
    },
  };
}

/** Number of payload bytes that the log shows. */
const shownBytes = 64;

/** The fields of a packet in one line: properties as JSON, reason codes with names, payloads truncated, no password. */
function packetFields(packet: Packet): LogFields {
  const { type, ...parts } = packet;
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, codesShown(name, value, type) ?? shown(name, value)]),
  );
}

/** Reason codes in hexadecimal with their names; undefined for other fields. */
function codesShown(name: string, value: unknown, type: PacketType): string | undefined {
  if (name === "reasonCode") return reasonText(value as number, type);
  if (name !== "reasonCodes") return undefined;
  return (value as readonly number[]).map((code) => reasonText(code, type)).join(", ");
}

function shown(name: string, value: unknown): string | number | boolean {
  if (name === "password") return "…";
  if (value instanceof Uint8Array) return shownPayload(value);
  if (typeof value === "object" && value !== null) return JSON.stringify(value, replaced);
  return value as string | number | boolean;
}

function replaced(name: string, value: unknown): unknown {
  if (name === "authenticationData") return "…";
  return value instanceof Uint8Array ? shownPayload(value) : value;
}

function shownPayload(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload.subarray(0, shownBytes));
  return payload.length <= shownBytes ? text : `${text}… (${payload.length} bytes)`;
}
