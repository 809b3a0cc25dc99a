/**
 * Password checks, one after another on a few threads: each takes a tenth of a second of a core, so that wrong passwords
 * could keep everyone else out. Addresses take turns, and within one the users do; a check whose connection has ended is
 * not made, and what could not be made in time is refused at once.
 */

/** A check that waits. */
interface Waiting {
  readonly address: string;
  readonly user: string;
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

/** A user whose password was wrong waits, at that address, for the users whose was not, for so long. Milliseconds. */
const wrongForMs = 60_000;
/** Wrong ones that are remembered. */
const mostWrong = 10_000;

/** What a check took at first, in milliseconds; corrected by what they take. */
const usualCheckMs = 100;

export class LoginQueue {
  readonly #parts: LoginQueueParts;
  /** By address, then by user; the first of each is next. */
  readonly #addresses = new Map<string, Map<string, Waiting[]>>();
  /** When the last check of a user at an address was wrong; the oldest first. */
  readonly #wrongMs = new Map<string, number>();
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
    if (waiting.length >= this.#parts.perUser) return Promise.resolve("busy");
    if (this.#isBusy() && (this.#wasWrong(address, user) || !this.#turnOneAway(waiting.length))) {
      return Promise.resolve("busy");
    }
    waiting.push({ address, user, check, isOver, answer: resolve });
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

  #wasWrong(address: string, user: string): boolean {
    const atMs = this.#wrongMs.get(keyOf(address, user));
    return atMs !== undefined && this.#parts.nowMs() - atMs < wrongForMs;
  }

  #note(address: string, user: string, isRight: boolean): void {
    const key = keyOf(address, user);
    this.#wrongMs.delete(key);
    if (isRight) return;
    this.#wrongMs.set(key, this.#parts.nowMs());
    if (this.#wrongMs.size > mostWrong) this.#wrongMs.delete(this.#wrongMs.keys().next().value!);
  }

  /**
   * One that waits leaves its place to a user who has so few that wait: of a user whose password was wrong, or of the one
   * who has the most. Answers false where there is none.
   */
  #turnOneAway(few: number): boolean {
    let most: readonly [address: string, user: string, waiting: Waiting[]] | undefined;
    for (const [address, users] of this.#addresses) {
      for (const [user, waiting] of users) {
        if (this.#wasWrong(address, user)) return this.#turnAway(address, user, waiting);
        if (waiting.length > (most?.[2].length ?? few + 1)) most = [address, user, waiting];
      }
    }
    return most !== undefined && this.#turnAway(...most);
  }

  #turnAway(address: string, user: string, waiting: Waiting[]): true {
    waiting.pop()!.answer("busy");
    this.#size--;
    const users = this.#addresses.get(address)!;
    if (waiting.length === 0) users.delete(user);
    if (users.size === 0) this.#addresses.delete(address);
    return true;
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

  async #run({ address, user, check, answer }: Waiting): Promise<void> {
    this.#running++;
    const { nowMs } = this.#parts;
    const fromMs = nowMs();
    try {
      const isRight = await check();
      this.#note(address, user, isRight);
      answer(isRight ? "right" : "wrong");
    } catch {
      answer("wrong");
    } finally {
      this.#running--;
      this.#checkMs += (nowMs() - fromMs - this.#checkMs) / 8;
      this.#go();
    }
  }

  /**
   * The next whose connection lives: of the address whose turn it is, of the user whose turn it is there. Users whose last
   * password was wrong come after all others.
   */
  #next(): Waiting | undefined {
    return this.#nextWhere((address, user) => !this.#wasWrong(address, user)) ?? this.#nextWhere(() => true);
  }

  #nextWhere(mayBe: (address: string, user: string) => boolean): Waiting | undefined {
    for (const [address, users] of [...this.#addresses]) {
      const next = this.#nextOf(users, (user) => mayBe(address, user));
      if (next !== undefined || users.size === 0) this.#addresses.delete(address);
      if (next !== undefined && users.size > 0) this.#addresses.set(address, users);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  #nextOf(users: Map<string, Waiting[]>, mayBe: (user: string) => boolean): Waiting | undefined {
    for (const [user, waiting] of [...users]) {
      if (!mayBe(user)) continue;
      users.delete(user);
      let next = waiting.shift();
      for (this.#size--; next?.isOver() === true && waiting.length > 0; this.#size--) next = waiting.shift();
      if (waiting.length > 0) users.set(user, waiting);
      if (next !== undefined && !next.isOver()) return next;
    }
    return undefined;
  }
}

function keyOf(address: string, user: string): string {
  return `${address}\n${user}`;
}
