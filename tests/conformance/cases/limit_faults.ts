/** Brokers that do not keep to limits, and the cases that find them out. */
import { encode } from "../../../src/mqtt/codec.ts";
import type { Fault, Proofs } from "../proof.ts";

/** Reads no Receive Maximum. */
export const overrunsReceiveMaximum: Fault = () => ({
  fromClient(bytes, { connect }) {
    if (bytes[0] !== 0x10 || connect?.properties === undefined) return bytes;
    const { receiveMaximum: _, ...properties } = connect.properties;
    return encode({ ...connect, properties }, 5);
  },
});

/** Proofs of the cases about limits. */
export const limitProofs: Proofs = {
  "limits/receive-maximum": [{ fault: overrunsReceiveMaximum, says: /5 messages came/ }],
};
