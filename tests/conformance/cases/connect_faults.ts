/** Faults of brokers with connections, and the cases that detect them. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnackPacket } from "../../../src/mqtt/packet.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";

/** Never closes a connection, whatever the client does. */
export const closesNothing: Fault = () => ({ hidesClose: () => true });

/** Does not answer PINGREQ. */
export const answersNoPing: Fault = () => changesSent("pingresp", () => [])();

function answersConnect(change: (connack: ConnackPacket) => ConnackPacket): Fault {
  return changesSent("connack", (packet) => [change(packet)]);
}

const setsSessionPresent: Fault = () => answersConnect((connack) => ({ ...connack, sessionPresent: true }))();
const clearsSessionPresent: Fault = () => answersConnect((connack) => ({ ...connack, sessionPresent: false }))();

/** Sets Session Present in a CONNACK that refuses. */
const refusesWithSession: Fault = () => ({
  fromBroker: (packet, { connect }) =>
    packet.type === "connack" && packet.reasonCode !== 0
      ? [Uint8Array.from(connect!.protocolVersion === 5 ? [0x20, 3, 1, 0x86, 0] : [0x20, 2, 1, 4])]
      : [packet],
});

/** Refuses by a close without CONNACK. */
const refusesWithoutConnack: Fault = () => ({
  fromClient(_, link) {
    link.closeClient();
    return undefined;
  },
});

/** Accepts clients with another protocol name. */
const acceptsAnyProtocolName: Fault = () => ({
  core: { authenticate: () => "accept" },
  fromClient: (bytes) => bytes[0] === 0x10 ? bytes.map((byte, at) => at < 8 && byte === 0x5a ? 0x54 : byte) : bytes,
});
const refusesWithWrongCode: Fault = () =>
  answersConnect((connack) => connack.reasonCode === 0x02 ? { ...connack, reasonCode: 0x05 } : connack)();
const refusesLongNames: Fault = () => ({
  fromBroker: (packet, { connect }) =>
    packet.type === "connack" && connect!.clientId.length > 20
      ? [{ ...packet, reasonCode: connect!.protocolVersion === 5 ? 0x85 : 0x02 }]
      : [packet],
});
const assignsNoIdentifier: Fault = () =>
  answersConnect(({ properties: { assignedClientIdentifier: _, ...properties } = {}, ...connack }) => ({
    ...connack,
    properties,
  }))();
const assignsOneIdentifier: Fault = () =>
  answersConnect((connack) => ({
    ...connack,
    properties: { ...connack.properties, assignedClientIdentifier: "guest" },
  }))();
const sendsConnackTwice: Fault = () => changesSent("connack", (packet) => [packet, packet])();

/** Sends queued messages before CONNACK. */
const sendsBeforeConnack: Fault = () => {
  const held = new Map<unknown, ConnackPacket>();
  return {
    fromBroker(packet, link) {
      if (packet.type === "connack" && packet.sessionPresent) {
        held.set(link, packet);
        return [];
      }
      const connack = held.get(link);
      held.delete(link);
      return connack === undefined ? [packet] : [packet, connack];
    },
  };
};

/** Reads packets after a CONNECT that it has refused. */
const readsRefusedPackets: Fault = () => ({
  fromClient(bytes, link) {
    const { connect } = link;
    if (connect === undefined || bytes[0] !== 0x10 || !/not /.test(new TextDecoder().decode(connect.password))) {
      return bytes;
    }
    const size = encode(connect, connect.protocolVersion).length;
    const rest = bytes.subarray(size);
    const at = 2;
    const topicEnd = at + 2 + rest[at + 1]!;
    const topic = new TextDecoder().decode(rest.subarray(at + 2, topicEnd));
    if (rest.length > 0) link.publish({ topic, payload: new TextEncoder().encode("heard") });
    return bytes;
  },
});

/** Drops the packets that follow CONNECT in the same read. */
const dropsPacketsAfterConnect: Fault = () => ({
  fromClient: (bytes, { connect }) =>
    bytes[0] === 0x10 && connect !== undefined
      ? bytes.subarray(0, encode(connect, connect.protocolVersion).length)
      : bytes,
});

