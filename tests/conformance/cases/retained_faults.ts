/** Brokers that get retained messages wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Sends what it retained without the flag. */
export const hidesRetain: Fault = () => ({
  fromBroker: (packet) => packet.type === "publish" ? [{ ...packet, retain: false }] : [packet],
});

/** Retains nothing, and does not say so. */
export const retainsNothing: Fault = () => ({
  fromBroker: (packet) => packet.type === "publish" && packet.retain ? [] : [packet],
});

/** Proofs of the cases about retained messages. */
export const retainedProofs: Proofs = {
  "retained/late-subscriber": [
    { fault: hidesRetain, says: /retain is false, not true/ },
    { fault: retainsNothing, says: /got no message/ },
  ],
};
