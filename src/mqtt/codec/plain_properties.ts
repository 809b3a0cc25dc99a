/**
 * Plain packets: packets without properties, or only with numbers of two or four bytes, user properties and the
 * properties of a message. Nearly all packets are plain. The walk that checks them also reads them, and {@link
 * FrameWriter} writes them; all others go through the library.
 *
 * A writer of plain packets returns undefined for packets that it cannot encode or that are invalid; the fallback codec
 * rejects those, so the output needs no second check.
 */
import { type FrameWriter, sizeOfVariable } from "./frame_writer.ts";
import type { Packet, UserProperty } from "../packet.ts";
import {
  type Carrier,
  type FoundProperties,
  hasOnlyPlain,
  type PlainValue,
  type PropertyRule,
  propertyTable,
} from "./property_table.ts";
import { hasEntries } from "./short_packet.ts";
import { isValidTopicName } from "../topic.ts";
import { maximumStringBytes, packetTextSize, utf8Length } from "../utf8.ts";

/** The result of the walk over a packet. */
export interface Walked {
  /** The packet itself, if it is plain. */
  readonly plain?: Packet;
  /** User properties in order; undefined if there are none. */
  readonly userProperties?: readonly UserProperty[] | undefined;
  /** The user properties of a CONNECT's will. */
  readonly willUserProperties?: readonly UserProperty[] | undefined;
}

/** A packet with its properties, if they are plain. */
export function walked(packet: Packet, found: FoundProperties): Walked {
  const { userProperties, values } = found;
  if (!hasOnlyPlain(found)) return { userProperties };
  return { userProperties, plain: values === undefined ? packet : { ...packet, properties: values } as Packet };
}

/** Properties to write. */
export interface PlainProperties {
  readonly entries: readonly (readonly [rule: PropertyRule, value: PlainValue])[];
  /** Their size, without the preceding length. */
  readonly size: number;
}

/** For 3.1.1. */
export const noPlainProperties: PlainProperties = { entries: [], size: 0 };

const rulesByField = new Map(
  [...propertyTable.values()].filter(({ isPlain }) => isPlain).map((rule) => [rule.field, rule]),
);

/** The properties to write; undefined if one of them is not plain, or may not be written. */
export function plainProperties(properties: object | undefined, carrier: Carrier): PlainProperties | undefined {
  if (!hasEntries(properties)) return noPlainProperties;
  const entries: (readonly [PropertyRule, PlainValue])[] = [];
  let size = 0;
  for (const [field, value] of Object.entries(properties as Record<string, PlainValue>)) {
    const rule = rulesByField.get(field);
    const valueSize = rule?.carriers.has(carrier) ? sizeOf(rule, value) : undefined;
    if (valueSize === undefined) return undefined;
    entries.push([rule!, value]);
    size += valueSize;
  }
  return { entries, size };
}

/** The size of a property, identifier included; undefined if its value may not be written. */
function sizeOf({ kind, zeroFault }: PropertyRule, value: PlainValue): number | undefined {
  if (kind === "pair") return sizeOfPairs(value as readonly UserProperty[]);
  if (kind === "binary") return sized((value as Uint8Array).length);
  if (kind === "text") return sized(packetTextSize(value as string));
  if (kind === "topicName") return isValidTopicName(value as string) ? sized(utf8Length(value as string)) : undefined;
  if (value === 0 && zeroFault !== undefined) return undefined;
  if (kind === "bit") return value === 0 || value === 1 ? 2 : undefined;
  if (!Number.isInteger(value) || value as number < 0) return undefined;
  if (kind === "twoBytes") return value as number <= 0xffff ? 3 : undefined;
  return value as number <= 0xffff_ffff ? 5 : undefined;
}

/** Adds identifier and length. */
function sized(size: number | undefined): number | undefined {
  return size === undefined || size > maximumStringBytes ? undefined : 3 + size;
}

/** An empty list is no property. */
function sizeOfPairs(pairs: readonly UserProperty[]): number | undefined {
  let size = 0;
  for (const [name, value] of pairs) {
    const nameSize = packetTextSize(name);
    const valueSize = packetTextSize(value);
    if (nameSize === undefined || valueSize === undefined) return undefined;
    size += 5 + nameSize + valueSize;
  }
  return size;
}

/** The size of properties, including the preceding length. */
export function sizeOfProperties({ size }: PlainProperties): number {
  return sizeOfVariable(size) + size;
}

export function writeProperties(writer: FrameWriter, { entries, size }: PlainProperties): void {
  writer.variable(size);
  for (const [rule, value] of entries) {
    if (rule.kind === "pair") writePairs(writer, rule, value as readonly UserProperty[]); // [MQTT5 3.3.2-18]
    else {
      writer.byte(rule.id);
      writeValue(writer, rule, value);
    }
  }
}

function writePairs(writer: FrameWriter, { id }: PropertyRule, pairs: readonly UserProperty[]): void {
  for (const [name, value] of pairs) {
    writer.byte(id);
    writer.text(name, utf8Length(name));
    writer.text(value, utf8Length(value));
  }
}

function writeValue(writer: FrameWriter, { kind }: PropertyRule, value: PlainValue): void {
  if (kind === "binary") writer.binary(value as Uint8Array);
  else if (kind === "text" || kind === "topicName") writer.text(value as string, utf8Length(value as string));
  else if (kind === "bit") writer.byte(value as number);
  else if (kind === "twoBytes") writer.twoBytes(value as number);
  else writer.fourBytes(value as number);
}
