import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import type { Changes } from "./changes.ts";
import type { SessionRecord } from "./session_record.ts";
import type { StoredSubscription, StoredWill } from "./stored.ts";

/** The store could not keep what it was told. Nothing of it was kept, and all of it is tried again. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  /** @param full the store, or its disk, has no room; else it is broken */
  constructor(message: string, readonly full: boolean) {
    super(message);
  }
}

/** A session with all that is in it. */
export interface StoredSession {
  readonly record: SessionRecord;
  readonly subscriptions: readonly StoredSubscription[];
  /** In the order in which they were taken for the client. */
  readonly deliveries: readonly Delivery[];
  /** Packet identifiers of QoS 2 messages from the client that are not released. */
  readonly taken: readonly number[];
}

/** All that a store held at the start; instants in the broker's own milliseconds, those before it may be negative. */
export interface Stored {
  /**
   * The instant at which connections that were open ended: of the last clean stop, or the latest at which the broker
   * can have died. What counts from the end of a connection is so never early.
   */
  readonly endedMs: number;
  readonly sessions: readonly StoredSession[];
  readonly retained: readonly Publication[];
  readonly wills: ReadonlyMap<string, StoredWill>;
}

/** A running broker leaves a sign of life in its store at least so often, unless it is held up. Milliseconds. */
export const signOfLifeIntervalMs = 1_000;

export interface Store {
  /** For people: a path, or `memory`. */
  readonly place: string;
  /** Told of what changes; undefined where nothing lasts, so that nobody spends time on telling. */
  readonly changes: Changes | undefined;
  /** What was held at the start; handed out once. */
  load(nowMs: number): Stored | undefined;
  /** Makes all changes last, and leaves a sign of life. @throws StoreError when they cannot be kept; they stay to be tried again */
  commit(nowMs: number): void;
  /**
   * Closes the store, with the instant of a clean stop; without it as if the process had been killed. What was not
   * committed is lost.
   */
  close(stoppedMs?: number): void;
}
