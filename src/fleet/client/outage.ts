/** What a client remembers while the broker is being restarted. */

/** A client in a restart of the broker. */
export interface Outage {
  /** From the broker's return to the next CONNECT, for who went down with it. */
  readonly backAfterMs: number | "never";
  /** It went down with it. */
  ended: boolean;
  /** It was to come back, or to try again, while there was no broker. */
  overdue: boolean;
}
