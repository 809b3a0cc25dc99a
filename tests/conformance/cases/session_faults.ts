/** Brokers that get sessions wrong, and the cases that find them out. */
import { encode } from "../../../src/mqtt/codec.ts";
import type { Fault, Proofs } from "../proof.ts";

/** Begins every session anew. */
export const forgetsSessions: Fault = () => ({
  fromClient: (bytes, { connect }) =>
    bytes[0] === 0x10 && connect !== undefined
      ? encode({ ...connect, cleanStart: true }, connect.protocolVersion)
      : bytes,
});

/** Proofs of the cases about sessions. */
export const sessionProofs: Proofs = {
  "session/waiting-message": [{ fault: forgetsSessions, says: /back got no message/ }],
};
