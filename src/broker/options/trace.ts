/** Seeing the packets of one client, each as it comes and goes; nothing is decoded for anybody else's. */
import type { Packet } from "../../mqtt/packet.ts";

/** Told of each packet of one client; `in` came from it, `out` goes to it. */
export type TraceOfClient = (direction: "in" | "out", packet: Packet) => void;

/** Who wants to see packets, and of whom. */
export interface Trace {
  /** Where the packets of that client are to be told; undefined for a client that nobody asks for. */
  of(clientId: string): TraceOfClient | undefined;
}
