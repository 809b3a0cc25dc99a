/**
 * The epoll loop of a thread: which listener gets which event of which descriptor, and when. Level-triggered. Runs
 * while somebody is watched, and leaves nothing behind afterwards, so that a program can end by itself.
 *
 * A round fetches what has happened, tells it, and sends what was written meanwhile; after some rounds the runtime has
 * its turn, with its timers, messages and signals. When nothing has happened, a thread of the runtime's waits, and this
 * one is idle. That costs two changes of threads. So where a thread does nothing else, and something has happened a
 * moment ago, it waits itself, for no longer than a timer may be late.
 */
import { InvariantError } from "../../base/failure.ts";
import { Epoll, faultCode, Libc } from "./libc.ts";

/** A listener for the events of a descriptor. */
export interface Watcher {
  /** Set and read by the loop alone. */
  token: number;
  /** Something has happened: bits of {@link Epoll}. */
  ready(bits: number): void;
  /** Closes its descriptor, and tells nobody. */
  drop(): void;
}

/** Somebody who has written. */
export interface Writer {
  /** Sends what was written. */
  flush(): void;
}

/** Wait timeout of a dedicated thread, so that it notices termination. Milliseconds. */
const longestWaitMs = 1_000;

/** A thread that may block does so for so long at a time. Milliseconds. */
const blockMs = 1;
/** So often it blocks before it leaves waiting to another. */
const blocksInRow = 3;

/**
 * So often a turn looks again at once, where few things have happened: the runtime's turn costs as much as some events.
 */
const roundsInTurn = 8;
const fewEvents = 64;

let loop: EpollLoop | undefined;

/**
 * The loop of this thread.
 *
 * @throws Error with the reason where the engine cannot work
 */
export function loopOfThread(): EpollLoop {
  return loop ??= new EpollLoop();
}

export class EpollLoop {
  readonly libc: Libc;
  /** By descriptor. The token tells an event of a descriptor that was closed from one of its successor. */
  readonly #watchers: (Watcher | undefined)[] = [];
  #watched = 0;
  #lastToken = 0;
  #epoll = -1;
  /** Ends a wait, once it is watched. */
  #bell = -1;
  #ringing = false;
  #closed = () => {};
  #mayBlock: (() => boolean) | undefined;
  #blocksLeft = 0;
  #state: "off" | "turning" | "waiting" = "off";
  #writers: Writer[] = [];
  /** The other list of the two that take turns, so that no turn allocates one. */
  #flushing: Writer[] = [];
  #flushComing = false;
  readonly #turn = () => this.#takeTurn();

  /** @param libc of this thread; a test may hand over one that fails */
  constructor(libc: Libc = new Libc()) {
    this.libc = libc;
  }

  /**
   * Lets this thread wait by itself, a millisecond at a time, while there is traffic: for a thread that does nothing
   * else.
   *
   * @param mayBlock asked each time; false where something falls due within that time; undefined takes it back
   */
  allowBlocking(mayBlock: (() => boolean) | undefined): void {
    this.#mayBlock = mayBlock;
  }

