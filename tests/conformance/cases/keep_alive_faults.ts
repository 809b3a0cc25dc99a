/** Faults of brokers with keep alive, and the cases that detect them. */
import type { Fault, Proofs } from "../proof.ts";
import { changesReceived } from "../packet_changes.ts";
import { answersNoPing, closesNothing } from "./connect_faults.ts";

/** Enforces no keep alive. */
const neverCloses: Fault = () => changesReceived("connect", (packet) => ({ ...packet, keepAliveS: 0 }))();

/** Measures a keep alive that is too long or too short. */
const lengthensKeepAlive: Fault = () =>
  changesReceived("connect", (packet) => ({ ...packet, keepAliveS: packet.keepAliveS * 10 }))();
const halvesKeepAlive: Fault = () =>
  changesReceived("connect", (packet) => ({ ...packet, keepAliveS: Math.floor(packet.keepAliveS / 2) }))();
const closesWithinKeepAlive: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] === 0x10) link.after(900, () => link.closeClient());
    return bytes;
  },
});

/** Resets keep alive for each message that it sends: the core receives a PINGREQ for each. */
const countsSentMessagesAsActivity: Fault = () => ({
  fromBroker(packet, link) {
    if (packet.type === "publish") link.toBroker(Uint8Array.of(0xc0, 0));
    return packet.type === "pingresp" ? [] : [packet];
  },
});
/** Sets a server keep alive for clients that requested none. */
const setsOwnKeepAlive: Fault = () => changesReceived("connect", (packet) => ({ ...packet, keepAliveS: 1 }))();
/** Measures from CONNECT, and no packet resets the time. */
const countsFromConnect: Fault = () => ({
  fromClient(bytes, link) {
    const seconds = link.connect?.keepAliveS ?? 0;
    if (bytes[0] === 0x10) link.after(1_500 * seconds, () => link.closeClient());
    return bytes;
  },
});

/** Proofs of the cases about keep alive. */
export const keepAliveProofs: Proofs = {
  "keep-alive/ping": [{ fault: answersNoPing, says: /got no PINGRESP within/ }],
  "keep-alive/silent": [
    { fault: neverCloses, says: /was open .* after it was due to close/ },
    { fault: lengthensKeepAlive, says: /was open .* after it was due to close/ },
    { fault: closesWithinKeepAlive, says: /within its keep alive of/ },
    { fault: closesNothing, says: /was open .* after it was due to close/ },
  ],
  "keep-alive/last-packet": [
    { fault: countsFromConnect, says: /within its keep alive of/ },
    { fault: halvesKeepAlive, says: /within its keep alive of/ },
    { fault: neverCloses, says: /was open .* after it was due to close/ },
  ],
  "keep-alive/only-receives": [{ fault: countsSentMessagesAsActivity, says: /was open .* after it was due to close/ }],
  "keep-alive/pings": [{ fault: countsFromConnect, says: /ended|closed/ }],
  "keep-alive/off": [{ fault: setsOwnKeepAlive, says: /ended|closed/ }],
};
