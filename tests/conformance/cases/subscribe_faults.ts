/** Faults of brokers with subscriptions, and the cases that detect them. */
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived, changesSent, changesSubscriptions } from "../packet_changes.ts";
import { closesNothing } from "./connect_faults.ts";

/** Answers SUBSCRIBE with a wrong packet identifier. */
export const renumbersSuback: Fault = () => changesSent("suback", (packet) => [{ ...packet, packetId: 1 }])();
const renumbersUnsuback: Fault = () => changesSent("unsuback", (packet) => [{ ...packet, packetId: 1 }])();
const grantsTooMuch: Fault = () =>
  changesSent("suback", (packet) => [{ ...packet, reasonCodes: packet.reasonCodes.map(() => 2) }])();
const reversesReasonCodes: Fault = () =>
  changesSent("suback", (packet) => [{ ...packet, reasonCodes: packet.reasonCodes.toReversed() }])();
const answersEachFilter: Fault = () =>
  changesSent("suback", (packet) => packet.reasonCodes.length > 1 ? [packet, packet] : [packet])();
const subscribesFirstFilterOnly: Fault = () =>
  changesReceived("subscribe", (packet) => ({ ...packet, subscriptions: packet.subscriptions.slice(0, 1) }))();
const sendsAtQosOne: Fault = () =>
  changesSent("publish", (packet) => [{ ...packet, qos: 1, packetId: packet.packetId ?? 999 }])();
const sendsAtQosZero: Fault = () => changesSent("publish", ({ packetId: _, ...packet }) => [{ ...packet, qos: 0 }])();
const ignoresUnsubscribe: Fault = () =>
  changesReceived("unsubscribe", ({ packetId, topicFilters }, link) => {
    link.toClient({ type: "unsuback", packetId, reasonCodes: topicFilters.map(() => 0) });
    return undefined;
  })();
const answersNoUnsubscribe: Fault = () => changesSent("unsuback", () => [])();
const unsubscribesTheFirst: Fault = () =>
  changesReceived("unsubscribe", (packet) => ({ ...packet, topicFilters: packet.topicFilters.slice(0, 1) }))();
const sendsOneReasonCode: Fault = () =>
  changesSent("unsuback", (packet) => [{ ...packet, reasonCodes: packet.reasonCodes.slice(0, 1) }])();

/** Removes all subscriptions that the filter of UNSUBSCRIBE matches, not only the equal one. */
const unsubscribesByMatching: Fault = () =>
  changesReceived("unsubscribe", (packet) => ({
    ...packet,
    topicFilters: packet.topicFilters.map((filter) => filter.replace(/\+$/, "will")),
  }))();
/** Keeps two subscriptions after one has replaced the other. */
const repeatsMessages: Fault = () => changesSent("publish", (packet) => [packet, packet])();
const losesMessages: Fault = () => changesSent("publish", () => [])();

/** Keeps the first subscription. */
const ignoresRepeatedSubscribe: Fault = () => {
  const known = new Set<string>();
  return changesReceived("subscribe", (packet, link) => {
    const key = `${link.connect?.clientId} ${packet.subscriptions[0]!.topicFilter}`;
    if (!known.has(key)) return known.add(key) && packet;
    link.toClient({ type: "suback", packetId: packet.packetId, reasonCodes: packet.subscriptions.map(() => 0) });
    return undefined;
  })();
};

/** Grants an invalid filter; the cases send it in a SUBSCRIBE with packet identifier 77. */
const grantsAll: Fault = () => ({
  fromClient(bytes, link) {
    const at = bytes[1]! >= 0x80 ? 3 : 2;
    if (bytes[0] !== 0x82 || bytes[at + 1] !== 77) return bytes;
    link.toClient({ type: "suback", packetId: 77, reasonCodes: [0] });
    return undefined;
  },
});

const open: Proof = { fault: closesNothing, says: /was not closed within/ };
const granted: Proof = { fault: grantsAll, says: /the broker granted QoS 0 to/ };

/** Replaces a part of each filter. */
function misreads(part: RegExp | string, by: string): Fault {
  return changesSubscriptions((each) => ({ ...each, topicFilter: each.topicFilter.replace(part, by) }));
}

