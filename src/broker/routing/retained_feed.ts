/**
 * Sends the retained messages for the filters of each SUBSCRIBE in slices that take turns, so that a walk through all
 * of them, or many walks at once, cannot block the other clients. A feed waits while its client does not read.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import { cost, type Memory, textBytes } from "../limits/memory.ts";
import { Fifo } from "../session/fifo.ts";
import type { Session } from "../session/session.ts";
import type { Publication } from "../message/publication.ts";

/** Number of levels per slice; a level costs about 1 µs. */
const sliceVisits = 2_000;
/** Interval between slices of any feeds, in milliseconds. */
const pauseMs = 1;
/** Interval between checks of clients that do not read, in milliseconds. */
const waitMs = 100;
/** Maximum number of feeds with clients that do not read that are skipped at one time. */
const passedOver = 64;

/** The functions of the router that feeds use. */
export interface FeedDeps {
  readonly deadlines: Deadlines<Due>;
  readonly memory: Memory;
  /** Visits the messages that a filter matches, one per step; undefined for a level without one. */
  readonly walk: (topicFilter: string, nowMs: number) => Iterator<Publication | undefined>;
  /** Sends one message to the session, if its subscription to the filter still exists. */
  readonly send: (session: Session, topicFilter: string, publication: Publication, nowMs: number) => void;
}

/** The memory cost of a filter that waits for its retained messages, in bytes. */
export function waitingFilterBytes(topicFilter: string): number {
  return cost.waitingFilter + textBytes(topicFilter);
}

/** All feeds of a broker. */
export class RetainedFeeds {
  readonly #deps: FeedDeps;
  /** The feeds with more than their first slice. */
  readonly #feeds = new Fifo<Feed>();
  #deadline: Deadline<Due> | undefined;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /**
   * Sends the first slice at once, and the others in turn.
   *
   * @param lastOrder of the last message that was published before the SUBSCRIBE
   */
  begin(session: Session, topicFilters: readonly string[], lastOrder: number, nowMs: number): void {
    const feed = new Feed(this.#deps, session, topicFilters, lastOrder);
    feed.slice(nowMs);
    if (feed.isOver) return;
    this.#deps.memory.add(feed.costBytes);
    this.#feeds.push(feed);
    if (this.#feeds.size === 1) this.#later(nowMs + pauseMs);
  }

  /** Sends a slice of the next feed whose client reads. */
  fallDue(nowMs: number): void {
    const feeds = this.#feeds;
    let hasRun = false;
    for (let looks = Math.min(feeds.size, passedOver); looks > 0 && !hasRun; looks--) {
      const feed = feeds.shift()!;
      hasRun = feed.mayRun;
      if (hasRun) feed.slice(nowMs);
      if (feed.isOver) this.#deps.memory.add(-feed.costBytes);
      else feeds.push(feed);
    }
    if (feeds.size > 0) this.#later(nowMs + (hasRun || feeds.size > passedOver ? pauseMs : waitMs));
  }

  #later(atMs: number): void {
    const { deadlines } = this.#deps;
    if (this.#deadline === undefined) this.#deadline = deadlines.add(atMs, this);
    else deadlines.move(this.#deadline, atMs);
  }
}

/** The feed of one SUBSCRIBE. */
class Feed {
  readonly costBytes: number;
  readonly #deps: FeedDeps;
  readonly #session: Session;
  readonly #topicFilters: readonly string[];
  /** The client receives messages that were published later as ordinary messages. */
  readonly #lastOrder: number;
  #at = 0;
  #walk: Iterator<Publication | undefined> | undefined;

  constructor(deps: FeedDeps, session: Session, topicFilters: readonly string[], lastOrder: number) {
    this.#deps = deps;
    this.#session = session;
    this.#topicFilters = topicFilters;
    this.#lastOrder = lastOrder;
    this.costBytes = topicFilters.reduce((sum, topicFilter) => sum + waitingFilterBytes(topicFilter), 0);
  }

  /** Everything is sent, or the client is gone: it receives the rest at its next subscription. */
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
    this.#walk ??= this.#deps.walk(topicFilter, nowMs);
    const { done, value } = this.#walk.next();
    if (value !== undefined && value.order <= this.#lastOrder) {
      this.#deps.send(this.#session, topicFilter, value, nowMs);
    }
    if (done !== true) return;
    this.#walk = undefined;
    this.#at++;
  }
}
