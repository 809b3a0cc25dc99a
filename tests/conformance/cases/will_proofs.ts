/** The faults that each case about wills detects, and the reason that it gives. */
import { catalog } from "../../../src/conformance/catalog.ts";
import type { ConformanceCase } from "../../../src/conformance/case/case.ts";
import type { Proof, Proofs } from "../proof.ts";
import { closesNothing } from "./connect_faults.ts";
import { readsNoShortDisconnect } from "./encoding_faults.ts";
import { dropsBeyondMaximum, overrunsReceiveMaximum } from "./limit_faults.ts";
import { declaresEveryPayloadText } from "./property_faults.ts";
import { hidesRetain, retainsNothing } from "./retained_faults.ts";
import { forgetsSessions } from "./session_faults.ts";
import { ignoresSharing } from "./shared_faults.ts";
import * as faults from "./will_faults.ts";

const unasked = /although nothing was due/;
const missing = /got no message|got another message/;
const lost: Proof = { fault: faults.losesWills, says: missing };
const late: Proof = { fault: faults.delaysWills, says: missing };
const repeated: Proof = { fault: faults.repeatsWills, says: unasked };
const invented: Proof = { fault: faults.publishesDiscardedWills, says: unasked };
const hurried: Proof = { fault: faults.publishesDelayedWillsAtOnce, says: /and was due after/ };
const open: Proof = { fault: closesNothing, says: /was not closed within/ };
const anyDisconnect: Proof = { fault: faults.discardsWillAtAnyDisconnect, says: missing };
const shortDisconnect: Proof = { fault: readsNoShortDisconnect, says: missing };
const kept: Proof = { fault: faults.keepsWills, says: unasked };
const keptOfConnects: Proof = { fault: faults.keepsWillsOfConnects, says: unasked };
const forgotten: Proof = { fault: faults.forgetsResumption, says: unasked };
const noSilence: Proof = { fault: faults.enforcesNoKeepAlive, says: missing };
const ended: Proof = { fault: faults.endsActiveConnections, says: unasked };
const salvaged: Proof = { fault: faults.publishesWillsOfUnreadableConnects, says: unasked };
const refused: Proof = { fault: faults.sendsWillsOfRefused, says: unasked };
const forgotSession: Proof = { fault: forgetsSessions, says: missing };
const altered: Proof = { fault: faults.changesPayloads, says: missing };
const cleanNothing: Proof = { fault: faults.ignoresCleanStart, says: missing };

/** The cases with this id or this prefix. */
function each(beginning: string, proofs: readonly Proof[], isIt: (one: ConformanceCase) => boolean = () => true) {
  const found = catalog.filter((one) => one.id.startsWith(`will/${beginning}`) && isIt(one));
  if (found.length === 0) throw new Error(`no case begins with will/${beginning}`);
  return Object.fromEntries(found.map(({ id }) => [id, proofs]));
}

const endings: Proofs = {
  ...each("garbage-", [lost, open]),
  "will/reset": [lost, late, repeated],
  "will/close": [lost, repeated],
  "will/half-packet": [lost, repeated],
  "will/second-connect": [lost, open],
  "will/second-connect-other": [{ fault: faults.sendsSecondConnects, says: unasked }, open],
  "will/at-once-after-connack": [lost, repeated],
  "will/storm": [lost, repeated],
  "will/each-life": [lost, repeated],
  "will/removed": [lost, kept],
  "will/removed-by-leaving": [keptOfConnects],
  "will/replaced": [lost, keptOfConnects],
};

const disconnects: Proofs = {
  ...each("leave", [invented]),
  ...each("disconnect-0x", [lost, repeated, anyDisconnect]),
  ...each("disconnect-code-alone-", [lost, repeated, anyDisconnect, shortDisconnect]),
  ...each("disconnect-properties-", [lost, repeated, anyDisconnect]),
  "will/disconnect-undefined-code": [lost, anyDisconnect, open],
  "will/disconnect-reserved-bits": [lost, anyDisconnect, open],
  "will/disconnect-raises-expiry": [lost, anyDisconnect, open],
};

