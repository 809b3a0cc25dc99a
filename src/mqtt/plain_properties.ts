/**
 * What makes a packet plain: it has no properties, or none but counts, which are numbers of two or four bytes. Nearly
 * all packets are so. They are read by the walk that checks them, and written by {@link FrameWriter}; all else goes
 * through the library.
 *
 * A writer of plain packets answers undefined for what is not plain, and for all that may not be written: the library's
 * way refuses that. So what it does write need not be walked over again.
 */
import type { FrameWriter } from "./frame_writer.ts";
import { sizeOfVariable } from "./frame_writer.ts";
import type { Packet, UserProperty } from "./packet.ts";
import {
  type Carrier,
  type Counts,
  type FoundProperties,
  hasOnlyCounts,
  isCount,
  type PropertyRule,
  propertyTable,
} from "./property_table.ts";
import { hasEntries } from "./short_packet.ts";

/** What the walk over a packet has read. */
export interface Walked {
  /** The packet itself, if it is plain. */
  readonly plain?: Packet;
  /** User properties in their order; undefined when there are none. */
  readonly userProperties?: readonly UserProperty[] | undefined;
  /** Those of a CONNECT's will. */
  readonly willUserProperties?: readonly UserProperty[] | undefined;
}

/** A packet with the properties that were found, if they leave it plain. */
export function walked(packet: Packet, found: FoundProperties): Walked {
  if (!hasOnlyCounts(found)) return found;
  return { plain: found.counts === undefined ? packet : { ...packet, properties: found.counts } as Packet };
}

/** Properties to be written, each with its rule. */
export type PlainProperties = readonly (readonly [rule: PropertyRule, value: number])[];

/** What 3.1.1 has. */
export const noPlainProperties: PlainProperties = [];

const rulesByField = new Map([...propertyTable.values()].filter(isCount).map((rule) => [rule.field, rule]));

/** The properties as they are to be written; undefined when one of them is no count, or may not be written. */
export function plainProperties(properties: object | undefined, carrier: Carrier): PlainProperties | undefined {
  if (!hasEntries(properties)) return noPlainProperties;
  const plain: (readonly [PropertyRule, number])[] = [];
  for (const [field, value] of Object.entries(properties as Counts)) {
    const rule = rulesByField.get(field);
    if (rule === undefined || !rule.carriers.has(carrier) || !fits(rule, value)) return undefined;
    plain.push([rule, value]);
  }
  return plain;
}

function fits({ kind, zeroFault }: PropertyRule, value: number): boolean {
  if (value === 0) return zeroFault === undefined;
  return Number.isInteger(value) && value > 0 && value <= (kind === "twoBytes" ? 0xffff : 0xffff_ffff);
}

/** How many bytes properties take, with their length in front. */
export function sizeOfProperties(properties: PlainProperties): number {
  const size = sizeWithoutLength(properties);
  return sizeOfVariable(size) + size;
}

export function writeProperties(writer: FrameWriter, properties: PlainProperties): void {
  writer.variable(sizeWithoutLength(properties));
  for (const [{ id, kind }, value] of properties) {
    writer.byte(id);
    if (kind === "twoBytes") writer.twoBytes(value);
    else writer.fourBytes(value);
  }
}

function sizeWithoutLength(properties: PlainProperties): number {
  let size = 0;
  for (const [{ kind }] of properties) size += kind === "twoBytes" ? 3 : 5;
  return size;
}
