/**
 * The three errors of mqtt-sim. A lost link is a value, never one of these.
 *
 * - {@link UsageError}: the person asked for what cannot be done; exit code 2.
 * - {@link ProtocolError}: a peer broke the MQTT standard; one connection ends with a reason code.
 * - {@link InvariantError}: mqtt-sim itself is wrong; exit code 70.
 */

/** The person asked for something that cannot be done. The message is one sentence: what, the value, what is allowed. */
export class UsageError extends Error {
  /** The name of the error class. */
  override readonly name = "UsageError";
}

/** A peer sent what the standard forbids. Ends that peer's connection and no other. */
export class ProtocolError extends Error {
  /** The name of the error class. */
  override readonly name = "ProtocolError";

  /**
   * @param reasonCode the MQTT 5.0 reason code (0x80 and above) that names the fault, as in `src/mqtt/reason.ts`
   * @param message what was wrong, without the peer's bytes
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

/** A rule that mqtt-sim sets itself was broken. Always our own fault. */
export class InvariantError extends Error {
  /** The name of the error class. */
  override readonly name = "InvariantError";
}

/** Throws an {@link InvariantError} unless the condition holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
