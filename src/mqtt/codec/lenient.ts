/**
 * A lenient reading of one packet of a server, for receivers that check brokers: a packet that `decode` refuses but
 * that can still be parsed becomes a packet and a list of its faults. The receiver can then report the fault and
 * continue, instead of losing its connection and all later observations on it.
 *
 * Three kinds of fault are accepted: a well-formed property that the packet may not contain, a reason code that the
 * packet may not contain, and bytes after the end of a packet whose length 3.1.1 fixes. The faulty part is removed, and
 * `decode` reads the rest, as strictly as any other packet.
 */
import { ProtocolError } from "../../base/failure.ts";
import { decode } from "./codec.ts";
import { Cursor } from "./cursor.ts";
import { headerLength } from "./frame.ts";
import { sizeOfVariable, writeVariable } from "./frame_writer.ts";
import type { Packet, PacketType, ProtocolVersion } from "../packet.ts";
import { type PlainValue, type PropertyRule, propertyTable, readValue } from "./property_table.ts";
import { hexByte, mayCarry } from "../reason.ts";

/** A part that the packet may not contain. */
export type PacketFault =
  | {
    readonly kind: "property";
    readonly id: number;
    /** The property's name as the standard writes it. */
    readonly name: string;
    readonly value: PlainValue;
  }
  | { readonly kind: "reasonCode"; readonly code: number }
  | { readonly kind: "leftOver"; readonly bytes: number };

/** A packet that `decode` refuses, and why. */
interface LenientlyRead {
  /** Without the removed properties; with the original reason codes. */
  readonly packet: Packet;
  /** At least one. */
  readonly faults: readonly PacketFault[];
}

/** The packets that a server sends, by the upper half of the first byte. */
const packetTypes = new Map<number, PacketType>([
  [2, "connack"],
  [3, "publish"],
  [4, "puback"],
  [5, "pubrec"],
  [6, "pubrel"],
  [7, "pubcomp"],
  [9, "suback"],
  [11, "unsuback"],
  [13, "pingresp"],
  [14, "disconnect"],
  [15, "auth"],
]);

/** Number of bytes after the fixed header in 3.1.1, for packets of fixed length. */
const bodyBytes311: Readonly<Partial<Record<PacketType, number>>> = {
  connack: 2,
  puback: 2,
  pubrec: 2,
  pubrel: 2,
  pubcomp: 2,
  unsuback: 2,
  pingresp: 0,
  disconnect: 0,
};

/** Number of bytes between the fixed header and the properties in 5.0; for PUBLISH plus the topic. */
const bytesBeforeProperties: Readonly<Partial<Record<PacketType, number>>> = {
  connack: 2,
  puback: 3,
  pubrec: 3,
  pubrel: 3,
  pubcomp: 3,
  suback: 2,
  unsuback: 2,
  disconnect: 1,
  auth: 1,
};

/** A property's name as the standard writes it: `Will Delay Interval`. */
export function propertyTitle({ name }: PropertyRule): string {
  if (name === "userProperties") return "User Property";
  const spaced = name.replace(/([a-z])([A-Z])(?!$)/g, "$1 $2");
  return spaced[0]!.toUpperCase() + spaced.slice(1);
}

/** A fault as text after the name of the packet: `with Will Delay Interval (0x18), which …`. */
export function packetFaultText(fault: PacketFault, version: ProtocolVersion): string {
  switch (fault.kind) {
    case "property":
      return `with the property ${fault.name} (${hexByte(fault.id)}), which does not belong there`;
    case "reasonCode":
      return `with the reason code ${hexByte(fault.code)}, which MQTT ${
        version === 5 ? "5.0" : "3.1.1"
      } does not allow there`;
    case "leftOver":
      return `with ${fault.bytes} ${fault.bytes === 1 ? "byte" : "bytes"} after its end`;
  }
}

/** A packet and its faults as text: `PUBACK with the reason code 0x01, which …`. */
export function faultyText({ type }: Packet, faults: readonly PacketFault[], version: ProtocolVersion): string {
  return `${type.toUpperCase()} ${faults.map((fault) => packetFaultText(fault, version)).join(", and ")}`;
}

/**
 * Reads one complete packet of a server that `decode` refused.
 *
 * @param frame the bytes of exactly one packet, fixed header included
 * @returns undefined if a fault is not one of those that this reading removes
 */
