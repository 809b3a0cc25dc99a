/**
 * The retained messages for the filters of one SUBSCRIBE, in slices: a walk through all of them must not keep the broker
 * from its other clients. A feed waits while its client does not read.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../message/publication.ts";

/** Levels that are visited in one slice; a level costs about a microsecond. */
const sliceVisits = 2_000;
/** From one slice to the next, in milliseconds. */
const pauseMs = 1;
/** From one look at a client that does not read to the next, in milliseconds. */
const waitMs = 100;

/** What a feed asks of the router. */
export interface FeedParts {
  readonly deadlines: Deadlines<Due>;
  /** Visits the messages that a filter matches, one at each step; undefined for a level without one. */
  readonly walk: (topicFilter: string, nowMs: number) => Iterator<Publication | undefined>;
  /** Sends one to the session, if its subscription to the filter still is there. */
  readonly send: (session: Session, topicFilter: string, publication: Publication, nowMs: number) => void;
}

export class RetainedFeed {
  readonly #parts: FeedParts;
  readonly #session: Session;
  readonly #topicFilters: readonly string[];
  /** Messages that were published later come by themselves. */
  readonly #lastOrder: number;
  #at = 0;
  #walk: Iterator<Publication | undefined> | undefined;
  #deadline: Deadline<Due> | undefined;

  /** @param lastOrder of the last message that was published before the SUBSCRIBE */
  constructor(parts: FeedParts, session: Session, topicFilters: readonly string[], lastOrder: number) {
    this.#parts = parts;
    this.#session = session;
    this.#topicFilters = topicFilters;
    this.#lastOrder = lastOrder;
  }

  /** Sends the first slice at once. */
  begin(nowMs: number): void {
    this.#slice(nowMs);
  }

  /** Sends a slice, and comes back for the next. */
  fallDue(nowMs: number): void {
    const { connection } = this.#session;
    if (connection === undefined) return; // what it has not got, it gets at its next subscription
    if (connection.writable) this.#slice(nowMs);
    else this.#later(nowMs + waitMs);
  }

  #slice(nowMs: number): void {
    for (let visits = 0; visits < sliceVisits; visits++) {
      if (this.#at === this.#topicFilters.length) return;
      this.#step(nowMs);
    }
    this.#later(nowMs + pauseMs);
  }

  #step(nowMs: number): void {
    const topicFilter = this.#topicFilters[this.#at]!;
    this.#walk ??= this.#parts.walk(topicFilter, nowMs);
    const { done, value } = this.#walk.next();
    if (value !== undefined && value.order <= this.#lastOrder) {
      this.#parts.send(this.#session, topicFilter, value, nowMs);
    }
    if (done !== true) return;
    this.#walk = undefined;
    this.#at++;
  }

  #later(atMs: number): void {
    const { deadlines } = this.#parts;
    if (this.#deadline === undefined) this.#deadline = deadlines.add(atMs, this);
    else deadlines.move(this.#deadline, atMs);
  }
}
