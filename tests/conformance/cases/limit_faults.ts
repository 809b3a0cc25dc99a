/** Brokers that exceed limits, and the cases that detect them. */
import type { ConnectPacket, ConnectProperties } from "../../../src/mqtt/packet.ts";
import { decode } from "../../../src/mqtt/codec/codec.ts";
import { isOfCase, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";
import { closesNothing } from "./connect_faults.ts";

/** Ignores this property of CONNECT. */
function overlooks(name: keyof ConnectProperties): Fault {
  return changesReceived("connect", ({ properties, ...packet }): ConnectPacket => {
    const { [name]: _, ...others } = properties ?? {};
    return { ...packet, properties: others };
  });
}

/** Ignores Receive Maximum. */
export const overrunsReceiveMaximum: Fault = () => overlooks("receiveMaximum")();
const overrunsPacketSize: Fault = () => overlooks("maximumPacketSize")();

/** Sends no more messages after the first PUBACK. */
const stopsAfterFirstMessage: Fault = () => changesReceived("puback", () => undefined)();

/** Drops messages and wills for a subscriber with Receive Maximum 1 that has one unacknowledged message. */
export const dropsBeyondMaximum: Fault = () => {
  const full = new Map<TamperedLink, string>();
  const isFull = (topic: string) => [...full.values()].includes(topic);
  return {
    core: {
      willFault: { atPublication: (question) => isOfCase(question) && isFull(question.will.topic) ? [] : undefined },
    },
    fromClient(bytes, link) {
      if (bytes[0] === 0x40) full.delete(link);
      const packet = bytes[0]! >> 4 === 3 ? decode(bytes, link.connect!.protocolVersion) : undefined;
      if (packet?.type !== "publish" || packet.qos === 0 || !isFull(packet.topic)) return bytes;
      link.toClient({ type: "puback", packetId: packet.packetId! });
      return undefined;
    },
    fromBroker(packet, link) {
      if (packet.type === "publish" && link.connect?.properties?.receiveMaximum === 1) full.set(link, packet.topic);
      return [packet];
    },
  };
};

/** Sends no PINGRESP while a message is unacknowledged. */
const withholdsPingresp: Fault = () => {
  let hasSent = false;
  return {
    fromBroker(packet) {
      if (packet.type === "publish" && packet.qos > 0) hasSent = true;
      return packet.type === "pingresp" && hasSent ? [] : [packet];
    },
  };
};

/** Sends no SUBACK while a message is unacknowledged. */
const withholdsSuback: Fault = () => {
  let hasSent = false;
  return {
    fromBroker(packet) {
      if (packet.type === "publish" && packet.qos > 0) hasSent = true;
      return packet.type === "suback" && hasSent ? [] : [packet];
    },
  };
};

/** Sends no PUBLISH. */
const sendsNoPublish: Fault = () => changesSent("publish", () => [])();

/** Withholds a message from all subscribers because it is too large for one of them. */
const appliesSmallestLimitToAll: Fault = () =>
  changesSent("publish", (packet) => packet.payload.length > 300 ? [] : [packet])();
const blocksOnLarge: Fault = () => {
  let isBlocked = false;
  return {
    fromClient(bytes) {
      isBlocked ||= bytes.length > 900;
      return bytes;
    },
    fromBroker: (packet) => packet.type === "publish" && isBlocked ? [] : [packet],
  };
};
const sendsAliases: Fault = () =>
  changesSent("publish", (packet) => [{ ...packet, properties: { ...packet.properties, topicAlias: 2 } }])();
const reusesOneAlias: Fault = () => {
  let first: string | undefined;
  return changesSent("publish", (packet) => {
    first ??= packet.topic;
    return [{ ...packet, topic: first, properties: { ...packet.properties, topicAlias: 1 } }];
  })();
};
const dropsAliased: Fault = () => changesReceived("publish", (packet) => packet.topic === "" ? undefined : packet)();

/** Keeps the first topic of an alias for all later assignments. */
const keepsAliases: Fault = () => {
  let first: string | undefined;
  return changesReceived("publish", (packet) => {
    const { topicAlias: alias, ...properties } = packet.properties ?? {};
    if (alias === undefined) return packet;
    first ??= packet.topic;
    return { ...packet, topic: packet.topic === "" ? first : packet.topic, properties };
  })();
};

/** Keeps aliases for clients that reconnect. */
const keepsAliasesOverReconnects: Fault = () => keepsAliases();

const open: Proof = { fault: closesNothing, says: /was not closed within/ };

/** Proofs of the cases about limits. */
export const limitProofs: Proofs = {
  "limits/receive-maximum": [
    { fault: overrunsReceiveMaximum, says: /5 messages came/ },
    { fault: sendsNoPublish, says: /no message came/ },
  ],
  "limits/receive-maximum-goes-on": [
    { fault: stopsAfterFirstMessage, says: /got no PUBLISH/ },
    { fault: overrunsReceiveMaximum, says: /although nothing was due/ },
  ],
  "limits/receive-maximum-loses-nothing": [{ fault: dropsBeyondMaximum, says: /got no PUBLISH/ }],
  "limits/receive-maximum-others": [
    { fault: withholdsPingresp, says: /got no PINGRESP/ },
    { fault: withholdsSuback, says: /got no SUBACK/ },
  ],
  "limits/maximum-packet-size": [
    { fault: overrunsPacketSize, says: /got another message|although nothing was due/ },
    { fault: blocksOnLarge, says: /got no message/ },
  ],
  "limits/maximum-packet-size-others": [
    { fault: appliesSmallestLimitToAll, says: /wide got no message/ },
    { fault: overrunsPacketSize, says: /narrow got PUBLISH/ },
  ],
  "limits/own-maximum-packet-size": [open],
  "limits/no-alias-unasked": [{ fault: sendsAliases, says: /Topic Alias 2, above 0/ }],
  "limits/alias-maximum": [
    { fault: sendsAliases, says: /Topic Alias 2, above 1/ },
    { fault: reusesOneAlias, says: /a message came for/ },
  ],
  "limits/alias": [{ fault: dropsAliased, says: /got no message/ }],
  "limits/alias-moved": [{ fault: keepsAliases, says: /got no message/ }],
  "limits/alias-above-maximum": [open],
  "limits/alias-ends": [open, {
    fault: keepsAliasesOverReconnects,
    says: /was not closed within|although nothing was due/,
  }],
};
