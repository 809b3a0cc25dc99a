/** Brokers that do not read every legal form of a packet, and the cases that find them out. */
import { frameSize } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectWill } from "../../../src/mqtt/packet.ts";
import { isOfCase, type Tamper, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import type { Fault, Proof, Proofs } from "../proof.ts";
import { hears, says, subscribes } from "../spoil.ts";
import { sortsUserProperties } from "./property_faults.ts";
import { losesWills, losing } from "./will_faults.ts";

/** Takes what a client sends for malformed, and closes. */
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

/** Drops what a client sends, and reads on. */
function drops(isIt: (bytes: Uint8Array) => boolean): Tamper {
  return { fromClient: (bytes) => isIt(bytes) ? undefined : bytes };
}

const isAcknowledgement = (bytes: Uint8Array) => bytes[0]! >> 4 >= 4 && bytes[0]! >> 4 <= 7;

/** Knows acknowledgements of two bytes alone, as those of 3.1.1 are. */
export const readsTwoByteAcknowledgements: Fault = () => closesOn((bytes) => isAcknowledgement(bytes) && bytes[1]! > 2);
/** Waits for a property length that need not be there. */
export const asksForPropertyLength: Fault = () => drops((bytes) => isAcknowledgement(bytes) && bytes[1] === 3);
const dropsErrors: Fault = () => drops((bytes) => isAcknowledgement(bytes) && bytes[1]! > 2 && bytes[4]! >= 0x80);
const dropsPlainForms: Fault = () => drops((bytes) => isAcknowledgement(bytes) && bytes[1] === 2);

/** Holds a user property that stands twice for a fault. */
const refusesRepeatedNames: Fault = () =>
  closesOn((bytes) =>
    bytes.filter((byte, at) => byte === 0x26 && bytes[at + 2] === 1 && bytes[at + 3] === 0x62).length > 1
  );

/** Reads nothing of what comes in part of a packet. */
const readsWholePackets: Fault = () => drops((bytes) => wholeSize(bytes) !== bytes.length);
/** Reads the first packet of what comes at once. */
const readsFirstPackets: Fault = () => ({
  fromClient: (bytes) => bytes.subarray(0, wholeSize(bytes) ?? bytes.length),
});

function wholeSize(bytes: Uint8Array): number | undefined {
  const size = frameSize(bytes, 0, bytes.length);
  return size === undefined || size > bytes.length ? undefined : size;
}

const losesMessages: Fault = () => says("publish", () => [])();
const numbersIn15Bits: Fault = () => says("puback", (packet) => [{ ...packet, packetId: packet.packetId & 0x7fff }])();
const unsubscribesNothing: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] !== 0xa2) return bytes;
    link.toClient({ type: "unsuback", packetId: bytes[3]!, reasonCodes: [0] });
    return undefined;
  },
});
const readsFirstFilters: Fault = () =>
  hears("subscribe", (packet) => ({ ...packet, subscriptions: packet.subscriptions.slice(0, 1) }))();
const grantsTheHighest: Fault = () => subscribes((subscription) => ({ ...subscription, qos: 1 }))();

/** Closes when an alias is set that is set already. */
const setsAliasesOnce: Fault = () => {
  const set = new Set<TamperedLink>();
  return hears("publish", (packet, link) => {
    const { topicAlias } = packet.properties ?? {};
    if (topicAlias === undefined || packet.topic === "") return packet;
    if (!set.has(link)) return set.add(link) && packet;
    link.closeBroker();
    link.closeClient();
    return undefined;
  })();
};
const dropsAliased: Fault = () => hears("publish", (packet) => packet.topic === "" ? undefined : packet)();

/** Reads a DISCONNECT without a property length as one with 0x00. */
export const readsNoShortDisconnect: Fault = () => ({
  fromClient: (bytes) => bytes[0] === 0xe0 && bytes[1] === 1 ? Uint8Array.of(0xe0, 0) : bytes,
});

/** Delayed wills stand in a list: one that is due waits while those of others, begun later, are in it. */
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

/** Looks for wills that are due half a second late, and drops one whose client is back by then. */
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
const noLength: Proof = { fault: asksForPropertyLength, says: /^code-alone got no/ };
const errors: Proof = { fault: dropsErrors, says: /got no \w+ within/ };
const plain: Proof = { fault: dropsPlainForms, says: /^(id-alone|publisher) got no/ };
const names: Proof = { fault: refusesRepeatedNames, says: /got no \w+: the broker closed|ended/ };
const lost: Proof = { fault: losesMessages, says: /got no (message|PUBLISH)/ };
const late: Proof = { fault: waitsBehindOthers, says: /got no message|after it was due/ };

const forms = (...others: readonly Proof[]): readonly Proof[] => [shortForms, noLength, names, ...others];

/** Proofs of the cases about forms of packets, and about delayed wills beside others. */
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
    { fault: readsFirstFilters, says: /1 codes came for 2 filters/ },
    { fault: grantsTheHighest, says: /came at QoS 1, not 0/ },
  ],
  "limits/alias-again": [
    { fault: setsAliasesOnce, says: /got no message/ },
    { fault: dropsAliased, says: /got no message/ },
  ],
  "will/delay-2-behind-2": [late, { fault: losesWills, says: /got no message/ }],
  "will/delay-3-behind-2": [late, { fault: losesWills, says: /got no message/ }],
  "will/delay-back-overdue": [
    { fault: dropsOverdueOfReturned, says: /got no message/ },
    { fault: losesWills, says: /got no message/ },
  ],
};
