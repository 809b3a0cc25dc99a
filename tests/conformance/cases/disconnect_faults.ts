/** Faults of brokers at the end of a connection, and the cases that detect them. */
import type { Fault, Proof, Proofs } from "../proof.ts";
import { changesReceived } from "../packet_changes.ts";
import { closesNothing } from "./connect_faults.ts";

const open: Proof = { fault: closesNothing, says: /was not closed within/ };

/** Gives each session an expiry of 60 s, whatever its client requested. */
const prolongsSessions: Fault = () =>
  changesReceived(
    "connect",
    (packet) => ({ ...packet, properties: { ...packet.properties, sessionExpiryIntervalS: 60 } }),
  )();

/** Ignores the properties of DISCONNECT. */
const ignoresExpiryOfDisconnect: Fault = () => changesReceived("disconnect", ({ type }) => ({ type }))();

/** Answers DISCONNECT with DISCONNECT. */
const answersDisconnect: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] === 0xe0) link.toClient({ type: "disconnect" });
    return bytes;
  },
});

/** Sends a DISCONNECT before each close, as a 5.0 server does. */
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
  "disconnect/closes": [open, { fault: answersDisconnect, says: /answered DISCONNECT|malformed/, only: "5.0" }],
  "disconnect/session-expiry-from-0": [{ fault: prolongsSessions, says: /the session was prolonged/ }],
  "disconnect/session-expiry-to-0": [{ fault: ignoresExpiryOfDisconnect, says: /the session was kept/ }],
  "disconnect/reserved-bits": [open],
  "disconnect/reason-unknown": [open],
  "disconnect/pingreq-reserved-bits": [open],
};
