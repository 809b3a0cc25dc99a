/** Brokers that get wills wrong, and the cases that find them out. */
import { isOfCase, type Tamper } from "../../support/tampered_broker.ts";
import type { WillCopy, WillInQuestion } from "../../../src/broker/will_fault.ts";
import type { Fault, Proofs } from "../proof.ts";
import { closesNothing } from "./connect_faults.ts";

/** What goes out in place of the case's wills. */
function instead(copies: (question: WillInQuestion) => readonly WillCopy[]): Tamper {
  return {
    core: { willFault: { atPublication: (question) => isOfCase(question) ? copies(question) : undefined } },
  };
}

/** What goes out at once although it is discarded, or delayed. */
function atOnce(decision: "discard" | "delay"): Tamper {
  return { core: { willFault: { atRelease: (question, asked) => isOfCase(question) && asked === decision } } };
}

export const losesWills: Fault = () => instead(() => []);
export const repeatsWills: Fault = () => instead(({ will }) => [{ will, delayMs: 0 }, { will, delayMs: 100 }]);
export const delaysWills: Fault = () => instead(({ will }) => [{ will, delayMs: 10_000 }]);
export const inventsWills: Fault = () => atOnce("discard");
export const hurriesWills: Fault = () => atOnce("delay");

/** Forgets that the session was resumed: the will comes all the same. */
export const forgetsResumption: Fault = () => ({
  fromClient(bytes, link) {
    const will = link.connect?.will;
    if (bytes[0] === 0x10 && will?.delayIntervalS !== undefined) link.after(2_000, () => link.publish(will));
    return bytes;
  },
});

const lost = { fault: losesWills, says: /got no message/ };
const late = { fault: delaysWills, says: /got no message/ };
const repeated = { fault: repeatsWills, says: /where nothing was due/ };
const open = { fault: closesNothing, says: /was not closed within/ };

/** Proofs of the cases about wills. */
export const willProofs: Proofs = {
  "will/reset": [lost, late, repeated],
  "will/close": [lost, repeated],
  "will/leave": [{ fault: inventsWills, says: /where nothing was due/ }],
  "will/freeze": [lost, open],
  "will/second-connect": [lost, open],
  "will/delay": [lost, late, repeated, { fault: hurriesWills, says: /was due after 2,000 ms/ }],
  "will/delay-resumed": [{ fault: forgetsResumption, says: /where nothing was due/ }],
  "will/flags-qos-1-alone": [open],
  "will/flags-qos-2-alone": [open],
  "will/flags-retain-alone": [open],
  "will/flags-qos-3": [open],
};
