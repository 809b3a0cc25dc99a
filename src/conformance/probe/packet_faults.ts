/**
 * Faults of a broker outside the subject of any case: a forbidden field in a packet, or a forbidden packet. They do not
 * change the outcome of the case during which they occur; a run reports each of them once, under its own rule.
 */
import type { PacketFault } from "../../mqtt/codec/lenient.ts";
import { packetFaultText } from "../../mqtt/codec/lenient.ts";
import type { Packet, PacketType, ProtocolVersion } from "../../mqtt/packet.ts";
import { hexByte } from "./packet_text.ts";

/** A fault that no case is about. Two of one id are the same fault. */
export interface SideFault {
  /** The id under which the fault is reported. */
  readonly id: `broker/${string}`;
  /** Numbers of the statements, in the version in which it was seen. */
  readonly rules: readonly string[];
  /** The required behaviour of the broker, in one line. */
  readonly title: string;
  /** The actual behaviour, in a sentence. */
  readonly reason: string;
}

/** Statements about the reason codes of a packet in 5.0. */
const codeRules: Readonly<Partial<Record<PacketType, string>>> = {
  connack: "3.2.2-8",
  puback: "3.4.2-1",
  pubrec: "3.5.2-1",
  pubrel: "3.6.2-1",
  pubcomp: "3.7.2-1",
  suback: "3.9.3-2",
  unsuback: "3.11.3-2",
  disconnect: "3.14.2-1",
  auth: "3.15.2-1",
};
const codeRules311: Readonly<Partial<Record<PacketType, string>>> = { connack: "3.2.2.3", suback: "3.9.3-2" };

/** The faults of a readable packet, apart from its content. */
export function faultsOf(packet: Packet, faults: readonly PacketFault[], version: ProtocolVersion): SideFault[] {
  // In 3.1.1 only the client sends DISCONNECT (section 3.14); the content of such a packet is the same fault.
  if (packet.type === "disconnect" && version === 4) return [serverDisconnect];
  return faults.map((fault) => faultIn(packet.type, fault, version));
}

const serverDisconnect: SideFault = {
  id: "broker/disconnect",
  rules: ["3.14"],
  title: "a server does not send DISCONNECT in MQTT 3.1.1: only clients send it",
  reason: "the broker sent a DISCONNECT to a client of MQTT 3.1.1",
};

function faultIn(type: PacketType, fault: PacketFault, version: ProtocolVersion): SideFault {
  const name = type.toUpperCase();
  const reason = `the broker sent a ${name} ${packetFaultText(fault, version)}`;
  switch (fault.kind) {
    case "property":
      return {
        id: `broker/${type}-${slug(fault.name)}`,
        rules: ["2.2.2.2", "4.13.1-1"],
        title: `a ${name} carries no ${fault.name}`,
        reason,
      };
    case "reasonCode":
      return {
        id: `broker/${type}-code-${hexByte(fault.code)}`,
        rules: [(version === 5 ? codeRules : codeRules311)[type] ?? "2.4"],
        title: `a ${name} has a reason code that the standard defines for it`,
        reason,
      };
    case "leftOver":
      return {
        id: `broker/${type}-length`,
        rules: ["2.2.3"],
        title: `a ${name} has the length that the standard defines`,
        reason,
      };
  }
}

/** A packet that could not be read; `message` begins with its type where that is known. */
export function unreadable(message: string, bytes: Uint8Array, version: ProtocolVersion): SideFault {
  if (version === 4 && bytes[0]! >> 4 === 14) return serverDisconnect;
  const [, type = "packet"] = /^([A-Z]+): /.exec(message) ?? [];
  return {
    id: `broker/malformed-${type.toLowerCase()}`,
    rules: version === 5 ? ["4.13.1-1"] : ["4.8.0-1"],
    title: "the broker sends well-formed packets of the version",
    reason: `the broker sent a malformed packet (${message})`,
  };
}

/** The broker answered a CONNECT with a clean start by Session Present 1. */
export function sessionPresentFault(version: ProtocolVersion): SideFault {
  return {
    id: "broker/session-present",
    rules: version === 5 ? ["3.2.2-2", "3.2.2-4"] : ["3.2.2-1"],
    title: "a CONNECT with clean start gets Session Present 0",
    reason: "the broker answered a CONNECT with clean start with Session Present 1",
  };
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
