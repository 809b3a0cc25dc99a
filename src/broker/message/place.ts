/**
 * Where a store keeps a message or a delivery: plain data, which the message carries with it.
 */

/** A message's place in the store: one, however many are to get it. */
export interface MessagePlace {
  readonly id: number;
  /** Deliveries and retained topics that hold it. */
  references: number;
  /** Whether it is in the store. */
  written: boolean;
}

/** A delivery's place in the store. */
export interface DeliveryPlace {
  /** Among the messages of its session. */
  readonly order: number;
  /** Whether it is in the store. */
  written: boolean;
}
