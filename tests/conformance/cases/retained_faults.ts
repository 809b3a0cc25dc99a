/** Brokers that get retained messages wrong, and the cases that find them out. */
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Fault, Proofs } from "../proof.ts";
import { hears, says } from "../spoil.ts";

/** Sends what it retained without the flag. */
export const hidesRetain: Fault = () => says("publish", (packet) => [{ ...packet, retain: false }])();

/** Retains nothing, and does not say so. */
export const retainsNothing: Fault = () => says("publish", (packet) => packet.retain ? [] : [packet])();

/** Retains all that is published. */
const retainsAll: Fault = () => hears("publish", (packet) => ({ ...packet, retain: true }))();

/** Keeps the first that a topic had. */
const keepsTheFirst: Fault = () => {
  const seen = new Set<string>();
  return hears("publish", (packet) => {
    if (!packet.retain || !seen.has(packet.topic)) return seen.add(packet.topic) && packet;
    return { ...packet, retain: false };
  })();
};

/** Sends every retained message that it ever had. */
const keepsAll: Fault = () => {
  const kept: PublishPacket[] = [];
  return {
    ...says("suback", (suback) => [suback, ...kept.slice(0, -1).map((packet) => ({ ...packet, dup: false }))])(),
    ...hears("publish", (packet) => {
      if (packet.retain) kept.push({ ...packet, qos: 0, retain: true });
      return packet;
    })(),
  };
};

const keepsAtQosZero: Fault = () => says("publish", ({ packetId: _, ...packet }) => [{ ...packet, qos: 0 }])();
const passesOnNothingEmpty: Fault = () => says("publish", (packet) => packet.payload.length === 0 ? [] : [packet])();
const matchesNoWildcard: Fault = () =>
  hears("subscribe", (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((each) => ({
      ...each,
      topicFilter: each.topicFilter.replace("+", "1"),
    })),
  }))();

/** Keeps what is to be retained for as long as its publisher is there. */
const keepsWithPublisher: Fault = () => {
  const topics = new Map<string, string>();
  return hears("publish", (packet, link) => {
    const clientId = link.connect!.clientId;
    if (packet.retain) topics.set(clientId, packet.topic);
    link.after(500, () => link.publish({ topic: topics.get(clientId)!, payload: new Uint8Array(), retain: true }));
    return packet;
  })();
};

const forgetsProperties: Fault = () => says("publish", ({ properties: _, ...packet }) => [packet])();
const turnsUserProperties: Fault = () =>
  says("publish", (packet) => [{
    ...packet,
    properties: { ...packet.properties, userProperties: packet.properties?.userProperties?.toReversed() ?? [] },
  }])();
const expiresNothing: Fault = () => hears("publish", ({ properties: _, ...packet }) => packet)();
const expiresAtOnce: Fault = () =>
  hears("publish", (packet) => ({ ...packet, properties: { ...packet.properties, messageExpiryIntervalS: 1 } }))();

const found = { fault: retainsAll, says: /although nothing was due/ };
const absent = { fault: retainsNothing, says: /got no message/ };

/** Proofs of the cases about retained messages. */
export const retainedProofs: Proofs = {
  "retained/late-subscriber": [{ fault: hidesRetain, says: /retain is false, not true/ }, absent],
  "retained/each-qos": [{ fault: keepsAtQosZero, says: /QoS is 0, not 1/ }, absent],
  "retained/replaced": [
    { fault: keepsTheFirst, says: /got another message/ },
    { fault: keepsAll, says: /although nothing was due/ },
  ],
  "retained/replaced-at-qos-0": [{ fault: keepsTheFirst, says: /got another message|although nothing was due/ }],
  "retained/cleared": [{ fault: keepsTheFirst, says: /although nothing was due/ }],
  "retained/clearing-arrives": [{ fault: passesOnNothingEmpty, says: /got no message/ }],
  "retained/plain-keeps": [{ fault: retainsAll, says: /got no message|got another message/ }],
  "retained/plain-not-kept": [found],
  "retained/outlives-publisher": [{ fault: keepsWithPublisher, says: /got no message/ }],
  "retained/by-wildcard": [{ fault: matchesNoWildcard, says: /got no message|got another message/ }],
  "retained/properties": [
    { fault: forgetsProperties, says: /content type is absent/ },
    { fault: turnsUserProperties, says: /user properties is/ },
  ],
  "retained/expires": [
    { fault: expiresNothing, says: /although nothing was due/ },
    { fault: expiresAtOnce, says: /message expiry interval is|got no message/ },
  ],
};
