/**
 * The retained messages for the filters of each SUBSCRIBE, in slices that take turns: a walk through all of them, or many
 * walks at a time, must not keep the broker from its other clients. A feed waits while its client does not read.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import { cost, type Memory, textBytes } from "../limits/memory.ts";
import { Fifo } from "../session/fifo.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../message/publication.ts";

/** Levels that are visited in one slice; a level costs about a microsecond. */
const sliceVisits = 2_000;
/** From one slice to the next, whichever feed has it, in milliseconds. */
const pauseMs = 1;
/** From one look at clients that do not read to the next, in milliseconds. */
const waitMs = 100;
/** Feeds whose clients do not read, and that are passed over at one time. */
const passedOver = 64;

/** What feeds ask of the router. */
export interface FeedParts {
  readonly deadlines: Deadlines<Due>;
  readonly memory: Memory;
  /** Visits the messages that a filter matches, one at each step; undefined for a level without one. */
  readonly walk: (topicFilter: string, nowMs: number) => Iterator<Publication | undefined>;
  /** Sends one to the session, if its subscription to the filter still is there. */
  readonly send: (session: Session, topicFilter: string, publication: Publication, nowMs: number) => void;
}

/** What a filter costs in memory that waits for its retained messages, in bytes. */
export function waitingFilterBytes(topicFilter: string): number {
  return cost.waitingFilter + textBytes(topicFilter);
}

/** All feeds of a broker. */
export class RetainedFeeds {
  readonly #parts: FeedParts;
  /** Those that have more than their first slice. */
  readonly #feeds = new Fifo<Feed>();
  #deadline: Deadline<Due> | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /**
   * Sends the first slice at once, and the others in turn.
   *
   * @param lastOrder of the last message that was published before the SUBSCRIBE
   */
  begin(session: Session, topicFilters: readonly string[], lastOrder: number, nowMs: number): void {
    const feed = new Feed(this.#parts, session, topicFilters, lastOrder);
    feed.slice(nowMs);
    if (feed.isOver) return;
    this.#parts.memory.add(feed.costBytes);
    this.#feeds.push(feed);
    if (this.#feeds.size === 1) this.#later(nowMs + pauseMs);
  }

  /** Gives the next feed whose client reads its slice. */
  fallDue(nowMs: number): void {
    const feeds = this.#feeds;
    let hasRun = false;
    for (let looks = Math.min(feeds.size, passedOver); looks > 0 && !hasRun; looks--) {
      const feed = feeds.shift()!;
      hasRun = feed.mayRun;
      if (hasRun) feed.slice(nowMs);
      if (feed.isOver) this.#parts.memory.add(-feed.costBytes);
      else feeds.push(feed);
    }
    if (feeds.size > 0) this.#later(nowMs + (hasRun || feeds.size > passedOver ? pauseMs : waitMs));
  }

  #later(atMs: number): void {
    const { deadlines } = this.#parts;
    if (this.#deadline === undefined) this.#deadline = deadlines.add(atMs, this);
    else deadlines.move(this.#deadline, atMs);
  }
}

/** Of one SUBSCRIBE. */
class Feed {
  readonly costBytes: number;
  readonly #parts: FeedParts;
  readonly #session: Session;
  readonly #topicFilters: readonly string[];
  /** Messages that were published later come by themselves. */
  readonly #lastOrder: number;
  #at = 0;
  #walk: Iterator<Publication | undefined> | undefined;

  constructor(parts: FeedParts, session: Session, topicFilters: readonly string[], lastOrder: number) {
    this.#parts = parts;
    this.#session = session;
    this.#topicFilters = topicFilters;
    this.#lastOrder = lastOrder;
    this.costBytes = topicFilters.reduce((sum, topicFilter) => sum + waitingFilterBytes(topicFilter), 0);
  }

  /** All is sent, or the client has gone: what it has not got, it gets at its next subscription. */
  get isOver(): boolean {
    return this.#at === this.#topicFilters.length || this.#session.connection === undefined;
  }

  get mayRun(): boolean {
    return this.#session.connection?.writable === true;
  }

  slice(nowMs: number): void {
    for (let visits = 0; visits < sliceVisits && this.#at < this.#topicFilters.length; visits++) this.#step(nowMs);
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
}
