/**
 * What a store is, as the broker sees it: it is told of changes as they happen, makes all of them last at one `commit`,
 * and hands back at the next start what it held. `turn.ts` decides when to commit and what waits for it.
 */
import type { ConnectWill, QoS } from "../../mqtt/packet.ts";
import type { Identity } from "../access/identity.ts";
import type { Ending } from "../ending.ts";
import type { Publication } from "../routing/publication.ts";
import type { Delivery } from "../session/outbox.ts";
import type { Changes } from "./changes.ts";
import type { SessionRecord } from "./session_record.ts";

/** Where sessions, messages and wills are kept. */
export type StoreOption = "memory" | SqliteOption;

/** A store in a file. */
export interface SqliteOption {
  /** A file, made when there is none; its directory must be there. `-wal` and `-journal` files stand beside it. */
  readonly path: string;
  /**
   * What an acknowledgement outlives. `power`, the default: also a power failure, for the file is synced before each
   * one. `process`: a kill of the process, not of the machine; a power failure may take the last seconds, never the
   * file.
   */
  readonly outlives?: "power" | "process";
  /** The file's size at most, in pages of 4,096 bytes; without it the disk's. Beyond it nothing is taken. */
  readonly pagesLimit?: number;
}

/** The store could not keep what it was told. Nothing of it was kept, and all of it is tried again. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  /** @param full the store, or its disk, has no room; else it is broken */
  constructor(message: string, readonly full: boolean) {
    super(message);
  }
}

/** A subscription as it was granted. */
export interface StoredSubscription {
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

/** A will that is held; instants in the broker's own milliseconds. */
export interface StoredWill {
  readonly will: ConnectWill;
  /** Whose rights it is published with; undefined where the broker decides on no logins. */
  readonly owner: Identity | undefined;
  /** Absent while the connection lives, or lived when the broker ended. */
  readonly delayed?: { readonly dueMs: number; readonly ending: Ending };
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
