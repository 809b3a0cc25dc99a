/**
 * What a client takes, as its CONNECT says.
 */
import type {
  AcknowledgePacket,
  ConnackPacket,
  ConnectProperties,
  DisconnectPacket,
  SubackPacket,
  UnsubackPacket,
} from "../../mqtt/packet.ts";

/** Packets that can say why. */
export type AnsweringPacket = ConnackPacket | AcknowledgePacket | SubackPacket | UnsubackPacket | DisconnectPacket;

/** What CONNECT may say of what the client takes. */
export interface ClientLimits {
  /** QoS 1 and 2 messages at one time. */
  readonly receiveMaximum: number;
  /** The largest packet, in bytes. */
  readonly maximumPacketSize: number;
  /** Whether it wants to be told why, also in packets other than CONNACK and DISCONNECT. */
  readonly wantsProblems: boolean;
}

/** Of a client that says nothing of it; they all share this one. */
export const noLimits: ClientLimits = { receiveMaximum: 65_535, maximumPacketSize: Infinity, wantsProblems: true };

/** What a client takes that connects with these properties. */
export function clientLimits(properties: ConnectProperties = {}): ClientLimits {
  const { receiveMaximum, maximumPacketSize, requestProblemInformation: wantsProblems } = properties;
  if (receiveMaximum === undefined && maximumPacketSize === undefined && wantsProblems === undefined) return noLimits;
  return {
    receiveMaximum: receiveMaximum ?? noLimits.receiveMaximum,
    maximumPacketSize: maximumPacketSize ?? noLimits.maximumPacketSize,
    wantsProblems: wantsProblems ?? noLimits.wantsProblems,
  };
}
