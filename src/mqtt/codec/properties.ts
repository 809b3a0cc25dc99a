/**
 * Converts properties between our form and that of mqtt-packet, which has other names for some, without units; 0 and 1
 * for a boolean; ordered pairs for an object of user properties. Imports the library's objects, not the library.
 */
import { Buffer } from "node:buffer";
import type { UserProperty } from "../packet.ts";

/** Our names, with units, by the library's names, where they differ. */
export const ourNames: Readonly<Record<string, string>> = {
  sessionExpiryInterval: "sessionExpiryIntervalS",
  messageExpiryInterval: "messageExpiryIntervalS",
  serverKeepAlive: "serverKeepAliveS",
};
export const publishNames: Readonly<Record<string, string>> = {
  ...ourNames,
  subscriptionIdentifier: "subscriptionIdentifiers",
};
const libraryNames = new Map(Object.entries(publishNames).map(([library, ours]) => [ours, library]));

/**
 * Properties in our form. The caller's packet type determines the properties, and `check.ts` has refused all others.
 */
export function propertiesFrom<Properties extends object>(
  read: { properties?: object },
  userProperties: readonly UserProperty[] | undefined,
  names = ourNames,
): { properties?: Properties } {
  if (read.properties === undefined) return {};
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(read.properties)) {
    properties[names[name] ?? name] = name === "userProperties"
      ? userProperties
      : valueFrom(names[name] ?? name, value);
  }
  return { properties: properties as Properties };
}

function valueFrom(name: string, value: unknown): unknown {
  if (name === "payloadFormatIndicator") return Number(value);
  if (name === "subscriptionIdentifiers") return Array.isArray(value) ? value : [value];
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}

/** Properties in the library's form; empty lists are omitted, because the library cannot write them. */
export function propertiesTo(properties: object | undefined): Record<string, unknown> {
  const library: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (Array.isArray(value) && value.length === 0) continue;
    library[libraryNames.get(name) ?? name] = valueTo(name, value);
  }
  return library;
}

function valueTo(name: string, value: unknown): unknown {
  if (name === "payloadFormatIndicator") return value === 1;
  if (name === "userProperties") return (value as readonly UserProperty[]).map(pairTo); // [MQTT5 3.3.2-18]
  return value instanceof Uint8Array ? asBuffer(value) : value;
}

/** An object with one entry; without a prototype, so that any name is only a name. */
function pairTo([name, value]: UserProperty): Record<string, string> {
  const pair: Record<string, string> = Object.create(null);
  pair[name] = value;
  return pair;
}

/** The same bytes as the library's type. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