const takeovers: Proofs = {
  ...each("takeover-", [lost, open, repeated], ({ title }) => title.endsWith("sends the will at once")),
  "will/takeover-delayed-lasts-resumed": [{ fault: faults.sendsAtResumption, says: unasked }, open],
  "will/takeover-clean-session": [lost, open, repeated],
  "will/takeover-lasting-session": [lost, open, repeated],
  "will/takeover-told": [{ fault: faults.sendsWrongReason, says: /got DISCONNECT with 0x89, not 0x8e/ }],
  "will/takeover-newer-lives": [{ fault: faults.sendsNewerWill, says: unasked }],
  "will/takeover-then-death": [lost, repeated, { fault: faults.sendsNewerWill, says: unasked }],
  "will/takeover-then-leave": [invented],
  "will/takeover-chain": [lost, repeated],
  "will/takeover-other-id": [{ fault: faults.ignoresCase, says: unasked }],
};

const noPatience: Proof = { fault: faults.shortensKeepAlive, says: /and was due after/ };

const keepAlives: Proofs = {
  ...each("freeze-", [lost, noSilence]),
  "will/freeze-1s": [lost, noSilence, open],
  "will/freeze-2s": [lost, noSilence, open, noPatience],
  "will/freeze-3s": [lost, noSilence, open, noPatience],
  "will/freeze-trickle": [lost, { fault: faults.countsBytesAsActivity, says: missing }],
  "will/freeze-after-ping": [lost, { fault: faults.ignoresPingreqForKeepAlive, says: /and was due after/ }],
  "will/keep-alive-in-force": [lost, noSilence, noPatience],
  ...each("kept-by-", [ended]),
  "will/keep-alive-off": [ended],
  "will/keep-alive-43691": [ended],
  "will/keep-alive-65535": [ended],
};

const isTimed = ({ time }: ConformanceCase) => time === "clock";
const forGood: Proof = { fault: faults.keepsSessions, says: missing };

const delays: Proofs = {
  ...each("delay-", [lost, late, repeated], (one) => !isTimed(one)),
  ...each("delay-", [lost, late, hurried], isTimed),
  ...each("delay-60-session-", [lost, forGood]),
  ...each("delayed-", [lost, late, repeated, hurried]),
  "will/delayed-with-will": [lost, hurried, anyDisconnect],
  "will/delayed-with-error": [lost, hurried, anyDisconnect],
  ...each("delay-resumed-after-", [forgotten]),
  "will/delay-back-too-late": [lost, hurried, kept],
  "will/delay-clean-start": [lost, cleanNothing],
  "will/delay-resumed-dies-again": [lost, forgotten],
  "will/delay-resumed-without-will": [forgotten],
  "will/delay-freeze": [lost, hurried, noSilence],
  "will/delay-shorter-session-at-disconnect": [lost, anyDisconnect, {
    fault: faults.keepsSessionExpiry,
    says: missing,
  }],
};

const refusals: Proofs = {
  "will/refused-login": [refused],
  "will/refused-login-pipelined": [{ fault: faults.readsRefused, says: unasked }],
  "will/refused-login-bystander": [{ fault: faults.endsConnectionBeforeLogin, says: unasked }],
  "will/refused-login-keeps-delayed": [lost, hurried],
  "will/refused-level": [open, salvaged],
  "will/refused-reserved-flag": [open, salvaged],
  "will/refused-empty-id": [open, refused],
  "will/empty-id": [lost],
  "will/denied-topic": [{ fault: faults.checksNoWill, says: /the will came, although/ }],
};

const malformed: Proofs = {
  ...each("flags-", [open, salvaged]),
  ...each("fields-", [open, salvaged]),
  ...each("cut-", [salvaged]),
  ...each("topic-", [open, salvaged], ({ title }) => title.includes("is refused")),
  ...each("property-", [open, salvaged]),
};

const flagGone: Proof = { fault: hidesRetain, says: /retain is false, not true/ };
const notRetained: Proof = { fault: faults.retainsNoWill, says: /altered|later got|nothing was due/ };
const notKept: Proof = { fault: retainsNothing, says: missing };

