/** The limits of a client, from its CONNECT. */
import type {
  AcknowledgePacket,
  ConnackPacket,
  ConnectProperties,
  DisconnectPacket,
  SubackPacket,
  UnsubackPacket,
} from "../../mqtt/packet.ts";

/** Packets that can carry a reason string. */
export type AnsweringPacket = ConnackPacket | AcknowledgePacket | SubackPacket | UnsubackPacket | DisconnectPacket;

/** The limits that a CONNECT can contain. */
interface ClientLimits {
  /** Maximum number of unacknowledged QoS 1 and 2 messages. */
  readonly receiveMaximum: number;
  /** Maximum packet size, in bytes. */
  readonly maximumPacketSize: number;
  /** Whether it requests reason strings in packets other than CONNACK and DISCONNECT too. */
  readonly wantsProblems: boolean;
}

/** The limits of a client that sends none; all such clients share this object. */
export const noLimits: ClientLimits = { receiveMaximum: 65_535, maximumPacketSize: Infinity, wantsProblems: true };

/** The limits of a client that connects with these properties. */
export function clientLimits(properties: ConnectProperties = {}): ClientLimits {
  const { receiveMaximum, maximumPacketSize, requestProblemInformation: wantsProblems } = properties;
  if (receiveMaximum === undefined && maximumPacketSize === undefined && wantsProblems === undefined) return noLimits;
  return {
    receiveMaximum: receiveMaximum ?? noLimits.receiveMaximum,
    maximumPacketSize: maximumPacketSize ?? noLimits.maximumPacketSize,
    wantsProblems: wantsProblems ?? noLimits.wantsProblems,
  };
}
