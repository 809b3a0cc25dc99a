/** Faults of brokers with PUBLISH, and the cases that detect them. */
import type { Fault, Proof, Proofs } from "../proof.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";
import { closesNothing } from "./connect_faults.ts";

/** Sends each message twice. */
export const repeatsMessages: Fault = () => changesSent("publish", (packet) => [packet, packet])();

/** Does not answer PUBREL. */
export const sendsNoPubcomp: Fault = () => changesSent("pubcomp", () => [])();

const losesMessages: Fault = () => changesSent("publish", () => [])();
const answersQosZero: Fault = () => ({
  fromClient(bytes, link) {
    if ((bytes[0]! & 0xf6) === 0x30) link.toClient({ type: "puback", packetId: 1 });
    return bytes;
  },
});
const acknowledgesNothing: Fault = () => changesSent("puback", () => [])();
const renumbersPuback: Fault = () => changesSent("puback", (packet) => [{ ...packet, packetId: 1 }])();
const renumbersPubcomp: Fault = () => changesSent("pubcomp", (packet) => [{ ...packet, packetId: 1 }])();
const setsDup: Fault = () => changesSent("publish", (packet) => [{ ...packet, dup: packet.qos > 0 }])();
const sendsNothing: Fault = () => changesSent("publish", () => [])();
const usesOnePacketId: Fault = () => changesSent("publish", (packet) => [{ ...packet, packetId: 5 }])();

/** Routes each QoS 2 PUBLISH as a new message. */
export const forgetsPacketIds: Fault = () => {
  let next = 100;
  const real = new Map<number, number>();
  return {
    ...changesReceived("publish", (packet) => {
      if (packet.qos !== 2) return packet;
      real.set(++next, packet.packetId!);
      return { ...packet, packetId: next, dup: false };
    })(),
    fromBroker: (packet) =>
      packet.type === "pubrec" ? [{ ...packet, packetId: real.get(packet.packetId) ?? packet.packetId }] : [packet],
  };
};

/** Never releases a packet identifier: it ignores the second message with the identifier. */
const remembersPacketIds: Fault = () => {
  const known = new Set<string>();
  return changesReceived("publish", (packet, link) => {
    if (packet.qos === 0) return packet;
    const key = `${link.connect!.clientId} ${packet.packetId}`;
    if (!known.has(key)) return known.add(key) && packet;
    if (packet.qos === 1) link.toClient({ type: "puback", packetId: packet.packetId! });
    else link.toClient({ type: "pubcomp", packetId: packet.packetId! });
    return undefined;
  })();
};

/** Swaps each pair of messages. */
export const swapsMessages: Fault = () => {
  let held: PublishPacket | undefined;
  return changesSent("publish", (packet) => {
    const first = held;
    held = first === undefined ? packet : undefined;
    return first === undefined ? [] : [packet, first];
  })();
};

const changes = (change: (packet: PublishPacket) => Partial<PublishPacket>): Fault => () =>
  changesSent("publish", (packet) => [{ ...packet, ...change(packet) }])();
const cutsPayloads: Fault = () =>
  changes(({ payload }) => ({ payload: payload.length === 0 ? Uint8Array.of(0) : payload.subarray(1) }))();
const stripsFeff: Fault = () => changes(({ topic }) => ({ topic: topic.replaceAll("\ufeff", "") }))();
const trimsTopics: Fault = () => changes(({ topic }) => ({ topic: topic.replaceAll(" ", "") }))();

const open: Proof = { fault: closesNothing, says: /was not closed within/ };
const lost: Proof = { fault: losesMessages, says: /got no (message|PUBLISH)/ };
const cut: Proof = { fault: cutsPayloads, says: /got another message/ };
const order: readonly Proof[] = [
  { fault: swapsMessages, says: /came where ".*" was due|got no PUBLISH/ },
  { fault: losesMessages, says: /got no PUBLISH/ },
  { fault: repeatsMessages, says: /came where ".*" was due/ },
];

/** Proofs of the cases about PUBLISH. */
export const publishProofs: Proofs = {
  "publish/qos-0": [lost, { fault: answersQosZero, says: /although nothing was due/ }],
  "publish/qos-1": [
    lost,
    { fault: acknowledgesNothing, says: /got no PUBACK/ },
    { fault: renumbersPuback, says: /packet identifier 1, not 4660/ },
  ],
  "publish/qos-2": [
    { fault: repeatsMessages, says: /although nothing was due/ },
    { fault: sendsNoPubcomp, says: /got no PUBCOMP/ },
  ],
  "publish/qos-2-repeated": [{ fault: forgetsPacketIds, says: /although nothing was due|got no/ }],
  "publish/qos-2-again": [{ fault: remembersPacketIds, says: /got no message/ }],
  "publish/qos-1-again": [{ fault: remembersPacketIds, says: /got no message/ }],
  "publish/pubrel-unknown": [
    { fault: sendsNoPubcomp, says: /got no PUBCOMP/ },
    { fault: renumbersPubcomp, says: /packet identifier 1, not 9029/ },
  ],
  "publish/dup-own": [{ fault: setsDup, says: /came with DUP set/ }],
  "publish/packet-ids-differ": [
    { fault: usesOnePacketId, says: /used twice: 5, 5/ },
    { fault: sendsNothing, says: /no message came/ },
  ],
  "publish/order-qos-0": order,
  "publish/order-qos-1": order,
  "publish/order-qos-2": order,
  "publish/content-bytes": [cut],
  "publish/content-empty": [cut],
  "publish/content-100-kb": [cut],
  "publish/content-topic-feff": [{ fault: stripsFeff, says: /got another message/ }],
  "publish/content-topic-spaces": [{ fault: trimsTopics, says: /got another message/ }],
  "publish/qos-3": [open],
  "publish/packet-id-0": [open],
  "publish/topic-plus": [open],
  "publish/topic-hash": [open],
  "publish/topic-empty": [open],
  "publish/topic-null": [open],
  "publish/topic-not-utf-8": [open],
  "publish/topic-overlong": [open],
  "publish/cut-short": [open],
  "publish/response-topic-wildcard": [open],
  "publish/subscription-identifier": [open],
  "publish/alias-0": [open],
  "publish/pubrel-reserved-bits": [open],
  "publish/puback-reserved-bits": [open],
};
