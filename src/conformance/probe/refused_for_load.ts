/**
 * Refusals for a quota or a rate: a server may answer so at any time, and the refused case proves nothing about its
 * rule.
 */
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import { ReasonCode, reasonName } from "../../mqtt/reason.ts";
import { hexByte } from "./packet_text.ts";

/** Codes of 5.0 by which a server reports overload. */
const codes: ReadonlySet<number> = new Set([
  ReasonCode.serverUnavailable,
  ReasonCode.serverBusy,
  ReasonCode.messageRateTooHigh,
  ReasonCode.quotaExceeded,
  ReasonCode.connectionRateExceeded,
]);

/** CONNACK's return code of 3.1.1 for the same. */
const unavailable311 = 3;

/** The broker's reason, in words, where a packet refuses a request for load; undefined where it does not. */
export function refusalForLoad(packet: Packet, version: ProtocolVersion): string | undefined {
  const { type } = packet;
  if (type !== "connack" && type !== "disconnect" && type !== "puback" && type !== "pubrec") return undefined;
  const { reasonCode = 0 } = packet;
  const isLoad = version === 5 ? codes.has(reasonCode) : type === "connack" && reasonCode === unavailable311;
  return isLoad ? `${type.toUpperCase()} ${hexByte(reasonCode)} (${reasonName(reasonCode, type)})` : undefined;
}
