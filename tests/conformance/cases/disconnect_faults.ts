/** Brokers that get the end of a connection wrong, and the cases that find them out. */
import type { Fault, Proof, Proofs } from "../proof.ts";
import { hears } from "../spoil.ts";
import { closesNothing } from "./connect_faults.ts";

const open: Proof = { fault: closesNothing, says: /was not closed within/ };

/** Gives every session a minute, whatever its client wants. */
const prolongs: Fault = () =>
  hears("connect", (packet) => ({ ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: 60 } }))();

/** Hears no properties of DISCONNECT. */
const hearsNoExpiry: Fault = () => hears("disconnect", ({ type }) => ({ type }))();

/** Sends DISCONNECT to clients that disconnect. */
const answers: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] === 0xe0) link.toClient({ type: "disconnect" });
    return bytes;
  },
});

/** Sends a DISCONNECT before it closes, as a server of 5.0 does. */
export const saysDisconnect = (bytes: readonly number[]): Fault => () => {
  const left = new Set<unknown>();
  return {
    fromClient(sent, link) {
      if (sent[0] === 0xe0) left.add(link);
      return sent;
    },
    hidesClose(link) {
      if (!left.has(link)) link.toClient(Uint8Array.from(bytes));
      return false;
    },
  };
};
/** Proofs of the cases about DISCONNECT. */
export const disconnectProofs: Proofs = {
  "disconnect/closes": [open, { fault: answers, says: /answered DISCONNECT|malformed/, only: "5.0" }],
  "disconnect/session-expiry-from-0": [{ fault: prolongs, says: /the session was prolonged/ }],
  "disconnect/session-expiry-to-0": [{ fault: hearsNoExpiry, says: /the session was kept/ }],
  "disconnect/reserved-bits": [open],
  "disconnect/reason-unknown": [open],
  "disconnect/pingreq-reserved-bits": [open],
};
