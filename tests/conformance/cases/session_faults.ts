/** Faults of brokers with sessions, and the cases that detect them. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";
import { forgetsPacketIds, repeatsMessages, swapsMessages } from "./publish_faults.ts";

/** Starts a new session for each connection. */
export const forgetsSessions: Fault = () => ({
  fromClient: (bytes, { connect }) =>
    bytes[0] === 0x10 && connect !== undefined
      ? encode({ ...connect, cleanStart: true }, connect.protocolVersion)
      : bytes,
});

/** Resumes a session at each clean start, and keeps sessions that should end. */
const keepsSessions: Fault = () =>
  changesReceived("connect", (packet) => ({
    ...packet,
    cleanStart: false,
    ...packet.protocolVersion === 5 && { properties: { ...packet.properties, sessionExpiryIntervalS: 60 } },
  }))();
const expiresSoon: Fault = () =>
  changesReceived(
    "connect",
    (packet) => ({ ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: 1 } }),
  )();
const expiresNoMessage: Fault = () => changesReceived("publish", ({ properties: _, ...packet }) => packet)();
const sendsOriginalExpiry: Fault = () =>
  changesSent(
    "publish",
    (packet) => [{ ...packet, properties: { ...packet.properties, messageExpiryIntervalS: 60 } }],
  )();
const lowersQos: Fault = () => changesSent("publish", ({ packetId: _, ...packet }) => [{ ...packet, qos: 0 }])();
/** Resends messages with another packet identifier, or without DUP. */
const renumbersRedelivery: Fault = () => {
  let next = 200;
  return changesSent("publish", (packet) => [packet.dup ? { ...packet, packetId: ++next } : packet])();
};
const renumbersPubrel: Fault = () => {
  let seen = 0;
  return changesSent("pubrel", (packet) => [{ ...packet, packetId: seen++ === 0 ? packet.packetId : 999 }])();
};
const hidesDup: Fault = () => changesSent("publish", (packet) => [{ ...packet, dup: false }])();
const sendsNothingAgain: Fault = () => changesSent("publish", (packet) => packet.dup ? [] : [packet])();

/** Resends in reverse order. */
const reversesRedelivery: Fault = () => {
  const held: PublishPacket[] = [];
  return changesSent("publish", (packet) => {
    if (!packet.dup) return [packet];
    held.push(packet);
    return held.length < 5 ? [] : held.toReversed();
  })();
};

/** Ignores PUBACK, and so resends every message. */
const ignoresPuback: Fault = () => changesReceived("puback", () => undefined)();
const gone: Proof = { fault: forgetsSessions, says: /got no|Session Present is 0/ };

/** Proofs of the cases about sessions. */
export const sessionProofs: Proofs = {
  "session/waiting-message": [{ fault: forgetsSessions, says: /back got no message/ }],
  "session/waiting-in-order": [gone, { fault: swapsMessages, says: /came where ".*" was due/ }],
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
    { fault: sendsOriginalExpiry, says: /is 60 s, expected \d+ to 56 s, the rest of 60 s/ },
  ],
  "session/redelivers-qos-1": [
    gone,
    { fault: renumbersRedelivery, says: /came with packet identifier 201/ },
    { fault: hidesDup, says: /came again without DUP/ },
  ],
  "session/redelivers-qos-2": [
    gone,
    { fault: renumbersRedelivery, says: /came with packet identifier 201/ },
    { fault: hidesDup, says: /came again without DUP/ },
  ],
  "session/redelivers-pubrel": [gone, { fault: renumbersPubrel, says: /came with packet identifier 999/ }],
  "session/redelivers-in-order": [
    { fault: sendsNothingAgain, says: /got no PUBLISH/ },
    { fault: reversesRedelivery, says: /they came as 5, 4, 3, 2, 1, originally as/ },
  ],
  "session/acknowledged-is-done": [{ fault: ignoresPuback, says: /although nothing was due/ }],
  "session/refused-is-done": [{ fault: ignoresPuback, says: /although nothing was due/ }],
  "session/incoming-qos-2-stays": [{ fault: forgetsPacketIds, says: /although nothing was due|got no/ }],
};
