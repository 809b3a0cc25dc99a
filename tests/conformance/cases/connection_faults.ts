/** Brokers that get connections wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";

/** Never closes a connection, whatever the client does. */
export const closesNothing: Fault = () => ({ hidesClose: () => true });

/** Proofs of the cases about connections. */
export const connectionProofs: Proofs = {};