const retained: Proofs = {
  ...each("retain-", [notRetained], ({ title }) => /^a retained will/.test(title)),
  "will/retain-0": [lost, { fault: faults.retainsEveryWill, says: /altered|nothing was due/ }],
  "will/retain-1": [lost, notRetained, notKept, flagGone],
  "will/retain-1-unseen": [lost, notRetained, notKept, flagGone],
  "will/retain-properties": [notRetained, { fault: faults.losing("userProperties"), says: /user properties is/ }],
  "will/retain-as-published-0": [lost, { fault: faults.setsRetain, says: /retain is true, not false/ }],
  "will/retain-flag-live": [lost, { fault: faults.setsRetain, says: /retain is true, not false/, only: "3.1.1" }, {
    ...flagGone,
    only: "5.0",
  }],
  "will/retain-replaces": [lost, notRetained],
  "will/retain-0-keeps": [lost, { fault: faults.retainsEveryWill, says: /altered|another message/ }],
  "will/retain-clears": [lost, notRetained],
  "will/retain-left-keeps": [{ fault: faults.publishesDiscardedWills, says: /another message/ }],
  "will/retain-delayed": [
    lost,
    { fault: faults.publishesDelayedWillsAtOnce, says: /before its delay|was due after/ },
    notRetained,
  ],
  "will/retain-resumed-keeps": [{ fault: faults.forgetsResumption, says: /another message/ }],
  "will/retain-as-announced": [{ fault: faults.refusesRetain, says: /was refused with 0x9a/ }],
};

const fidelity: Proofs = {
  "will/payload-format": [lost, altered, property("payloadFormatIndicator")],
  "will/payload-format-0": [lost, altered, {
    fault: declaresEveryPayloadText,
    says: /payload format indicator is 1, not 0/,
  }],
  "will/content-type": [lost, altered, property("contentType")],
  "will/response-topic": [lost, altered, property("responseTopic")],
  "will/correlation-data": [lost, altered, property("correlationData")],
  "will/correlation-data-empty": [lost, altered, property("correlationData")],
  "will/user-property": [lost, altered, property("userProperties")],
  "will/user-properties": [lost, altered, property("userProperties")],
  "will/message-expiry": [lost, altered, property("messageExpiryIntervalS")],
  "will/message-expiry-largest": [lost, altered, property("messageExpiryIntervalS")],
  "will/all-properties": [lost, altered, ...["responseTopic", "correlationData", "contentType"].map(property)],
  "will/no-properties": [lost, { fault: faults.addsProperties, says: /content type is/ }],
  "will/every-byte": [lost, altered, repeated],
  "will/empty-payload": [lost, altered],
  "will/long-payload": [lost, altered],
  "will/topic-unicode": [lost, altered],
  "will/topic-feff": [lost, altered],
  "will/topic-empty-levels": [lost, altered],
  "will/topic-long": [lost, altered],
};

function property(name: string): Proof {
  return { fault: faults.losing(name), says: /the message came altered/ };
}

const lowered: Proof = { fault: faults.lowersWillQos, says: /QoS is 0, not/ };

const delivery: Proofs = {
  ...each("qos-", [lost, repeated]),
  ...each("qos-", [lost, repeated, lowered], ({ id }) => /qos-[12]-to-[12]/.test(id)),
  "will/qos-as-announced": [{ fault: faults.refusesQos2, says: /was refused with 0x9b/ }],
  "will/to-each-subscriber": [lost, repeated],
  "will/to-nobody-else": [{ fault: faults.changesWillTopic, says: unasked }],
  "will/to-wildcards": [lost],
  "will/to-one-who-is-away": [lost, forgotSession],
  "will/to-itself": [lost, forgotSession],
  "will/no-local": [lost, { fault: faults.ignoresNoLocal, says: unasked }],
  "will/shared": [{ fault: faults.losesWills, says: /came 0 times/ }, { fault: ignoresSharing, says: /came 3 times/ }],
  "will/subscription-identifier": [lost, {
    fault: faults.losing("subscriptionIdentifiers"),
    says: /its identifiers are \[\]/,
  }],
  "will/maximum-packet-size": [lost, { fault: faults.overrunsPacketSize, says: unasked }],
  "will/receive-maximum": [{ fault: overrunsReceiveMaximum, says: unasked }, {
    fault: faults.losesWills,
    says: /got no PUBLISH/,
  }],
  "will/receive-maximum-loses-nothing": [{ fault: dropsBeyondMaximum, says: /got no PUBLISH/ }, repeated],
  "will/expired-for-one-who-is-away": [{ fault: faults.forgetsExpiry, says: unasked }],
  "will/expiry-counts-down": [lost, {
    fault: faults.sendsFullExpiry,
    says: /is 60 s, expected 53 to 58 s, the rest of 60 s/,
  }],
};

/** Proofs of the cases about wills; `will_restart_test.ts` has those of the cases that restart the broker. */
export const willProofs: Proofs = {
  ...endings,
  ...disconnects,
  ...takeovers,
  ...keepAlives,
  ...delays,
  ...refusals,
  ...retained,
  ...fidelity,
  ...delivery,
  ...malformed,
};
