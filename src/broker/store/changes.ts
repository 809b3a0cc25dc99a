/**
 * What has changed since the last commit, thing by thing: a thing that changes twice is written once, one that comes
 * and goes in between is not written at all, and what could not be written is simply still here the next time.
 */
import type { Identity } from "../access/identity.ts";
import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import { SessionRecord } from "./session_record.ts";
import type { StoredWill } from "./stored.ts";

export class Changes {
  readonly sessions = new Set<SessionRecord>();
  readonly deliveries = new Map<Delivery, SessionRecord>();
  /** Messages to be written, if anything refers to them, or to be removed. */
  readonly messages = new Set<Publication>();
  /** By topic; undefined: none any more. */
  readonly retained = new Map<string, Publication | undefined>();
  /** By client identifier; undefined: none any more. */
  readonly wills = new Map<string, StoredWill | undefined>();
  /** True from the first change after {@link attempted}: what is said from here on may depend on it. */
  fresh = false;
  /** Called when {@link fresh} becomes true. */
  onFresh: () => void = () => {};
  #lastSessionId = 0;
  #lastMessageId = 0;
  #lastOrder = 0;
  #silent = false;

  /** Whether there is anything to be written. */
  get any(): boolean {
    return this.sessions.size + this.deliveries.size + this.messages.size + this.retained.size + this.wills.size > 0;
  }

  /** Identifiers go on from those that are in use. */
  continueFrom(last: { readonly sessionId: number; readonly messageId: number; readonly order: number }): void {
    this.#lastSessionId = last.sessionId;
    this.#lastMessageId = last.messageId;
    this.#lastOrder = last.order;
  }

  /** Runs what only repeats to the broker's parts what the store said, and is no change. */
  silently(action: () => void): void {
    this.#silent = true;
    action();
    this.#silent = false;
  }

  /** A session that outlives its connection has begun. */
  newSession(clientId: string, owner: Identity | undefined): SessionRecord {
    return new SessionRecord(this, ++this.#lastSessionId, clientId, owner);
  }

  nextOrder(): number {
    return ++this.#lastOrder;
  }

  /** The will of a client: held as said, or held no longer. */
  will(clientId: string, held: StoredWill | undefined): void {
    if (!this.mark()) return;
    this.wills.set(clientId, held);
  }

  /** A topic has another retained message, or none. */
  retain(topic: string, before: Publication | undefined, after: Publication | undefined): void {
    if (!this.mark()) return;
    if (after !== undefined) this.refer(after);
    if (before !== undefined) this.release(before);
    this.retained.set(topic, after);
  }

  /** One more holds the message. */
  refer(publication: Publication): void {
    const stored = publication.stored ??= { id: ++this.#lastMessageId, references: 0, written: false };
    if (++stored.references === 1) this.messages.add(publication);
  }

  /** One less holds the message. */
  release(publication: Publication): void {
    const { stored } = publication;
    if (stored !== undefined && --stored.references === 0) this.messages.add(publication);
  }

  /** Answers whether a change is one to be written, and says that there is one. */
  mark(): boolean {
    if (this.#silent) return false;
    if (!this.fresh) {
      this.fresh = true;
      this.onFresh();
    }
    return true;
  }

  /** All changes up to here are being committed. */
  attempted(): void {
    this.fresh = false;
  }

  /** All changes are written. */
  clear(): void {
    for (const record of this.sessions) record.written();
    for (const { place } of this.deliveries.keys()) if (place !== undefined) place.written = true;
    for (const { stored } of this.messages) if (stored !== undefined) stored.written = stored.references > 0;
    this.sessions.clear();
    this.deliveries.clear();
    this.messages.clear();
    this.retained.clear();
    this.wills.clear();
  }
}
