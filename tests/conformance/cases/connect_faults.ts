/** Brokers that get connections wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Never closes a connection, whatever the client does. */
export const closesNothing: Fault = () => ({ hidesClose: () => true });

/** Proofs of the cases about CONNECT. */
export const connectProofs: Proofs = {
  "connect/first-packet": [{ fault: closesNothing, says: /was not closed within/ }],
};
