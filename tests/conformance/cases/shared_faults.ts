/** Faults of brokers with shared subscriptions, and the cases that detect them. */
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent, changesSubscriptions } from "../packet_changes.ts";
import { closesNothing } from "./connect_faults.ts";

/** Treats a shared subscription as a plain one. */
export const ignoresSharing: Fault = () =>
  changesSubscriptions((each) => ({ ...each, topicFilter: each.topicFilter.replace(/^\$share\/[^/]+\//, "") }))();

/** Treats all share names as the same. */
const mergesGroups: Fault = () =>
  changesSubscriptions((each) => ({
    ...each,
    topicFilter: each.topicFilter.replace(/^\$share\/[^/]+/, "$share/all"),
  }))();

/** Treats a plain subscription as a shared one. */
const sharesPlainSubscriptions: Fault = () =>
  changesSubscriptions((each) => ({
    ...each,
    topicFilter: each.topicFilter.replace(/^(?!\$share)/, "$share/group/"),
  }))();

const losesEveryThird: Fault = () => {
  let count = 0;
  return changesSent("publish", (packet) => ++count % 3 === 0 ? [] : [packet])();
};

/** Sends at the publisher's QoS. */
const raisesQos: Fault = () =>
  changesSent("publish", (packet) => [{ ...packet, qos: 1, packetId: packet.packetId ?? 1 }])();
const ignoresUnsubscribe: Fault = () =>
  changesReceived("unsubscribe", ({ packetId }, link) => {
    link.toClient({ type: "unsuback", packetId, reasonCodes: [0] });
    return undefined;
  })();

/** Gives a refused message to another member. */
const reassignsRefusedMessages: Fault = () =>
  changesReceived("puback", (packet, link) => {
    if ((packet.reasonCode ?? 0) >= 0x80) {
      const next = { type: "publish", dup: false, qos: 0, retain: false, payload: Uint8Array.of(1) } as const;
      for (const other of link.others) {
        if (/x0$/.test(other.connect!.clientId)) other.toClient({ ...next, topic: "again" });
      }
    }
    return packet;
  })();

const grantsAll: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] !== 0x82) return bytes;
    link.toClient({ type: "suback", packetId: 77, reasonCodes: [0] });
    return undefined;
  },
});

const open: Proof = { fault: closesNothing, says: /was not closed within/ };
const granted: Proof = { fault: grantsAll, says: /the broker granted QoS 0 to/ };

/** Proofs of the cases about shared subscriptions. */
export const sharedProofs: Proofs = {
  "shared/one-of-two": [{ fault: ignoresSharing, says: /came 2 times, not once/ }],
  "shared/each-once": [
    { fault: ignoresSharing, says: /90 messages came for 30/ },
    { fault: losesEveryThird, says: /20 of 30 messages came/ },
  ],
  "shared/two-groups": [{ fault: mergesGroups, says: /got (1 and 0|0 and 1) copies/ }],
  "shared/beside-plain": [{ fault: sharesPlainSubscriptions, says: /got (1 and 0|0 and 1) copies/ }],
  "shared/granted-qos": [{ fault: raisesQos, says: /came at QoS 1, not 0/ }],
  "shared/unsubscribe": [{ fault: ignoresUnsubscribe, says: /messages came to the client that unsubscribed/ }],
  "shared/no-retained": [{ fault: ignoresSharing, says: /although nothing was due/ }],
  "shared/refused-message": [{ fault: reassignsRefusedMessages, says: /messages were sent for 10/ }],
  "shared/no-local": [open],
  "shared/empty-name": [open, granted],
  "shared/plus-in-name": [open, granted],
  "shared/hash-in-name": [open, granted],
  "shared/no-filter": [open, granted],
};