  /** Watches a descriptor. Answers below 0 where it cannot be. */
  watch(descriptor: number, watcher: Watcher, interest: number): number {
    const opened = this.#open();
    if (opened < 0) return opened;
    watcher.token = this.#lastToken = this.#lastToken + 1 | 0;
    const answer = this.libc.watch(this.#epoll, descriptor, watcher.token, interest);
    if (answer < 0) {
      this.#ringIfIdle();
      return answer;
    }
    this.#watchers[descriptor] = watcher;
    this.#watched++;
    if (this.#state === "off") this.#start();
    return answer;
  }

  /**
   * From now on another listener gets the events of a descriptor. Answers below 0 where the operating system lacks
   * memory.
   */
  handOver(descriptor: number, heir: Watcher, interest: number): number {
    heir.token = this.#lastToken = this.#lastToken + 1 | 0;
    this.#watchers[descriptor] = heir;
    return this.rewatch(descriptor, heir, interest);
  }

  /** Wants to be told other things of a descriptor. Answers below 0 where the operating system lacks memory. */
  rewatch(descriptor: number, { token }: Watcher, interest: number): number {
    return this.libc.rewatch(this.#epoll, descriptor, token, interest);
  }

  /** Tells nothing of a descriptor, which stays watched, until {@link unpark}: what it would tell never stops. */
  park(descriptor: number): void {
    must(this.libc.unwatch(this.#epoll, descriptor));
  }

  /** Answers below 0 where the operating system has no more watches to give. */
  unpark(descriptor: number, { token }: Watcher, interest: number): number {
    return this.libc.watch(this.#epoll, descriptor, token, interest);
  }

  /** Watches no more. The descriptor is to be closed now, which takes it from epoll. */
  forget(descriptor: number): void {
    this.#watchers[descriptor] = undefined;
    this.#watched--;
    this.#ringIfIdle();
  }

  /**
   * Closes every descriptor that is watched, and tells nobody: before a thread is torn down, for the operating system
   * knows of processes alone. Fulfilled when the loop has closed its own too.
   */
  async abandon(): Promise<void> {
    for (const watcher of this.#watchers.slice()) watcher?.drop();
    if (this.#epoll < 0) return;
    await new Promise<void>((resolve) => this.#closed = resolve);
  }

  /** Calls `flush` at the end of this turn: after all that has happened was told, or after what else is running now. */
  flushSoon(writer: Writer): void {
    this.#writers.push(writer);
    if (this.#flushComing) return;
    this.#flushComing = true;
    queueMicrotask(() => this.#flush());
  }

  /** Answers below 0 where there are no descriptors left. */
  #open(): number {
    if (this.#epoll >= 0) return 0;
    const bell = this.libc.alwaysReadable();
    if (bell < 0) return bell;
    const epoll = this.libc.openEpoll();
    if (epoll < 0) {
      this.libc.close(bell);
      return epoll;
    }
    this.#bell = bell;
    this.#epoll = epoll;
    return 0;
  }

  #start(): void {
    this.#state = "turning";
    setImmediate(this.#turn);
  }

  #takeTurn(): void {
    let count = 0;
    try {
      for (let round = 0; round < roundsInTurn; round++) {
        const came = this.libc.events(this.#epoll, round === 0 ? this.#patienceMs() : 0);
        if (came <= 0) break; // interrupted, it has fetched nothing
        count += came;
        this.#flushComing = true;
        this.#tell(came);
        this.#flush();
        if (came > fewEvents) break;
      }
    } finally {
      this.#flush();
      this.#goOn(count);
    }
  }

  #patienceMs(): number {
    const blocks = this.#blocksLeft > 0 && this.#mayBlock !== undefined && this.#mayBlock();
    return blocks ? blockMs : 0;
  }

  #tell(count: number): void {
    const { libc } = this;
    for (let at = 0; at < count; at++) {
      const watcher = this.#watchers[libc.eventDescriptor(at)];
      if (watcher !== undefined && watcher.token === libc.eventToken(at)) watcher.ready(libc.eventBits(at));
    }
  }

  #flush(): void {
    this.#flushComing = false;
    const writers = this.#writers;
    this.#writers = this.#flushing;
    this.#flushing = writers;
    for (let at = 0; at < writers.length; at++) writers[at]!.flush();
    writers.length = 0;
  }

  #goOn(count: number): void {
    if (this.#watched === 0) return this.#close();
    if (count > 0) this.#blocksLeft = blocksInRow;
    else this.#blocksLeft--;
    if (count > 0 || (this.#mayBlock !== undefined && this.#blocksLeft > 0)) return void setImmediate(this.#turn);
    this.#state = "waiting";
    void this.libc.somethingHappens(this.#epoll, longestWaitMs).then(() => this.#woken());
  }

  #woken(): void {
    if (this.#watched === 0) return this.#close();
    this.#state = "turning";
    if (this.#ringing) {
      this.#ringing = false;
      must(this.libc.unwatch(this.#epoll, this.#bell));
    }
    this.#takeTurn();
  }

  /**
   * Nobody is watched any more: the wait, if there is one, ends; by itself within {@link longestWaitMs} where the
   * operating system has no watch left for the bell.
   */
  #ringIfIdle(): void {
    if (this.#watched > 0) return;
    if (this.#state === "off") return this.#close();
    if (this.#state !== "waiting" || this.#ringing) return;
    this.#ringing = this.libc.watch(this.#epoll, this.#bell, 0, Epoll.in) >= 0;
  }

  #close(): void {
    this.#state = "off";
    this.#ringing = false;
    if (this.#epoll < 0) return;
    this.libc.close(this.#epoll);
    this.libc.close(this.#bell);
    this.#epoll = this.#bell = -1;
    this.#closed();
  }
}

/** What can only fail by a fault of our own. */
function must(answer: number): number {
  if (answer < 0) throw new InvariantError(`The epoll engine failed: ${faultCode(answer)}`);
  return answer;
}
