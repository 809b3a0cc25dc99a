/**
 * The acknowledgement that the standard requires from the receiver of a packet; undefined if it requires none.
 */
import type { Packet } from "../../mqtt/packet.ts";

export function answerTo(packet: Packet): Packet | undefined {
  switch (packet.type) {
    case "publish":
      if (packet.qos === 0) return undefined;
      return { type: packet.qos === 1 ? "puback" : "pubrec", packetId: packet.packetId! };
    case "pubrec":
      return (packet.reasonCode ?? 0) >= 0x80 ? undefined : { type: "pubrel", packetId: packet.packetId };
    case "pubrel":
      return { type: "pubcomp", packetId: packet.packetId };
    default:
      return undefined;
  }
}
