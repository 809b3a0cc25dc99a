/** Brokers that get keep alive wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Answers no PINGREQ. */
export const answersNoPing: Fault = () => ({
  fromBroker: (packet) => packet.type === "pingresp" ? [] : [packet],
});

/** Proofs of the cases about keep alive. */
export const keepAliveProofs: Proofs = {
  "keep-alive/ping": [{ fault: answersNoPing, says: /got no PINGRESP within/ }],
};