export function decodeLeniently(frame: Uint8Array, version: ProtocolVersion): LenientlyRead | undefined {
  const type = packetTypes.get(frame[0]! >> 4);
  if (type === undefined) return undefined;
  try {
    const repair = new Repair(frame, type, version);
    return repair.faults.length === 0 ? undefined : { packet: repair.packet(), faults: repair.faults };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

class Repair {
  readonly faults: PacketFault[] = [];
  readonly #type: PacketType;
  readonly #version: ProtocolVersion;
  readonly #firstByte: number;
  /** The packet after its fixed header. */
  #body: Uint8Array;
  /** The original reason codes, if one of them was replaced. */
  #codes: readonly number[] | undefined;

  constructor(frame: Uint8Array, type: PacketType, version: ProtocolVersion) {
    this.#type = type;
    this.#version = version;
    this.#firstByte = frame[0]!;
    this.#body = frame.slice(headerLength(frame, 0));
    if (version === 4) this.#cutLeftOver();
    else this.#takeOutProperties();
    this.#replaceCodes();
  }

  packet(): Packet {
    const frame = new Uint8Array(1 + sizeOfVariable(this.#body.length) + this.#body.length);
    frame[0] = this.#firstByte;
    frame.set(this.#body, writeVariable(frame, 1, this.#body.length));
    const packet = decode(frame, this.#version);
    if (this.#codes === undefined) return packet;
    if (packet.type === "suback" || packet.type === "unsuback") return { ...packet, reasonCodes: this.#codes };
    return { ...packet, reasonCode: this.#codes[0]! } as Packet;
  }

  #cutLeftOver(): void {
    const expected = bodyBytes311[this.#type];
    if (expected === undefined || this.#body.length <= expected) return;
    this.faults.push({ kind: "leftOver", bytes: this.#body.length - expected });
    this.#body = this.#body.slice(0, expected);
  }

  #takeOutProperties(): void {
    const from = this.#propertiesAt();
    if (from === undefined || from >= this.#body.length) return;
    const cursor = new Cursor(this.#body, from, this.#body.length, this.#type);
    const properties = cursor.part(cursor.variable());
    const kept: number[] = [];
    while (properties.left > 0) {
      const startsAt = properties.at;
      const rule = propertyTable.get(properties.byte());
      if (rule === undefined) throw properties.malformed("an unknown property");
      const value = rule.kind === "pair"
        ? [[properties.string(), properties.string()] as const]
        : readValue(properties, rule);
      if (rule.carriers.has(this.#type)) kept.push(...this.#body.subarray(startsAt, properties.at));
      else this.faults.push({ kind: "property", id: rule.id, name: propertyTitle(rule), value });
    }
    if (this.faults.length === 0) return;
    const length = new Uint8Array(sizeOfVariable(kept.length));
    writeVariable(length, 0, kept.length);
    this.#body = replaced(this.#body, from, cursor.at, [...length, ...kept]);
  }

  /** The position of the length of the properties; undefined in a packet without properties. */
  #propertiesAt(): number | undefined {
    if (this.#type !== "publish") return bytesBeforeProperties[this.#type];
    const packetIdBytes = (this.#firstByte & 0x06) === 0 ? 0 : 2;
    return 2 + (this.#body[0]! << 8 | this.#body[1]!) + packetIdBytes;
  }

  #replaceCodes(): void {
    const from = this.#codesAt();
    if (from === undefined || from >= this.#body.length) return;
    const hasSeveral = this.#type === "suback" || this.#type === "unsuback";
    const codes = [...this.#body.subarray(from, hasSeveral ? this.#body.length : from + 1)];
    const allowed = codes.map((code) => this.#allowedCode(code));
    if (codes.every((code, index) => code === allowed[index])) return;
    codes.forEach((code, index) => {
      if (code !== allowed[index]) this.faults.push({ kind: "reasonCode", code });
    });
    this.#codes = codes;
    this.#body = replaced(this.#body, from, from + codes.length, allowed);
  }

  /** The position of the reason codes; undefined in a packet without any. */
  #codesAt(): number | undefined {
    switch (this.#type) {
      case "connack":
        return 1;
      case "suback":
      case "unsuback":
        return this.#version === 5 ? this.#afterProperties(2) : this.#type === "suback" ? 2 : undefined;
      case "publish":
      case "pingresp":
        return undefined;
      case "disconnect":
      case "auth":
        return this.#version === 5 ? 0 : undefined;
      default:
        return this.#version === 5 ? 2 : undefined;
    }
  }

  #afterProperties(from: number): number {
    const cursor = new Cursor(this.#body, from, this.#body.length, this.#type);
    cursor.part(cursor.variable());
    return cursor.at;
  }

  /** The code itself if the packet may contain it, otherwise one with the same meaning that it may contain. */
  #allowedCode(code: number): number {
    if (this.#version === 5) {
      if (mayCarry(this.#type, code)) return code;
      return code < 0x80 ? 0 : this.#type === "pubrel" || this.#type === "pubcomp" ? 0x92 : 0x80;
    }
    if (this.#type === "connack") return code <= 5 ? code : 5;
    return code <= 2 || code === 0x80 ? code : 0x80;
  }
}

/** A copy with `put` in place of the bytes from `from` to `to`. */
function replaced(bytes: Uint8Array, from: number, to: number, put: readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes.length - (to - from) + put.length);
  copy.set(bytes.subarray(0, from));
  copy.set(put, from);
  copy.set(bytes.subarray(to), from + put.length);
  return copy;
}
