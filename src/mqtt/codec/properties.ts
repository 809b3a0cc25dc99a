/**
 * Properties in our terms and in those of mqtt-packet: another name for some, units last; 0 and 1 for a boolean;
 * ordered pairs for an object of user properties. Knows the library's objects, not the library.
 */
import { Buffer } from "node:buffer";
import type { UserProperty } from "../packet.ts";

/** The library's names of properties that are called otherwise here. */
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
 * Properties in our terms. The caller's packet type says which ones they are, and `check.ts` has seen to it that no
 * others were there.
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

/** Properties in the library's terms; empty lists are left out, as the library cannot write them. */
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

/** An object of one entry; without a prototype, so that any name is only a name. */
function pairTo([name, value]: UserProperty): Record<string, string> {
  const pair: Record<string, string> = Object.create(null);
  pair[name] = value;
  return pair;
}

/** The same bytes as the library wants them. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
