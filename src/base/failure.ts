/**
 * The three errors of mqtt-sim. A lost link is a value, never an error.
 *
 * - {@link UsageError}: the user requested something that is impossible; exit code 2.
 * - {@link ProtocolError}: a peer violated the MQTT standard; one connection ends with a reason code.
 * - {@link InvariantError}: mqtt-sim has a bug; exit code 70.
 */

/** The user requested something that is impossible. The message is one sentence: what, the value, what is allowed. */
export class UsageError extends Error {
  /** The name of the error class. */
  override readonly name = "UsageError";
}

/** A peer sent what the standard forbids. Ends only that peer's connection. */
export class ProtocolError extends Error {
  /** The name of the error class. */
  override readonly name = "ProtocolError";

  /**
   * @param reasonCode the MQTT 5.0 reason code (0x80 and above) that names the fault, as in `src/mqtt/reason.ts`
   * @param message the fault, without the peer's bytes
   */
  /**
   * Makes the error.
   *
   * @param reasonCode the reason code of MQTT 5.0 that describes the fault
   * @param message one sentence for people
   */
  constructor(readonly reasonCode: number, message: string) {
    super(message);
  }
}

/** An internal rule of mqtt-sim was violated: always a bug of mqtt-sim. */
export class InvariantError extends Error {
  /** The name of the error class. */
  override readonly name = "InvariantError";
}

/** Throws an {@link InvariantError} unless the condition is true. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
