/** Filters that change packets between clients and our broker, for the faults in `cases/`. */
import { decode, encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet, PacketType, Subscription } from "../../src/mqtt/packet.ts";
import type { PacketOf } from "../../src/conformance/probe/probe.ts";
import type { TamperedLink } from "../support/brokers/tampered_broker.ts";
import type { Fault } from "./proof.ts";

/** Changes or drops packets of one type on their way to the broker; unreadable bytes pass unchanged. */
export function changesReceived<T extends PacketType>(
  type: T,
  change: (packet: PacketOf<T>, link: TamperedLink) => Packet | undefined,
): Fault {
  return () => ({
    fromClient(bytes, link) {
      const version = link.connect?.protocolVersion ?? 5;
      const packet = readable(bytes, type === "connect" ? undefined : version);
      if (packet?.type !== type) return bytes;
      const changed = change(packet as unknown as PacketOf<T>, link);
      return changed === undefined ? undefined : encode(changed, version);
    },
  });
}

/** Replaces packets of one type on their way to the client. */
export function changesSent<T extends PacketType>(
  type: T,
  change: (packet: PacketOf<T>, link: TamperedLink) => readonly Packet[],
): Fault {
  return () => ({
    fromBroker: (packet, link) => packet.type === type ? change(packet as unknown as PacketOf<T>, link) : [packet],
  });
}

/** Changes the subscriptions that the broker receives. */
export function changesSubscriptions(change: (subscription: Subscription) => Subscription): Fault {
  return changesReceived("subscribe", (packet) => ({ ...packet, subscriptions: packet.subscriptions.map(change) }));
}

function readable(bytes: Uint8Array, version: 4 | 5 | undefined): Packet | undefined {
  try {
    return decode(bytes, version);
  } catch {
    return undefined;
  }
}
