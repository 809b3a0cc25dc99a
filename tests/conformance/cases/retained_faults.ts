/** Faults of brokers with retained messages, and the cases that detect them. */
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Fault, Proofs } from "../proof.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";

/** Sends retained messages without the retain flag. */
export const hidesRetain: Fault = () => changesSent("publish", (packet) => [{ ...packet, retain: false }])();

/** Retains nothing, and does not announce it. */
export const retainsNothing: Fault = () => changesSent("publish", (packet) => packet.retain ? [] : [packet])();

/** Retains each message. */
const retainsAll: Fault = () => changesReceived("publish", (packet) => ({ ...packet, retain: true }))();

/** Keeps the first retained message of a topic. */
const keepsFirstRetained: Fault = () => {
  const seen = new Set<string>();
  return changesReceived("publish", (packet) => {
    if (!packet.retain || !seen.has(packet.topic)) return seen.add(packet.topic) && packet;
    return { ...packet, retain: false };
  })();
};

/** Sends every retained message that a topic ever had. */
const keepsAllRetained: Fault = () => {
  const kept: PublishPacket[] = [];
  return {
    ...changesSent("suback", (suback) => [suback, ...kept.slice(0, -1).map((packet) => ({ ...packet, dup: false }))])(),
    ...changesReceived("publish", (packet) => {
      if (packet.retain) kept.push({ ...packet, qos: 0, retain: true });
      return packet;
    })(),
  };
};

const keepsAtQosZero: Fault = () => changesSent("publish", ({ packetId: _, ...packet }) => [{ ...packet, qos: 0 }])();
const dropsEmptyMessages: Fault = () =>
  changesSent("publish", (packet) => packet.payload.length === 0 ? [] : [packet])();
const matchesNoWildcard: Fault = () =>
  changesReceived("subscribe", (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((each) => ({
      ...each,
      topicFilter: each.topicFilter.replace("+", "1"),
    })),
  }))();

/** Keeps retained messages only while their publisher is connected. */
const keepsWithPublisher: Fault = () => {
  const topics = new Map<string, string>();
  return changesReceived("publish", (packet, link) => {
    const clientId = link.connect!.clientId;
    if (packet.retain) topics.set(clientId, packet.topic);
    link.after(500, () => link.publish({ topic: topics.get(clientId)!, payload: new Uint8Array(), retain: true }));
    return packet;
  })();
};

const forgetsProperties: Fault = () => changesSent("publish", ({ properties: _, ...packet }) => [packet])();
const reversesUserProperties: Fault = () =>
  changesSent("publish", (packet) => [{
    ...packet,
    properties: { ...packet.properties, userProperties: packet.properties?.userProperties?.toReversed() ?? [] },
  }])();
const expiresNothing: Fault = () => changesReceived("publish", ({ properties: _, ...packet }) => packet)();
const expiresAtOnce: Fault = () =>
  changesReceived(
    "publish",
    (packet) => ({ ...packet, properties: { ...packet.properties, messageExpiryIntervalS: 1 } }),
  )();

const found = { fault: retainsAll, says: /although nothing was due/ };
const absent = { fault: retainsNothing, says: /got no message/ };

/** Proofs of the cases about retained messages. */
export const retainedProofs: Proofs = {
  "retained/late-subscriber": [{ fault: hidesRetain, says: /retain is false, not true/ }, absent],
  "retained/each-qos": [{ fault: keepsAtQosZero, says: /QoS is 0, not 1/ }, absent],
  "retained/replaced": [
    { fault: keepsFirstRetained, says: /got another message/ },
    { fault: keepsAllRetained, says: /although nothing was due/ },
  ],
  "retained/replaced-at-qos-0": [{ fault: keepsFirstRetained, says: /got another message|although nothing was due/ }],
  "retained/cleared": [{ fault: keepsFirstRetained, says: /although nothing was due/ }],
  "retained/clearing-arrives": [{ fault: dropsEmptyMessages, says: /got no message/ }],
  "retained/plain-keeps": [{ fault: retainsAll, says: /got no message|got another message/ }],
  "retained/plain-not-kept": [found],
  "retained/outlives-publisher": [{ fault: keepsWithPublisher, says: /got no message/ }],
  "retained/by-wildcard": [{ fault: matchesNoWildcard, says: /got no message|got another message/ }],
  "retained/properties": [
    { fault: forgetsProperties, says: /content type is absent/ },
    { fault: reversesUserProperties, says: /user properties is/ },
  ],
  "retained/expires": [
    { fault: expiresNothing, says: /although nothing was due/ },
    { fault: expiresAtOnce, says: /message expiry interval is|got no message/ },
  ],
};
