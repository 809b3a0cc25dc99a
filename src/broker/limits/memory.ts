/**
 * One limit for all memory that clients make the broker use, at its real cost: links, sessions, subscriptions, wills,
 * retained and queued messages, incomplete packets, unread answers. At the limit the broker refuses the newest item,
 * and serves connected clients from a reserve.
 */

/** The cost of an item besides its texts and payloads, in bytes; `tests/bench/memory_cost.ts` measures it. */
export const cost = {
  link: 2_048,
  session: 1_024,
  will: 512,
  message: 448,
  /** A message in the queue of one client. */
  delivery: 192,
  /** A user property (name and value). */
  userProperty: 96,
  subscription: 320,
  /** A topic level that no other topic or filter shares. */
  level: 320,
  packetId: 48,
  alias: 96,
  /** A filter of a SUBSCRIBE whose retained messages have not been sent yet. */
  waitingFilter: 64,
} as const;

/** A string takes two bytes per UTF-16 unit in memory, unless all of it is Latin-1. */
export function textBytes(text: string): number {
  return 2 * text.length;
}

/**
 * Shares of the limit. What the broker keeps for clients may use 55 %; the rest is for garbage that the runtime has not
 * collected yet. Connected clients are served from a reserve beyond the 55 %. The broker accepts new links within half
 * of the reserve, so that a refused client receives a reason code.
 */
const shares = { kept: 0.55, links: 0.58, reserve: 0.61 } as const;
/** Minimum interval between corrections of late counts, in milliseconds. */
const refreshEveryMs = 100;

/** Counts memory, and decides whether there is room for more. */
export class Memory {
  readonly limitBytes: number;
  /** Corrects late counts; called at the limit. */
  refresh: () => void = () => {};
  #usedBytes = 0;
  #refreshedMs = -Infinity;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** The current count, in bytes. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Adds to the count; negative to subtract. */
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

  /** Whether there is room, including the reserve, for the needs of a connected client. */
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
