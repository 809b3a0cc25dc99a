/**
 * The epoll loop of a thread: dispatches the events of each descriptor to its watcher. Level-triggered. It runs while a
 * descriptor is watched, and releases everything afterwards, so that a program can exit by itself.
 *
 * A round fetches events, dispatches them, and sends what was written in the meantime; after some rounds the runtime
 * has its turn, with its timers, messages and signals. If there are no events, a thread of the runtime waits, and this
 * thread is idle. That costs two thread switches. So a thread that does nothing else, and had events a moment ago,
 * waits itself, for no longer than a timer may be late.
 */
import { InvariantError } from "../../base/failure.ts";
import { Epoll, faultCode, Libc } from "./libc.ts";
import { LoopTimer } from "./loop_timer.ts";
import type { ScheduledWork } from "./scheduled_work.ts";

/** Receives the events of a descriptor. */
export interface DescriptorWatcher {
  /** Used only by the loop. */
  token: number;
  /** Handles events: bits of {@link Epoll}. */
  ready(bits: number): void;
  /** Closes its descriptor, without notifying its receiver. */
  drop(): void;
}

/** Has written bytes to send. */
export interface Writer {
  /** Sends the written bytes. */
  flush(): void;
}

/** Wait timeout of a dedicated thread, so that it notices termination; in milliseconds. */
const longestWaitMs = 1_000;

/** Duration of one blocking wait of a thread that may block, in milliseconds: messages of other threads wait so long. */
const blockMs = 10;
/** Maximum number of blocking waits in a row before another thread waits: beyond the pauses of steady traffic. */
const blocksInRow = 4;
/** How long a thread with scheduled work blocks in one turn. */
const longestBlockMs = 5;
/** Without events in one turn, and with no work for so long, another thread waits for a thread with scheduled work. */
const idleFromMs = 5;
/** How long before the next precise instant that wait ends. */
const headStartMs = 2;
/** Events wait for a precise instant that is nearer than this. */
const nearMs = 0.5;

/** The most rounds in one turn while there are few events: a turn of the runtime costs as much as some events. */
const roundsInTurn = 8;
/** The same for a thread with scheduled work: its rounds block, and together for no longer than {@link longestBlockMs}. */
const drivenRoundsInTurn = 64;
const fewEvents = 64;

let loop: EpollLoop | undefined;

/**
 * The loop of this thread.
 *
 * @throws Error with the reason if the engine does not work
 */
export function loopOfThread(): EpollLoop {
  return loop ??= new EpollLoop();
}

export class EpollLoop {
  readonly libc: Libc;
  /** By descriptor. The token distinguishes an event of a closed descriptor from one of its successor. */
  readonly #watchers: (DescriptorWatcher | undefined)[] = [];
  #watched = 0;
  #lastToken = 0;
  #epoll = -1;
  /** The descriptor that ends a wait when it is watched. */
  #bell = -1;
  #ringing = false;
  #closed = () => {};
  #mayBlock: ((ms: number) => boolean) | undefined;
  #blocksLeft = 0;
  #work: ScheduledWork | undefined;
  /** For the next instant of the work. */
  readonly #timer: LoopTimer;
  /** A link was written to, or closed, in this turn: its peer may answer soon. */
  #touched = false;
  #state: "off" | "turning" | "waiting" = "off";
  #writers: Writer[] = [];
  /** The other of two lists that alternate, so that no turn allocates a list. */
  #flushing: Writer[] = [];
  #flushComing = false;
  /** Descriptors to close after the writers. */
  readonly #ended: number[] = [];
  readonly #turn = () => this.#takeTurn();

  /** @param libc of this thread; a test can pass one that fails */
  constructor(libc: Libc = new Libc()) {
    this.libc = libc;
    this.#timer = new LoopTimer(libc);
  }

  /**
   * Allows this thread to block for some milliseconds at a time while there is traffic: for a thread that does nothing
   * else.
   *
   * @param mayBlock called each time; false if something falls due within that time; undefined revokes the permission
   */
  allowBlocking(mayBlock: ((ms: number) => boolean) | undefined): void {
    this.#mayBlock = mayBlock;
  }

