/**
 * Events and packets of a broker as log lines. Neither payloads nor passwords are told, but for the payloads of a
 * client whose packets someone asked for; and those are cut.
 */
import type { Log, LogFields, LogLevel } from "../../base/log.ts";
import type { ConnectWill, Packet } from "../../mqtt/packet.ts";
import { type BrokerEvent, type BrokerEventType, brokerEventTypes, type BrokerListener } from "../events.ts";
import type { Trace } from "../trace.ts";

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

/** The events that a log writes, at the level that it has. */
export function loggedEvents(log: Log): BrokerEventType[] {
  return brokerEventTypes.filter((type) => log.isOn(levels[type]));
}

function fieldsOf(event: BrokerEvent): LogFields {
  const { type, ...rest } = event;
  const { will, reasonCode, ...fields } = rest as typeof rest & { will?: ConnectWill; reasonCode?: number };
  return {
    event: type,
    ...fields,
    ...(reasonCode !== undefined && { reasonCode: hex(reasonCode) }),
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

/** How much of a payload is told, in bytes. */
const shownBytes = 64;

/** A packet's parts in one line: properties as JSON, payloads cut, no password. */
export function packetFields(packet: Packet): LogFields {
  const { type: _type, ...parts } = packet;
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined).map(([name, value]) => [name, shown(name, value)]),
  );
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

function hex(reasonCode: number): string {
  return `0x${reasonCode.toString(16).toUpperCase().padStart(2, "0")}`;
}
