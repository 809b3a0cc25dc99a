import type { Publication } from "../message/publication.ts";
import type { StoredDelivery } from "../message/delivery.ts";
import type { Changes } from "./changes.ts";
import type { SessionRecord } from "./session_record.ts";
import type { StoredSubscription, StoredWill } from "./stored.ts";

/** The store failed to write changes. It wrote none of them, and they are retried. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  /** @param full the store, or its disk, is full; otherwise it is broken */
  constructor(message: string, readonly full: boolean) {
    super(message);
  }
}

/** A session with its content. */
export interface StoredSession {
  readonly record: SessionRecord;
  readonly subscriptions: readonly StoredSubscription[];
  /** In the order in which the broker accepted them. */
  readonly deliveries: readonly StoredDelivery[];
  /** Packet identifiers of unreleased QoS 2 messages from the client. */
  readonly taken: readonly number[];
}

/** The content of a store at the start; times in the broker's own milliseconds, earlier ones may be negative. */
export interface Stored {
  /**
   * The time at which open connections ended: that of the last clean stop, or the latest time at which the broker can
   * have crashed. So a due time that counts from the end of a connection is never early.
   */
  readonly endedMs: number;
  readonly sessions: readonly StoredSession[];
  readonly retained: readonly Publication[];
  readonly wills: ReadonlyMap<string, StoredWill>;
}

/**
 * Maximum interval between heartbeats of a running broker in its store, in milliseconds, unless the process is stalled.
 */
export const signOfLifeIntervalMs = 1_000;

export interface Store {
  /** For users: a path, or `memory`. */
  readonly place: string;
  /** Records changes; undefined for a store without persistence, so that nothing is recorded. */
  readonly changes: Changes | undefined;
  /** The content at the start; returned once. */
  load(nowMs: number): Stored | undefined;
  /** Writes all changes, and a heartbeat. @throws StoreError if that fails; the changes stay for the next attempt */
  commit(nowMs: number): void;
  /**
   * Closes the store, with the time of a clean stop; without it as if the process had been killed. Uncommitted changes
   * are lost.
   */
  close(stoppedMs?: number): void;
}
