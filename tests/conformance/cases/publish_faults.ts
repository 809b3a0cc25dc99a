/** Brokers that get publishing wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Sends every message twice. */
export const repeatsMessages: Fault = () => ({
  fromBroker: (packet) => packet.type === "publish" ? [packet, packet] : [packet],
});

/** Answers no PUBREL. */
export const completesNothing: Fault = () => ({
  fromBroker: (packet) => packet.type === "pubcomp" ? [] : [packet],
});

/** Proofs of the cases about publishing. */
export const publishProofs: Proofs = {
  "publish/qos-2": [
    { fault: repeatsMessages, says: /where nothing was due/ },
    { fault: completesNothing, says: /got no PUBCOMP/ },
  ],
};
