/** Violations of the standard by a client, as bytes: each ends the connection, and its will is due. */
import type { ConnectPacket } from "../../../src/mqtt/packet.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";

export interface Violation {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The version in which it is a violation; both if absent. */
  readonly version?: 4 | 5;
}

function of(name: string, hex: string, version?: 4 | 5): Violation {
  return { name, bytes: Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16)), ...version && { version } };
}

const again: ConnectPacket = {
  type: "connect",
  protocolVersion: 4,
  clientId: "c0",
  cleanStart: true,
  keepAliveS: 0,
};

export const violations: readonly Violation[] = [
  { name: "a second CONNECT", bytes: encode(again, 4) },
  of("packet type 0", "00 00"),
  of("packet type 15 with flags", "ff 00"),
  of("DISCONNECT with reserved flags", "e1 00"),
  of("SUBSCRIBE with wrong flags", "80 06 00 01 00 01 61 00", 4),
  of("SUBSCRIBE without a filter", "82 02 00 01", 4),
  of("SUBSCRIBE without a filter", "82 03 00 01 00", 5),
  of("a filter with # in the middle", "82 08 00 01 00 03 23 2f 61 00", 4),
  of("packet identifier 0", "82 06 00 00 00 01 61 00", 4),
  of("PUBLISH of QoS 3", "36 05 00 01 61 00 01"),
  of("DUP at QoS 0", "38 03 00 01 61", 4),
  of("a topic name with +", "30 03 00 01 2b", 4),
  of("an empty topic name", "30 02 00 00", 4),
  of("neither topic nor alias", "30 03 00 00 00", 5),
  of("topic alias 0", "30 07 00 01 61 03 23 00 00", 5),
  of("topic alias beyond the maximum", "30 07 00 01 61 03 23 ff ff", 5),
  of("a subscription identifier in PUBLISH", "30 06 00 01 61 02 0b 01", 5),
  of("a topic that is not UTF-8", "30 03 00 01 ff", 4),
  of("CONNACK from a client", "20 02 00 00", 4),
  of("CONNACK from a client", "20 03 00 00 00", 5),
  of("PINGRESP from a client", "d0 00"),
  of("SUBACK from a client", "90 03 00 01 00", 4),
  of("AUTH without a method", "f0 00"),
  of("a packet larger than allowed", "30 ff ff ff 7f"),
  of("a length of five bytes", "30 ff ff ff ff"),
  of("DISCONNECT with a server's reason", "e0 01 8e", 5),
  of("DISCONNECT with an unknown reason", "e0 01 ff", 5),
  of("an unknown property", "e0 04 00 02 7f 00", 5),
];
