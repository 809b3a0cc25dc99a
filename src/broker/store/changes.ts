/**
 * Changes since the last commit, by entity: repeated changes coalesce, create and delete cancel out, and failed writes
 * stay for the next commit.
 */
import type { Identity } from "../access/identity.ts";
import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import { SessionRecord } from "./session_record.ts";
import type { StoredWill } from "./stored.ts";

export class Changes {
  readonly sessions = new Set<SessionRecord>();
  readonly deliveries = new Map<Delivery, SessionRecord>();
  /** Messages to write, if anything refers to them, or to remove. */
  readonly messages = new Set<Publication>();
  /** By topic; undefined: removed. */
  readonly retained = new Map<string, Publication | undefined>();
  /** By client identifier; undefined: removed. */
  readonly wills = new Map<string, StoredWill | undefined>();
  /** True from the first change after {@link attempted}: output from now on may depend on it. */
  fresh = false;
  /** Called when {@link fresh} becomes true. */
  onFresh: () => void = () => {};
  #lastSessionId = 0;
  #lastMessageId = 0;
  #lastOrder = 0;
  #silent = false;

  /** Whether there is anything to write. */
  get any(): boolean {
    return this.sessions.size + this.deliveries.size + this.messages.size + this.retained.size + this.wills.size > 0;
  }

  /** Continues after the identifiers that are in use. */
  continueFrom(last: { readonly sessionId: number; readonly messageId: number; readonly order: number }): void {
    this.#lastSessionId = last.sessionId;
    this.#lastMessageId = last.messageId;
    this.#lastOrder = last.order;
  }

  /** Runs an action that only restores the store's content to the broker's parts, without recording changes. */
  silently(action: () => void): void {
    this.#silent = true;
    action();
    this.#silent = false;
  }

  /** Records the begin of a session that outlives its connection. */
  newSession(clientId: string, owner: Identity | undefined): SessionRecord {
    return new SessionRecord(this, ++this.#lastSessionId, clientId, owner);
  }

  nextOrder(): number {
    return ++this.#lastOrder;
  }

  /** Records the will of a client, or its removal. */
  will(clientId: string, held: StoredWill | undefined): void {
    if (!this.mark()) return;
    this.wills.set(clientId, held);
  }

  /** Records that a topic has another retained message, or none. */
  retain(topic: string, before: Publication | undefined, after: Publication | undefined): void {
    if (!this.mark()) return;
    if (after !== undefined) this.refer(after);
    if (before !== undefined) this.release(before);
    this.retained.set(topic, after);
  }

  /** Adds a reference to the message. */
  refer(publication: Publication): void {
    const stored = publication.stored ??= { id: ++this.#lastMessageId, references: 0, written: false };
    if (++stored.references === 1) this.messages.add(publication);
  }

  /** Removes a reference to the message. */
  release(publication: Publication): void {
    const { stored } = publication;
    if (stored !== undefined && --stored.references === 0) this.messages.add(publication);
  }

  /** Returns whether a change must be recorded, and if so sets {@link fresh}. */
  mark(): boolean {
    if (this.#silent) return false;
    if (!this.fresh) {
      this.fresh = true;
      this.onFresh();
    }
    return true;
  }

  /** Marks all changes up to here as being committed. */
  attempted(): void {
    this.fresh = false;
  }

  /** Marks all changes as written. */
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