/** Reads a chunk only if it is a whole packet. */
const readsWholePackets: Fault = () => ({ fromClient: (bytes) => bytes.length > 1 ? bytes : undefined });
const sendsWrongReason: Fault = () => changesSent("disconnect", (packet) => [{ ...packet, reasonCode: 0x89 }])();
const keepsBothConnections: Fault = () => ({ hidesClose: ({ connect }) => connect !== undefined });
const sendsResponseInformation: Fault = () =>
  answersConnect((connack) => ({
    ...connack,
    properties: { ...connack.properties, responseInformation: "answers/" },
  }))();

/** Accepts an unsupported authentication method as if there were none. */
const ignoresMethods: Fault = () => changesReceived("connect", ({ properties: _, ...packet }) => packet)();

const open: Proof = { fault: closesNothing, says: /was not closed within/ };

/** Proofs of the cases about CONNECT. */
export const connectProofs: Proofs = {
  "connect/first-packet": [open],
  "connect/connack-first": [
    { fault: sendsBeforeConnack, says: /PUBLISH came before CONNACK/ },
    { fault: sendsConnackTwice, says: /CONNACK/ },
  ],
  "connect/client-id-23": [{ fault: refusesLongNames, says: /was refused with/ }],
  "connect/client-id-empty": [{ fault: assignsNoIdentifier, says: /has no Assigned Client Identifier/, only: "5.0" }, {
    fault: answersNoPing,
    says: /got no PINGRESP/,
  }],
  "connect/client-id-assigned": [{ fault: assignsOneIdentifier, says: /both clients were assigned "guest"/ }],
  "connect/client-id-empty-session": [
    { fault: refusesWithWrongCode, says: /CONNACK has 5, not 0x02/ },
    { fault: refusesWithoutConnack, says: /CONNACK has not come/ },
  ],
  "connect/level-unknown": [
    { fault: refusesWithoutConnack, says: /closed without a CONNACK/ },
    { fault: closesNothing, says: /was not closed within/ },
  ],
  "connect/protocol-name": [{ fault: acceptsAnyProtocolName, says: /was accepted/ }],
  "connect/session-present-clean": [{ fault: setsSessionPresent, says: /Session Present is 1/ }],
  "connect/session-present-resumed": [{ fault: clearsSessionPresent, says: /Session Present is 0/ }],
  "connect/session-present-none": [{ fault: setsSessionPresent, says: /Session Present is 1/ }],
  "connect/wrong-password": [{ fault: refusesWithSession, says: /cannot be read.*session present/ }, open],
  "connect/refused-unheard": [{ fault: readsRefusedPackets, says: /although nothing was due/ }],
  "connect/pipelined": [{ fault: dropsPacketsAfterConnect, says: /got no message/ }],
  "connect/byte-by-byte": [{ fault: readsWholePackets, says: /got no CONNACK/ }],
  "connect/takeover": [{ fault: keepsBothConnections, says: /was not closed within/ }, {
    fault: sendsWrongReason,
    says: /got DISCONNECT 0x89, not 0x8e/,
    only: "5.0",
  }],
  "connect/authentication-method-unknown": [{ fault: ignoresMethods, says: /was accepted/ }],
  "connect/response-information-unasked": [{ fault: sendsResponseInformation, says: /Response Information "answers/ }],
  "connect/reserved-flag": [open],
  "connect/reserved-bits": [open],
  "connect/cut-short": [open],
  "connect/trailing-bytes": [open],
  "connect/remaining-length": [open],
  "connect/client-id-not-utf-8": [open],
  "connect/username-missing": [open],
  "connect/username-unannounced": [open],
  "connect/username-not-utf-8": [open],
  "connect/password-missing": [open],
  "connect/password-alone": [open],
  "connect/property-twice": [open],
  "connect/property-unknown": [open],
  "connect/property-misplaced": [open],
  "connect/receive-maximum-0": [open],
  "connect/maximum-packet-size-0": [open],
  "connect/problem-information-2": [open],
  "connect/authentication-data-alone": [open],
  "connect/packet-type-0": [open],
  "connect/packet-type-15": [open],
  "connect/from-client-connack": [open],
  "connect/from-client-suback": [open],
  "connect/from-client-unsuback": [open],
  "connect/from-client-pingresp": [open],
};
