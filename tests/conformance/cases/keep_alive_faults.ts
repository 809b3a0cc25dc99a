/** Brokers that get keep alive wrong, and the cases that find them out. */
import type { Fault, Proofs } from "../proof.ts";
import { hears } from "../spoil.ts";
import { answersNoPing, closesNothing } from "./connect_faults.ts";

/** Watches over no keep alive. */
const neverCloses: Fault = () => hears("connect", (packet) => ({ ...packet, keepAliveS: 0 }))();

/** Counts too long, or too short. */
const doubles: Fault = () => hears("connect", (packet) => ({ ...packet, keepAliveS: packet.keepAliveS * 10 }))();
const halves: Fault = () =>
  hears("connect", (packet) => ({ ...packet, keepAliveS: Math.floor(packet.keepAliveS / 2) }))();
const hurries: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] === 0x10) link.after(900, () => link.closeClient());
    return bytes;
  },
});

/** Takes what it sends itself for a sign of life: a PINGREQ reaches the core for each message. */
const hearsItself: Fault = () => ({
  fromBroker(packet, link) {
    if (packet.type === "publish") link.toBroker(Uint8Array.of(0xc0, 0));
    return packet.type === "pingresp" ? [] : [packet];
  },
});
/** Sets a keep alive where the client wants none. */
const setsItsOwn: Fault = () => hears("connect", (packet) => ({ ...packet, keepAliveS: 1 }))();
/** Counts from CONNECT on, whatever comes. */
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
    { fault: doubles, says: /was open .* after it was due to close/ },
    { fault: hurries, says: /within its keep alive of/ },
    { fault: closesNothing, says: /was open .* after it was due to close/ },
  ],
  "keep-alive/last-packet": [
    { fault: countsFromConnect, says: /within its keep alive of/ },
    { fault: halves, says: /within its keep alive of/ },
    { fault: neverCloses, says: /was open .* after it was due to close/ },
  ],
  "keep-alive/only-receives": [{ fault: hearsItself, says: /was open .* after it was due to close/ }],
  "keep-alive/pings": [{ fault: countsFromConnect, says: /ended|closed/ }],
  "keep-alive/off": [{ fault: setsItsOwn, says: /ended|closed/ }],
};
