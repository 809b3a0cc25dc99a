/**
 * The unwritten changes of one session in the store. A session that ends with its connection has no record, because it
 * ends with the broker too.
 */
import type { Identity } from "../access/identity.ts";
import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import type { DeliveryState } from "../message/place.ts";
import type { StoredSubscription } from "./stored.ts";

/** The changes to which a session adds its own. */
interface SessionChanges {
  readonly sessions: Set<SessionRecord>;
  readonly deliveries: Map<Delivery, SessionRecord>;
  /** Records that something has changed; returns false while the broker only restores the store's content. */
  mark(): boolean;
  nextOrder(): number;
  /** Adds a delivery that refers to the message. */
  refer(publication: Publication): void;
  /** Removes a delivery that refers to the message. */
  release(publication: Publication): void;
}

export class SessionRecord {
  /** Seconds from the end of the connection to the end of the session. */
  expiryIntervalS = 0;
  /** Time when the connection ended; undefined while the client is online. */
  offlineSinceMs: number | undefined;
  /** The session has ended. */
  ended = false;
  /** By topic filter; undefined: unsubscribed. */
  readonly subscriptions = new Map<string, StoredSubscription | undefined>();
  /** By packet identifier: received, or released. */
  readonly taken = new Map<number, boolean>();
  readonly #changes: SessionChanges;

  /** @param owner the user that owns the session; undefined if the broker has no login checks */
  constructor(
    changes: SessionChanges,
    readonly id: number,
    readonly clientId: string,
    readonly owner: Identity | undefined,
  ) {
    this.#changes = changes;
  }

  /** Records that the client is online, or offline since a time. */
  save(expiryIntervalS: number, offlineSinceMs: number | undefined): void {
    if (!this.#mark()) return;
    this.expiryIntervalS = expiryIntervalS;
    this.offlineSinceMs = offlineSinceMs;
  }

  /** Records the end of the session and of everything in it. */
  end(): void {
    if (this.#mark()) this.ended = true;
  }

  subscribe(subscription: StoredSubscription): void {
    if (this.#mark()) this.subscriptions.set(subscription.topicFilter, subscription);
  }

  unsubscribe(topicFilter: string): void {
    if (this.#mark()) this.subscriptions.set(topicFilter, undefined);
  }

  /** Records a QoS 2 message from the client. */
  take(packetId: number): void {
    if (this.#mark()) this.taken.set(packetId, true);
  }

  /** Records the release of a QoS 2 message by the client. */
  release(packetId: number): void {
    if (this.#mark()) this.taken.set(packetId, false);
  }

  /** Records a new delivery of this session's own, or the new state of one. */
  changed(delivery: Delivery, state: DeliveryState, packetId: number): void {
    const { place, publication } = delivery;
    if (place === undefined) {
      if (state === "done") return; // it was created and removed without having been stored
      delivery.place = { order: this.#changes.nextOrder(), written: false, state, packetId };
      this.#changes.refer(publication);
    } else {
      if (state === "done") this.#changes.release(publication);
      place.state = state;
      place.packetId = packetId;
    }
    this.#changes.mark();
    this.#changes.deliveries.set(delivery, this);
  }

  /** All of this is in the store. */
  written(): void {
    this.subscriptions.clear();
    this.taken.clear();
  }

  #mark(): boolean {
    if (!this.#changes.mark()) return false;
    this.#changes.sessions.add(this);
    return true;
  }
}
