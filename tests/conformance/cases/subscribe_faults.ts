/** Brokers that get subscriptions wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Answers SUBSCRIBE with an identifier of its own. */
export const numbersAnew: Fault = () => ({
  fromBroker: (packet) => packet.type === "suback" ? [{ ...packet, packetId: 1 }] : [packet],
});

/** Proofs of the cases about subscriptions. */
export const subscribeProofs: Proofs = {
  "subscribe/suback-id": [{ fault: numbersAnew, says: /packet identifier 1, not 47802/ }],
};