const missed = (filter: string) => new RegExp(`^${filter.replaceAll(/[+#]/g, "\\$&")} has not matched`);
const beyond = (filter: string) => new RegExp(`^${filter.replaceAll(/[+#]/g, "\\$&")} has matched`);
const readsPlusAsHash: Fault = () => misreads(/\+$/, "#")();
const readsHashAsPlus: Fault = () => misreads(/#$/, "+")();
const readsInnerPlusAsHash: Fault = () => misreads(/\+\/c$/, "#")();
const readsPlusAsText: Fault = () => misreads("+", "a")();
const matchesAllBelow: Fault = () => misreads(/A\/b c\/é$/, "#")();
const matchesDollarTopics: Fault = () => ({ core: { sysIntervalMs: 1_000 }, ...misreads(/^\+/, "$$SYS")() });

const ignoresNoLocal: Fault = () => changesSubscriptions((each) => ({ ...each, noLocal: false }))();
const alwaysNoLocal: Fault = () => {
  return {
    fromBroker: (packet, { connect }) => packet.type === "publish" && /x0$/.test(connect!.clientId) ? [] : [packet],
  };
};
const retainsAsPublished: Fault = () => changesSent("publish", (packet) => [{ ...packet, retain: true }])();
const dropsRetain: Fault = () => changesSent("publish", (packet) => [{ ...packet, retain: false }])();
const handlesRetain = (retainHandling: 0 | 1 | 2): Fault => () =>
  changesSubscriptions((each) => ({ ...each, retainHandling }))();
const sendsNoRetained: Fault = () => handlesRetain(2)();
const sendsRetainedOnce: Fault = () => handlesRetain(1)();
const sendsRetainedAlways: Fault = () => handlesRetain(0)();
const forgetsIdentifiers: Fault = () => changesReceived("subscribe", ({ properties: _, ...packet }) => packet)();
const sendsOneSubscriptionIdentifier: Fault = () =>
  changesSent(
    "publish",
    (packet) => [{ ...packet, properties: { ...packet.properties, subscriptionIdentifiers: [1] } }],
  )();

/** Proofs of the cases about subscriptions. */
export const subscribeProofs: Proofs = {
  "subscribe/suback-id": [{ fault: renumbersSuback, says: /packet identifier 1, not 47802/ }],
  "subscribe/granted-qos": [{ fault: grantsTooMuch, says: /at QoS 0 was answered with 2/ }],
  "subscribe/several-filters": [
    { fault: reversesReasonCodes, says: /the codes are 1, 0, 2, but 2, 0, 1 were requested/ },
    { fault: answersEachFilter, says: /SUBACK.* although nothing was due/ },
  ],
  "subscribe/several-filters-count": [{ fault: subscribesFirstFilterOnly, says: /got no PUBLISH/ }],
  "subscribe/qos-of-delivery": [
    { fault: sendsAtQosOne, says: /QoS is 1, not 0/ },
    { fault: sendsAtQosZero, says: /QoS is 0, not 1/ },
  ],
  "subscribe/replaces": [
    { fault: ignoresRepeatedSubscribe, says: /QoS is 2, not 0/ },
    { fault: repeatsMessages, says: /although nothing was due/ },
  ],
  "subscribe/again-finds-retained": [{ fault: ignoresRepeatedSubscribe, says: /got no message/ }],
  "subscribe/overlapping": [{ fault: sendsAtQosZero, says: /no copy came at QoS 2: 0/ }],
  "subscribe/unsubscribe-stops": [{ fault: ignoresUnsubscribe, says: /although nothing was due/ }],
  "subscribe/unsuback-id": [{ fault: renumbersUnsuback, says: /packet identifier 1, not 47803/ }],
  "subscribe/unsubscribe-unknown": [{ fault: answersNoUnsubscribe, says: /got no UNSUBACK/ }],
  "subscribe/unsubscribe-several": [
    { fault: unsubscribesTheFirst, says: /although nothing was due|has 1 codes/ },
    { fault: sendsOneReasonCode, says: /UNSUBACK has 1 codes for 3 filters/, only: "5.0" },
  ],
  "subscribe/unsubscribe-exact": [{ fault: unsubscribesByMatching, says: /got no message/ }],
  "subscribe/reserved-bits": [open],
  "subscribe/no-filter": [open],
  "subscribe/packet-id-0": [open],
  "subscribe/qos-3": [open],
  "subscribe/reserved-options": [open],
  "subscribe/retain-handling-3": [open],
  "subscribe/options-of-5": [open],
  "subscribe/filter-not-utf-8": [open],
  "subscribe/subscription-identifier-0": [open],
  "subscribe/unsubscribe-reserved-bits": [open],
  "subscribe/unsubscribe-no-filter": [open],
  "subscribe/filter-empty": [open, granted],
  "subscribe/filter-null": [open, granted],
  "subscribe/filter-hash-inside": [open, granted],
  "subscribe/filter-hash-in-word": [open, granted],
  "subscribe/filter-plus-in-word": [open, granted],
  "subscribe/matches-hash": [{ fault: readsHashAsPlus, says: missed("a/#") }],
  "subscribe/matches-plus": [
    { fault: readsPlusAsHash, says: beyond("a/+") },
    { fault: readsPlusAsText, says: missed("a/+") },
  ],
  "subscribe/matches-plus-inside": [
    { fault: readsInnerPlusAsHash, says: beyond("a/+/c") },
    { fault: readsPlusAsText, says: missed("a/+/c") },
  ],
  "subscribe/matches-plus-and-hash": [{ fault: readsHashAsPlus, says: missed("+/b/#") }],
  "subscribe/matches-as-is": [{ fault: matchesAllBelow, says: beyond("A/b c/é") }, {
    fault: losesMessages,
    says: missed("A/b c/é"),
  }],
  "subscribe/matches-dollar": [{ fault: matchesDollarTopics, says: /has matched \$SYS/ }],
  "subscribe/no-local": [{ fault: ignoresNoLocal, says: /although nothing was due/ }],
  "subscribe/local": [{ fault: alwaysNoLocal, says: /got no message/ }],
  "subscribe/retain-as-published-0": [{ fault: retainsAsPublished, says: /retain came as 1 and 1/ }],
  "subscribe/retain-as-published-1": [
    { fault: dropsRetain, says: /retain came as 0 and 0/ },
    { fault: retainsAsPublished, says: /retain came as 1 and 1/ },
  ],
  "subscribe/retain-handling-0": [{ fault: sendsRetainedOnce, says: /got no message/ }],
  "subscribe/retain-handling-1": [
    { fault: sendsRetainedAlways, says: /although nothing was due/ },
    { fault: sendsNoRetained, says: /got no message/ },
  ],
  "subscribe/retain-handling-2": [{ fault: sendsRetainedAlways, says: /although nothing was due/ }],
  "subscribe/identifier": [{ fault: forgetsIdentifiers, says: /the identifiers are "", not 268435455/ }],
  "subscribe/identifiers-overlapping": [
    { fault: sendsOneSubscriptionIdentifier, says: /not 1 and 2 once each/ },
    { fault: forgetsIdentifiers, says: /not 1 and 2 once each/ },
  ],
  "subscribe/identifier-replaced": [{ fault: ignoresRepeatedSubscribe, says: /identifier 1 came/ }],
};