  /**
   * Does scheduled work at its instants while a descriptor is watched. The thread blocks in the meantime.
   *
   * @param work undefined ends this
   */
  drive(work: ScheduledWork | undefined): void {
    this.#timer.close();
    this.#work = work;
    if (this.#epoll >= 0 && work !== undefined) this.#timer.open(this.#epoll);
    if (this.#state === "waiting") this.#ring();
    if (this.#state === "off") work?.rest();
  }

  /** Watches a descriptor. Returns a negative number if it fails. */
  watch(descriptor: number, watcher: DescriptorWatcher, interest: number): number {
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

  /** Passes a descriptor to another watcher. Returns a negative number if the operating system lacks memory. */
  handOver(descriptor: number, successor: DescriptorWatcher, interest: number): number {
    successor.token = this.#lastToken = this.#lastToken + 1 | 0;
    this.#watchers[descriptor] = successor;
    return this.rewatch(descriptor, successor, interest);
  }

  /** Changes the events of interest. Returns a negative number if the operating system lacks memory. */
  rewatch(descriptor: number, { token }: DescriptorWatcher, interest: number): number {
    return this.libc.rewatch(this.#epoll, descriptor, token, interest);
  }

  /** Suspends the events of a descriptor until {@link unpark}, because epoll would report them on every wait. */
  park(descriptor: number): void {
    must(this.libc.unwatch(this.#epoll, descriptor));
  }

  /** Returns a negative number if the operating system has no watches left. */
  unpark(descriptor: number, { token }: DescriptorWatcher, interest: number): number {
    return this.libc.watch(this.#epoll, descriptor, token, interest);
  }

  /**
   * Closes a descriptor that {@link forget} has passed. In a turn it closes after the bytes that the turn writes: what
   * a broker sends at the end of a client, such as its will, does not wait for the system call.
   */
  close(descriptor: number, isInTurn: boolean): void {
    if (isInTurn && this.#flushComing) this.#ended.push(descriptor);
    else this.libc.close(descriptor);
  }

  /** Closes the descriptors that {@link close} has kept, so that others can use their numbers. */
  closeEnded(): void {
    for (let at = 0; at < this.#ended.length; at++) this.libc.close(this.#ended[at]!);
    this.#ended.length = 0;
  }

  /** Stops watching. The caller must close the descriptor now, which removes it from epoll. */
  forget(descriptor: number): void {
    this.#touched = true;
    this.#watchers[descriptor] = undefined;
    this.#watched--;
    this.#ringIfIdle();
  }

  /**
   * Closes every watched descriptor, without notifying watchers: before a thread is terminated, because the operating
   * system closes them only at the end of the process. Fulfilled when the loop has closed its own descriptors too.
   */
  async abandon(): Promise<void> {
    for (const watcher of this.#watchers.slice()) watcher?.drop();
    if (this.#epoll < 0) return;
    await new Promise<void>((resolve) => this.#closed = resolve);
  }

  /** Calls `flush` at the end of this turn: after all events were dispatched, or after the code that runs now. */
  flushSoon(writer: Writer): void {
    this.#touched = true;
    this.#writers.push(writer);
    if (this.#flushComing) return;
    this.#flushComing = true;
    queueMicrotask(() => this.#flush());
  }

  /** Returns a negative number if there are no descriptors left. */
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
    if (this.#work !== undefined) this.#timer.open(this.#epoll);
    return 0;
  }

  #start(): void {
    this.#state = "turning";
    setImmediate(this.#turn);
  }

  #takeTurn(): void {
    let count = 0;
    try {
      if (this.#work !== undefined) return void (count = this.#takeDrivenTurn(this.#work));
      for (let round = 0; round < roundsInTurn; round++) {
        const came = this.libc.events(this.#epoll, round === 0 ? this.#patienceMs() : 0);
        if (came <= 0) break; // interrupted: no events
        count += came;
        this.#flushComing = true;
        this.#dispatch(came);
        this.#flush();
        if (came > fewEvents) break;
      }
    } finally {
      this.#flush();
      this.#goOn(count);
    }
  }

  #patienceMs(): number {
    const blocks = this.#blocksLeft > 0 && this.#mayBlock !== undefined && this.#mayBlock(blockMs);
    return blocks ? blockMs : 0;
  }

  /** Rounds that each wait for an event or the next instant; returns the number of events. */
  #takeDrivenTurn(work: ScheduledWork): number {
    let count = 0;
    let came = 0;
    this.#touched = false;
    const untilMs = work.nowMs() + longestBlockMs;
    for (let round = 0; round < drivenRoundsInTurn && this.#watched > 0; round++) {
      const nowMs = work.nowMs();
      const isNear = this.#sleepIfNear(work);
      if (!isNear) came = this.#await(work, nowMs, untilMs);
      if (came > 0 && !isNear) this.#sleepIfNear(work);
      this.#flushComing = true;
      if (work.dueMs() <= work.nowMs()) this.#act(work);
      if (isNear) came = this.libc.events(this.#epoll, 0);
      if (came > 0) count += this.#dispatch(came, work);
      this.#flush();
      if (nowMs >= untilMs || came > fewEvents) break;
      // Work without an effect on any link has no answer.
      if (count === 0 && !this.#touched && this.#isIdle(work)) break;
    }
    return count;
  }

  /**
   * Sleeps until a precise instant that is near; returns false if none is. The kernel dates what arrives meanwhile, and
   * one wake-up serves both.
   */
  #sleepIfNear(work: ScheduledWork): boolean {
    const nowMs = work.nowMs();
    const leftMs = work.preciseMs() - nowMs;
    if (leftMs <= 0 || leftMs >= nearMs || !this.#timer.isOpen) return false;
    this.#timer.sleepUntil(nowMs + leftMs, work);
    return true;
  }

  /** What the work has written, such as the last bytes of a kill, does not wait for the events. */
  #act(work: ScheduledWork): void {
    work.act();
    this.#flush();
    this.#flushComing = true;
  }

  /** Waits for events or the next instant; returns the number of events. */
  #await(work: ScheduledWork, nowMs: number, untilMs: number): number {
    const dueMs = work.dueMs();
    const preciseMs = work.preciseMs();
    const came = this.libc.events(this.#epoll, this.#waitMs(dueMs, preciseMs <= dueMs, nowMs, untilMs));
    if (preciseMs <= dueMs) this.#timer.spinUntil(preciseMs, work);
    return came;
  }

  /** How long epoll may wait, in whole milliseconds; sets the timer to an instant within that time. */
  #waitMs(dueMs: number, isPrecise: boolean, nowMs: number, untilMs: number): number {
    if (dueMs <= nowMs) return 0;
    const leftMs = Math.max(0, Math.ceil(untilMs - nowMs));
    if (!this.#timer.isOpen) return Math.min(leftMs, Math.floor(dueMs - nowMs));
    if (isPrecise) this.#timer.setBefore(dueMs, nowMs);
    else this.#timer.setAt(dueMs, nowMs);
    return leftMs;
  }

  /**
   * Returns the number of events of watchers; the timer and the bell have none.
   *
   * @param work its precise instants do not wait for the rest of the events
   */
  #dispatch(count: number, work?: ScheduledWork): number {
    const { libc } = this;
    let watched = 0;
    for (let at = 0; at < count; at++) {
      const watcher = this.#watchers[libc.eventDescriptor(at)];
      if (watcher === undefined || watcher.token !== libc.eventToken(at)) continue;
      watched++;
      watcher.ready(libc.eventBits(at));
      if (work !== undefined && work.preciseMs() <= work.nowMs()) work.actPrecisely();
    }
    return watched;
  }

  #flush(): void {
    this.#flushComing = false;
    const writers = this.#writers;
    this.#writers = this.#flushing;
    this.#flushing = writers;
    for (let at = 0; at < writers.length; at++) writers[at]!.flush();
    writers.length = 0;
    if (this.#ended.length > 0) this.closeEnded();
  }

  #goOn(count: number): void {
    if (this.#watched === 0) return this.#close();
    if (count > 0) this.#blocksLeft = blocksInRow;
    else this.#blocksLeft--;
    if (count > 0 || this.#blocksAgain()) return void setImmediate(this.#turn);
    this.#state = "waiting";
    void this.libc.somethingHappens(this.#epoll, longestWaitMs).then(() => this.#woken());
  }

  /** Whether this thread waits itself in the next turn too; otherwise sets the timer for the other thread's wait. */
  #blocksAgain(): boolean {
    const work = this.#work;
    if (work === undefined) return this.#mayBlock !== undefined && this.#blocksLeft > 0;
    if (this.#touched || !this.#isIdle(work)) return true;
    this.#timer.setAt(Math.min(work.dueMs(), work.preciseMs() - headStartMs), work.nowMs());
    return false;
  }

  /** Whether the work is due so late that another thread may wait meanwhile. */
  #isIdle(work: ScheduledWork): boolean {
    return this.#timer.isOpen && work.dueMs() >= work.nowMs() + idleFromMs;
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
   * When no descriptor is watched any more, ends the wait, if there is one; without a watch for the bell it ends by
   * itself within {@link longestWaitMs}.
   */
  #ringIfIdle(): void {
    if (this.#watched > 0) return;
    if (this.#state === "off") return this.#close();
    if (this.#state === "waiting") this.#ring();
  }

  /** Ends a wait. */
  #ring(): void {
    if (!this.#ringing) this.#ringing = this.libc.watch(this.#epoll, this.#bell, 0, Epoll.in) >= 0;
  }

  #close(): void {
    this.#state = "off";
    this.#ringing = false;
    if (this.#epoll < 0) return;
    this.libc.close(this.#epoll);
    this.libc.close(this.#bell);
    this.#timer.close();
    this.#epoll = this.#bell = -1;
    this.#work?.rest();
    this.#closed();
  }
}

/** Checks a call that can only fail through a bug in this program. */
function must(answer: number): number {
  if (answer < 0) throw new InvariantError(`The epoll engine failed: ${faultCode(answer)}`);
  return answer;
}
