/** Brokers that get sessions wrong, and the cases that find them out. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { hears, says } from "../spoil.ts";
import { forgetsPacketIds, repeatsMessages, turnsAround } from "./publish_faults.ts";

/** Starts a new session for every connection. */
export const forgetsSessions: Fault = () => ({
  fromClient: (bytes, { connect }) =>
    bytes[0] === 0x10 && connect !== undefined
      ? encode({ ...connect, cleanStart: true }, connect.protocolVersion)
      : bytes,
});

/** Takes every start for one that resumes, and every session for one that lasts. */
const keepsSessions: Fault = () =>
  hears("connect", (packet) => ({
    ...packet,
    cleanStart: false,
    ...packet.protocolVersion === 5 && { properties: { ...packet.properties, sessionExpiryIntervalS: 60 } },
  }))();
const expiresSoon: Fault = () =>
  hears("connect", (packet) => ({ ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: 1 } }))();
const expiresNoMessage: Fault = () => hears("publish", ({ properties: _, ...packet }) => packet)();
const tellsFirstExpiry: Fault = () =>
  says("publish", (packet) => [{ ...packet, properties: { ...packet.properties, messageExpiryIntervalS: 60 } }])();
const lowersQos: Fault = () => says("publish", ({ packetId: _, ...packet }) => [{ ...packet, qos: 0 }])();
/** Sends again what comes again under another identifier, or without DUP. */
const numbersAnew: Fault = () => {
  let next = 200;
  return says("publish", (packet) => [packet.dup ? { ...packet, packetId: ++next } : packet])();
};
const numbersPubrelAnew: Fault = () => {
  let seen = 0;
  return says("pubrel", (packet) => [{ ...packet, packetId: seen++ === 0 ? packet.packetId : 999 }])();
};
const hidesDup: Fault = () => says("publish", (packet) => [{ ...packet, dup: false }])();
const sendsNothingAgain: Fault = () => says("publish", (packet) => packet.dup ? [] : [packet])();

/** Sends again, in the order of the last first. */
const turnsRedelivery: Fault = () => {
  const held: PublishPacket[] = [];
  return says("publish", (packet) => {
    if (!packet.dup) return [packet];
    held.push(packet);
    return held.length < 5 ? [] : held.toReversed();
  })();
};

/** Hears no acknowledgement, so that all is sent again. */
const hearsNoPuback: Fault = () => hears("puback", () => undefined)();
const gone: Proof = { fault: forgetsSessions, says: /got no|Session Present is 0/ };

/** Proofs of the cases about sessions. */
export const sessionProofs: Proofs = {
  "session/waiting-message": [{ fault: forgetsSessions, says: /back got no message/ }],
  "session/waiting-in-order": [gone, { fault: turnsAround, says: /came where ".*" was due/ }],
  "session/waiting-qos-2": [
    gone,
    { fault: lowersQos, says: /QoS is 0, not 2/ },
    { fault: repeatsMessages, says: /although nothing was due/ },
  ],
  "session/subscriptions-stay": [gone],
  "session/after-reset": [gone],
  "session/taken-over": [gone],
  "session/clean-discards": [{ fault: keepsSessions, says: /although nothing was due/ }],
  "session/clean-is-not-kept": [{ fault: keepsSessions, says: /the session was kept/ }],
  "session/expires": [{ fault: keepsSessions, says: /the session has not ended/ }],
  "session/expires-not-early": [{ fault: expiresSoon, says: /the session has ended early/ }],
  "session/waiting-message-expires": [
    { fault: expiresNoMessage, says: /message expiry interval is|although nothing was due/ },
    { fault: tellsFirstExpiry, says: /is 60 s, expected \d+ to 56 s, the rest of 60 s/ },
  ],
  "session/redelivers-qos-1": [
    gone,
    { fault: numbersAnew, says: /came with packet identifier 201/ },
    { fault: hidesDup, says: /came again without DUP/ },
  ],
  "session/redelivers-qos-2": [
    gone,
    { fault: numbersAnew, says: /came with packet identifier 201/ },
    { fault: hidesDup, says: /came again without DUP/ },
  ],
  "session/redelivers-pubrel": [gone, { fault: numbersPubrelAnew, says: /came with packet identifier 999/ }],
  "session/redelivers-in-order": [
    { fault: sendsNothingAgain, says: /got no PUBLISH/ },
    { fault: turnsRedelivery, says: /they came as 5, 4, 3, 2, 1, originally as/ },
  ],
  "session/acknowledged-is-done": [{ fault: hearsNoPuback, says: /although nothing was due/ }],
  "session/refused-is-done": [{ fault: hearsNoPuback, says: /although nothing was due/ }],
  "session/incoming-qos-2-stays": [{ fault: forgetsPacketIds, says: /although nothing was due|got no/ }],
};
