/** Brokers that get shared subscriptions wrong, and the cases that find them out. */
import { decode, encode } from "../../../src/mqtt/codec.ts";
import type { Fault, Proofs } from "../proof.ts";

/** Takes a shared subscription for a plain one. */
export const sharesWithAll: Fault = () => ({
  fromClient(bytes) {
    if (bytes[0] !== 0x82) return bytes;
    const packet = decode(bytes, 5);
    if (packet.type !== "subscribe") return bytes;
    const subscriptions = packet.subscriptions.map((each) => ({
      ...each,
      topicFilter: each.topicFilter.replace(/^\$share\/[^/]+\//, ""),
    }));
    return encode({ ...packet, subscriptions }, 5);
  },
});

/** Proofs of the cases about shared subscriptions. */
export const sharedProofs: Proofs = {
  "shared/one-of-two": [{ fault: sharesWithAll, says: /came 2 times, not once/ }],
};
