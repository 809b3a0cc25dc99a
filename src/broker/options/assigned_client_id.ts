/**
 * The client identifier that the broker assigns to a client without one.
 */
import { freshBytes } from "../../base/random.ts";

const digitCount = 19;
/** 32 characters, so that each byte selects one and all are equally likely: 19 of them are 95 bits. */
const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

/** A client identifier that no client can predict, of at most 23 letters and digits. // [MQTT5 3.1.3-5] */
export function assignedClientId(): string {
  return `auto${Array.from(freshBytes(digitCount), (byte) => alphabet[byte % alphabet.length]).join("")}`;
}
