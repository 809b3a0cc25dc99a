/**
 * One session in the store: what of it has changed, until it is written. Sessions that end with their connection have
 * none, for they end with the broker too.
 */
import type { Identity } from "../access/identity.ts";
import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import type { StoredSubscription } from "./stored.ts";

/** Where a session notes its changes. */
export interface SessionChanges {
  readonly sessions: Set<SessionRecord>;
  readonly deliveries: Map<Delivery, SessionRecord>;
  /** Notes that something has changed; false while the broker only restores what the store holds. */
  mark(): boolean;
  nextOrder(): number;
  /** One more delivery refers to the message. */
  refer(publication: Publication): void;
  /** One delivery less refers to the message. */
  release(publication: Publication): void;
}

export class SessionRecord {
  /** Seconds from the end of the connection to the end of the session. */
  expiryIntervalS = 0;
  /** When the connection ended; undefined while the client is online. */
  offlineSinceMs: number | undefined;
  /** The session has ended. */
  ended = false;
  /** By topic filter; undefined: unsubscribed. */
  readonly subscriptions = new Map<string, StoredSubscription | undefined>();
  /** By packet identifier: taken, or released. */
  readonly taken = new Map<number, boolean>();
  readonly #changes: SessionChanges;

  /** @param owner the user that the session belongs to; undefined where the broker decides on no logins */
  constructor(
    changes: SessionChanges,
    readonly id: number,
    readonly clientId: string,
    readonly owner: Identity | undefined,
  ) {
    this.#changes = changes;
  }

  /** The client is online, or has been offline since an instant. */
  save(expiryIntervalS: number, offlineSinceMs: number | undefined): void {
    if (!this.#mark()) return;
    this.expiryIntervalS = expiryIntervalS;
    this.offlineSinceMs = offlineSinceMs;
  }

  /** The session is over, with all that is in it. */
  end(): void {
    if (this.#mark()) this.ended = true;
  }

  subscribe(subscription: StoredSubscription): void {
    if (this.#mark()) this.subscriptions.set(subscription.topicFilter, subscription);
  }

  unsubscribe(topicFilter: string): void {
    if (this.#mark()) this.subscriptions.set(topicFilter, undefined);
  }

  /** A QoS 2 message was taken from the client. */
  take(packetId: number): void {
    if (this.#mark()) this.taken.set(packetId, true);
  }

  /** The client released it. */
  release(packetId: number): void {
    if (this.#mark()) this.taken.set(packetId, false);
  }

  /** A message to the client is held, or has another state. */
  changed(delivery: Delivery): void {
    const { place, publication } = delivery;
    if (delivery.state === "done") {
      if (place === undefined) return; // it came and went without having been held
      this.#changes.release(publication);
    } else if (place === undefined) {
      delivery.place = { order: this.#changes.nextOrder(), written: false };
      this.#changes.refer(publication);
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
