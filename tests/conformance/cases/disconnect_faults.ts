/** Brokers that get the end of a connection wrong, and the cases that find them out. */
import type { Proofs } from "../proof.ts";
import { closesNothing } from "./connect_faults.ts";

/** Proofs of the cases about DISCONNECT. */
export const disconnectProofs: Proofs = {
  "disconnect/reserved-bits": [{ fault: closesNothing, says: /was not closed within/ }],
};
