/**
 * A queue of password checks for a few threads. One check takes 0.1 s of a core, so that wrong passwords could block
 * all other logins. The queue serves addresses in turn, and at one address the user with the fewest queued checks. It
 * drops a check whose connection has ended, and refuses at once a check that cannot run in time.
 */

/** A queued check. */
interface Waiting {
  readonly address: string;
  readonly user: string;
  readonly check: () => Promise<boolean>;
  readonly isOver: () => boolean;
  readonly answer: (outcome: CheckOutcome) => void;
}

/** The outcome of a check; `busy` if too many are queued. */
export type CheckOutcome = "right" | "wrong" | "busy";

/** The dependencies and limits of a queue. */
export interface LoginQueueDeps {
  /** Checks that run at the same time. */
  readonly parallel: number;
  /** Maximum number of queued checks per user and address. */
  readonly perUser: number;
  /** Maximum wait in milliseconds; a check that would wait longer is refused. */
  readonly longestWaitMs: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** For this long after a wrong password, in milliseconds, a user at that address is served after all other users. */
const wrongForMs = 60_000;
/** Maximum number of remembered wrong passwords. */
const mostWrong = 10_000;

/** Initial estimate of the duration of a check, in milliseconds; measurements correct it. */
const usualCheckMs = 100;

export class LoginQueue {
  readonly #deps: LoginQueueDeps;
  /** By address, then by user; the first entry of each map is next. */
  readonly #addresses = new Map<string, Map<string, Waiting[]>>();
  /** Time of the last wrong password by user and address, oldest first. */
  readonly #wrongMs = new Map<string, number>();
  #size = 0;
  #running = 0;
  #checkMs = usualCheckMs;

  constructor(deps: LoginQueueDeps) {
    this.#deps = deps;
  }

  /** The number of queued checks. */
  get size(): number {
    return this.#size;
  }

  /**
   * Runs a check when its turn comes.
   *
   * @param address of the peer, without its port
   * @param user a name of the users file, or the empty string for any other name
   * @param isOver whether the connection has ended in the meantime
   */
  check(address: string, user: string, check: () => Promise<boolean>, isOver: () => boolean): Promise<CheckOutcome> {
    const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
    const users = this.#addresses.get(address) ?? new Map<string, Waiting[]>();
    const waiting = users.get(user) ?? [];
    if (waiting.length >= this.#deps.perUser) this.#clean(users, user, waiting);
    if (waiting.length >= this.#deps.perUser) return Promise.resolve("busy");
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
    const { parallel, longestWaitMs } = this.#deps;
    return this.#size * this.#checkMs / parallel > longestWaitMs;
  }

  #wasWrong(address: string, user: string): boolean {
    const atMs = this.#wrongMs.get(keyOf(address, user));
    return atMs !== undefined && this.#deps.nowMs() - atMs < wrongForMs;
  }

  #note(address: string, user: string, isRight: boolean): void {
    const key = keyOf(address, user);
    this.#wrongMs.delete(key);
    if (isRight) return;
    this.#wrongMs.set(key, this.#deps.nowMs());
    if (this.#wrongMs.size > mostWrong) this.#wrongMs.delete(this.#wrongMs.keys().next().value!);
  }

  /**
   * Removes a queued check in favour of a user with at most `few` queued checks: one of a user with a wrong password,
   * or of the user with the most checks. Returns false if there is none to remove.
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

  /** Removes checks whose connection has ended. */
  #clean(users: Map<string, Waiting[]>, user: string, waiting: Waiting[]): void {
    const left = waiting.filter(({ isOver }) => !isOver());
    this.#size -= waiting.length - left.length;
    waiting.splice(0, waiting.length, ...left);
    if (left.length === 0) users.delete(user);
  }

  #go(): void {
    while (this.#running < this.#deps.parallel) {
      const next = this.#next();
      if (next === undefined) return;
      void this.#run(next);
    }
  }

  async #run({ address, user, check, answer }: Waiting): Promise<void> {
    this.#running++;
    const { nowMs } = this.#deps;
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
   * The next check whose connection is still open: by address in turn, then by user. Users whose last password was
   * wrong come last.
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

  /**
   * Takes the next check of one address: of the user with the fewest queued checks, because a flood queues many checks
   * per user. Users with equally many take turns.
   */
  #nextOf(users: Map<string, Waiting[]>, mayBe: (user: string) => boolean): Waiting | undefined {
    const inOrder = [...users].filter(([user]) => mayBe(user)).sort(([, one], [, other]) => one.length - other.length);
    for (const [user, waiting] of inOrder) {
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
