/**
 * Endings that several profiles speak of, by the fleet's names; a test holds them against the fleet's list.
 */

/** A restart of the broker is not a kill mode, but also ends lives. */
export const restart = "restart";

/** The connection ends, and neither side said a word of MQTT. */
export const cut = ["reset", "close", "half-packet"] as const;

/** Only keep alive can tell. */
export const silent = ["freeze", "half-packet"] as const;

/** Whatever makes a will due. */
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
] as const;
