/** Endings that several profiles use. The fleet's kill modes are made from them. */

/** A restart of the broker is not a kill mode, but also ends lives. */
export const restart = "restart";

/** The connection ends, and neither side has sent an MQTT packet for it. */
export const cut = ["reset", "close", "half-packet"] as const;

/** Only the keep alive timeout detects the end. */
export const silent = ["freeze", "half-packet", "slow-loris", "stall", "vanish"] as const;

/** Every ending that makes a will due. */
export const anyEnding = [
  "reset",
  "close",
  "freeze",
  "half-packet",
  "garbage",
  "second-connect",
  "takeover",
  "disconnect-with-will",
  "disconnect-error",
  "slow-loris",
  "stall",
  "vanish",
  "kicked",
] as const;
