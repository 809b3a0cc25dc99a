/** Traces the packets of selected clients as they are received and sent; other clients' packets are not decoded. */
import type { Packet } from "../../mqtt/packet.ts";

/** Receives each packet of one client; `in` is from the client, `out` is to it. */
export type TraceOfClient = (direction: "in" | "out", packet: Packet) => void;

/** Selects the clients to trace. */
export interface Trace {
  /** The receiver of the packets of this client; undefined for a client that is not traced. */
  of(clientId: string): TraceOfClient | undefined;
}
