/**
 * One bound over all memory that clients make the broker keep, at its real cost: links, sessions, subscriptions, wills,
 * retained and queued messages, packets that are not whole, answers that are not read. At the bound the newest item is
 * refused, and clients that are connected already are served from a reserve.
 */

/** What an item costs besides the bytes of its texts and payloads, in bytes; `tests/bench/memory_cost.ts` measures it. */
export const cost = {
  link: 2_048,
  session: 1_024,
  will: 512,
  message: 448,
  /** A message in the queue of one client. */
  delivery: 192,
  /** A pair of user properties. */
  userProperty: 96,
  subscription: 320,
  /** A level of a topic that no other topic or filter has in common. */
  level: 320,
  packetId: 48,
  alias: 96,
  /** A filter of a SUBSCRIBE whose retained messages are not sent yet. */
  waitingFilter: 64,
} as const;

/** A text in memory has two bytes for each UTF-16 unit, unless all of it is Latin-1. */
export function textBytes(text: string): number {
  return 2 * text.length;
}

/**
 * Shares of the bound. What clients make the broker keep has 55 %; the rest is for what the runtime has not collected yet.
 * Clients that are connected are served from a reserve beyond the 55 %, and new links are accepted within half of it, so
 * that a client is told why it is refused.
 */
const shares = { kept: 0.55, links: 0.58, reserve: 0.61 } as const;
/** Amounts that are counted late are looked at again at most so often, in milliseconds. */
const refreshEveryMs = 100;

/** Counts memory, and says whether there is room for more. */
export class Memory {
  readonly limitBytes: number;
  /** Corrects what is counted late; called at the bound. */
  refresh: () => void = () => {};
  #usedBytes = 0;
  #refreshedMs = -Infinity;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** What is counted now, in bytes. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Counts so many bytes more, or fewer. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Whether there is room for a new item. */
  hasRoom(bytes: number, nowMs: number): boolean {
    return this.#fits(bytes, this.limitBytes * shares.kept, nowMs);
  }

  /** Whether there is room for a new link. */
  hasRoomForLink(bytes: number, nowMs: number): boolean {
    return this.#fits(bytes, this.limitBytes * shares.links, nowMs);
  }

  /** Whether there is room for what a connected client needs, the reserve included. */
  hasReserve(bytes: number, nowMs: number): boolean {
    return this.#fits(bytes, this.limitBytes * shares.reserve, nowMs);
  }

  #fits(bytes: number, limitBytes: number, nowMs: number): boolean {
    if (this.#usedBytes + bytes <= limitBytes) return true;
    if (nowMs < this.#refreshedMs + refreshEveryMs) return false;
    this.#refreshedMs = nowMs;
    this.refresh();
    return this.#usedBytes + bytes <= limitBytes;
  }
}
