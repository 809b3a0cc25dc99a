/** Brokers that do not accept every valid form of a packet, and the cases that detect them. */
import { frameSize } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectWill } from "../../../src/mqtt/packet.ts";
import { isOfCase, type Tamper, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent, changesSubscriptions } from "../packet_changes.ts";
import { sortsUserProperties } from "./property_faults.ts";
import { losesWills, losing } from "./will_faults.ts";

/** Closes on bytes for which `isIt` is true, as if they were malformed. */
function closesOn(isIt: (bytes: Uint8Array) => boolean): Tamper {
  return {
    fromClient(bytes, link) {
      if (!isIt(bytes)) return bytes;
      link.closeBroker();
      link.closeClient();
      return undefined;
    },
  };
}

/** Drops bytes for which `isIt` is true, and keeps the connection. */
function drops(isIt: (bytes: Uint8Array) => boolean): Tamper {
  return { fromClient: (bytes) => isIt(bytes) ? undefined : bytes };
}

const isAcknowledgement = (bytes: Uint8Array) => bytes[0]! >> 4 >= 4 && bytes[0]! >> 4 <= 7;

/** Accepts only acknowledgements of two bytes, the form of 3.1.1. */
export const readsTwoByteAcknowledgements: Fault = () => closesOn((bytes) => isAcknowledgement(bytes) && bytes[1]! > 2);
/** Waits for a property length where the standard permits its absence. */
export const requiresPropertyLength: Fault = () => drops((bytes) => isAcknowledgement(bytes) && bytes[1] === 3);
const dropsErrorAcknowledgements: Fault = () =>
  drops((bytes) => isAcknowledgement(bytes) && bytes[1]! > 2 && bytes[4]! >= 0x80);
const dropsShortForms: Fault = () => drops((bytes) => isAcknowledgement(bytes) && bytes[1] === 2);

/** Closes on a repeated user property. */
const refusesRepeatedNames: Fault = () =>
  closesOn((bytes) =>
    bytes.filter((byte, at) => byte === 0x26 && bytes[at + 2] === 1 && bytes[at + 3] === 0x62).length > 1
  );

/** Drops chunks that are not exactly one packet. */
const readsWholePackets: Fault = () => drops((bytes) => wholeSize(bytes) !== bytes.length);
/** Reads only the first packet of a chunk. */
const readsFirstPackets: Fault = () => ({
  fromClient: (bytes) => bytes.subarray(0, wholeSize(bytes) ?? bytes.length),
});

function wholeSize(bytes: Uint8Array): number | undefined {
  const size = frameSize(bytes, 0, bytes.length);
  return size === undefined || size > bytes.length ? undefined : size;
}

const losesMessages: Fault = () => changesSent("publish", () => [])();
const numbersIn15Bits: Fault = () =>
  changesSent("puback", (packet) => [{ ...packet, packetId: packet.packetId & 0x7fff }])();
const unsubscribesNothing: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] !== 0xa2) return bytes;
    link.toClient({ type: "unsuback", packetId: bytes[3]!, reasonCodes: [0] });
    return undefined;
  },
});
const subscribesFirstFilterOnly: Fault = () =>
  changesReceived("subscribe", (packet) => ({ ...packet, subscriptions: packet.subscriptions.slice(0, 1) }))();
const grantsTheHighest: Fault = () => changesSubscriptions((subscription) => ({ ...subscription, qos: 1 }))();

/** Closes when a client assigns an alias again. */
const acceptsAliasesOnce: Fault = () => {
  const set = new Set<TamperedLink>();
  return changesReceived("publish", (packet, link) => {
    const { topicAlias } = packet.properties ?? {};
    if (topicAlias === undefined || packet.topic === "") return packet;
    if (!set.has(link)) return set.add(link) && packet;
    link.closeBroker();
    link.closeClient();
    return undefined;
  })();
};
const dropsAliased: Fault = () => changesReceived("publish", (packet) => packet.topic === "" ? undefined : packet)();

/** Reads a DISCONNECT without property length as one with code 0x00. */
export const readsNoShortDisconnect: Fault = () => ({
  fromClient: (bytes) => bytes[0] === 0xe0 && bytes[1] === 1 ? Uint8Array.of(0xe0, 0) : bytes,
});

/** Keeps delayed wills in one list: a due will waits behind wills of other clients that were added later. */
export const waitsBehindOthers: Fault = () => {
  let others = 0;
  return {
    core: {
      willFault: {
        atPublication: ({ will, clientId }) =>
          isOfCase({ clientId }) && others > 3 && will.topic.endsWith("/will")
            ? [{ will, delayMs: 10_000 }]
            : undefined,
      },
    },
    fromClient(bytes, { connect }) {
      if (bytes[0] === 0x10 && connect?.will?.topic.endsWith("/other")) others++;
      return bytes;
    },
  };
};

