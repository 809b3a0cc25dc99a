/** The place of a message or a delivery in the store: plain data that the message carries. */

/** A message's place in the store: one for any number of receivers. */
export interface MessagePlace {
  readonly id: number;
  /** Deliveries and retained topics that refer to it. */
  references: number;
  /** Whether it is in the store. */
  written: boolean;
}

/**
 * `published`: waits for PUBACK or PUBREC; `released`: PUBREL was sent, waits for PUBCOMP; `done`: no longer in the
 * session.
 */
export type DeliveryState = "waiting" | "published" | "released" | "done";

/** A delivery's place in the store. */
export interface DeliveryPlace {
  /** Position among the messages of its session. */
  readonly order: number;
  /** Whether it is in the store. */
  written: boolean;
  state: DeliveryState;
  /** 0 while it waits. */
  packetId: number;
}
