/**
 * Password checks, one after another on a few threads: each takes a tenth of a second of a core, so that wrong passwords
 * could keep everyone else out. Addresses take turns, and within one the users do; a check whose connection has ended is
 * not made, and what could not be made in time is refused at once.
 */

/** A check that waits. */
interface Waiting {
  readonly check: () => Promise<boolean>;
  readonly isOver: () => boolean;
  readonly answer: (outcome: CheckOutcome) => void;
}

/** What became of a check; `busy` where too many wait. */
export type CheckOutcome = "right" | "wrong" | "busy";

/** What a queue is made of. */
export interface LoginQueueParts {
  /** Checks at one time. */
  readonly parallel: number;
  /** Checks of one user that wait for one address, at most. */
  readonly perUser: number;
  /** A check that would have to wait longer than this is refused, in milliseconds. */
  readonly longestWaitMs: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** What a check took at first, in milliseconds; corrected by what they take. */
const usualCheckMs = 100;

export class LoginQueue {
  readonly #parts: LoginQueueParts;
  /** By address, then by user; the first of each is next. */
  readonly #addresses = new Map<string, Map<string, Waiting[]>>();
  #size = 0;
  #running = 0;
  #checkMs = usualCheckMs;

  constructor(parts: LoginQueueParts) {
    this.#parts = parts;
  }

  /** Checks that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Makes a check when its turn comes.
   *
   * @param address of the peer, without its port
   * @param user a name of the users file, or the empty text for every other name
   * @param isOver whether the connection has ended meanwhile
   */
  check(address: string, user: string, check: () => Promise<boolean>, isOver: () => boolean): Promise<CheckOutcome> {
    const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
    const users = this.#addresses.get(address) ?? new Map<string, Waiting[]>();
    const waiting = users.get(user) ?? [];
    if (waiting.length >= this.#parts.perUser) this.#clean(users, user, waiting);
    if (waiting.length >= this.#parts.perUser || this.#isBusy()) return Promise.resolve("busy");
    waiting.push({ check, isOver, answer: resolve });
    users.set(user, waiting);
    this.#addresses.set(address, users);
    this.#size++;
    this.#go();
    return promise;
  }

  #isBusy(): boolean {
    const { parallel, longestWaitMs } = this.#parts;
    return this.#size * this.#checkMs / parallel > longestWaitMs;
  }

  /** Takes out those whose connection has ended. */
  #clean(users: Map<string, Waiting[]>, user: string, waiting: Waiting[]): void {
    const left = waiting.filter(({ isOver }) => !isOver());
    this.#size -= waiting.length - left.length;
    waiting.splice(0, waiting.length, ...left);
    if (left.length === 0) users.delete(user);
  }

  #go(): void {
    while (this.#running < this.#parts.parallel) {
      const next = this.#next();
      if (next === undefined) return;
      void this.#run(next);
    }
  }

  async #run({ check, answer }: Waiting): Promise<void> {
    this.#running++;
    const { nowMs } = this.#parts;
    const fromMs = nowMs();
    try {
      answer(await check() ? "right" : "wrong");
    } catch {
      answer("wrong");
    } finally {
      this.#running--;
      this.#checkMs += (nowMs() - fromMs - this.#checkMs) / 8;
      this.#go();
    }
  }

  /** The next whose connection lives: of the address whose turn it is, of the user whose turn it is there. */
  #next(): Waiting | undefined {
    for (const [address, users] of this.#addresses) {
      this.#addresses.delete(address);
      const next = this.#nextOf(users);
      if (users.size > 0) this.#addresses.set(address, users);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  #nextOf(users: Map<string, Waiting[]>): Waiting | undefined {
    for (const [user, waiting] of users) {
      users.delete(user);
      let next = waiting.shift();
      for (this.#size--; next?.isOver() === true && waiting.length > 0; this.#size--) next = waiting.shift();
      if (waiting.length > 0) users.set(user, waiting);
      if (next !== undefined && !next.isOver()) return next;
    }
    return undefined;
  }
}