/** Checks delayed wills 0.5 s late, and drops the will of a client that has returned by then. */
export const dropsOverdueOfReturned: Fault = () => {
  const lives = new Map<string, number>();
  return {
    core: {
      willFault: {
        atPublication: ({ will, clientId }) => isOfCase({ clientId }) && will.delayIntervalS ? [] : undefined,
      },
    },
    fromClient(bytes, link) {
      const { clientId = "", will } = link.connect ?? {};
      if (bytes[0] === 0x10) lives.set(clientId, (lives.get(clientId) ?? 0) + 1);
      if (bytes[0] === 0xe0 && bytes[2] === 0x04 && will !== undefined) releaseLater(link, will);
      return bytes;
    },
    hidesEnd(link) {
      const { will } = link.connect ?? {};
      if (will !== undefined) releaseLater(link, will);
      return false;
    },
  };

  function releaseLater(link: TamperedLink, will: ConnectWill): void {
    const { clientId } = link.connect!;
    const life = lives.get(clientId);
    if (!will.delayIntervalS) return;
    link.after(1_000 * will.delayIntervalS + 500, () => {
      if (lives.get(clientId) === life) link.publish(will);
    });
  }
};

const shortForms: Proof = { fault: readsTwoByteAcknowledgements, says: /got no \w+: the broker closed/ };
const noLength: Proof = { fault: requiresPropertyLength, says: /^code-alone got no/ };
const errors: Proof = { fault: dropsErrorAcknowledgements, says: /got no \w+ within/ };
const plain: Proof = { fault: dropsShortForms, says: /^(id-alone|publisher) got no/ };
const names: Proof = { fault: refusesRepeatedNames, says: /got no \w+: the broker closed|ended/ };
const lost: Proof = { fault: losesMessages, says: /got no (message|PUBLISH)/ };
const late: Proof = { fault: waitsBehindOthers, says: /got no message|after it was due/ };

const forms = (...others: readonly Proof[]): readonly Proof[] => [shortForms, noLength, names, ...others];

/** Proofs of the cases about packet forms, and about delayed wills beside others. */
export const encodingProofs: Proofs = {
  "publish/puback-0x00-forms": forms(plain),
  "publish/puback-0x80-forms": forms(errors),
  "publish/pubrec-0x00-forms": forms(plain),
  "publish/pubrec-0x80-forms": forms(errors),
  "publish/pubrel-0x00-forms": forms(plain),
  "publish/pubrel-0x92-forms": forms(errors),
  "publish/pubcomp-0x00-forms": forms(plain),
  "publish/pubcomp-0x92-forms": forms(errors),
  "connect/properties-any-order": [names],
  "will/properties-any-order": [
    names,
    { fault: losesWills, says: /got no message/ },
    { fault: sortsUserProperties, says: /user properties is/ },
    { fault: losing("correlationData"), says: /correlation data is absent/ },
  ],
  "properties/any-order": [
    { fault: refusesRepeatedNames, says: /got no message/ },
    lost,
    { fault: sortsUserProperties, says: /user properties is/ },
    { fault: losing("responseTopic"), says: /response topic is absent/ },
  ],
  "publish/packet-id-65535": [lost, { fault: numbersIn15Bits, says: /got no PUBACK/ }],
  "publish/in-two-writes": [{ fault: readsWholePackets, says: /got no message/ }, lost],
  "publish/several-in-one-write": [{ fault: readsFirstPackets, says: /got no PINGRESP/ }, lost],
  "subscribe/user-properties": [names, lost],
  "subscribe/identifier-between-properties": [
    { fault: losing("subscriptionIdentifiers"), says: /the identifiers are "", not 128/ },
    lost,
  ],
  "subscribe/unsubscribe-user-properties": [names, { fault: unsubscribesNothing, says: /although nothing was due/ }],
  "subscribe/same-filter-twice": [
    { fault: subscribesFirstFilterOnly, says: /1 codes came for 2 filters/ },
    { fault: grantsTheHighest, says: /came at QoS 1, not 0/ },
  ],
  "limits/alias-again": [
    { fault: acceptsAliasesOnce, says: /got no message/ },
    { fault: dropsAliased, says: /got no message/ },
  ],
  "will/delay-2-behind-2": [late, { fault: losesWills, says: /got no message/ }],
  "will/delay-3-behind-2": [late, { fault: losesWills, says: /got no message/ }],
  "will/delay-back-overdue": [
    { fault: dropsOverdueOfReturned, says: /got no message/ },
    { fault: losesWills, says: /got no message/ },
  ],
};
