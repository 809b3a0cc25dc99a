/**
 * Which process has which part of a run. Until it is frozen, a process that is silent loses its number, and another may
 * get it. The frozen roster never changes: therefore no part runs twice.
 */
import type { Progress } from "../fleet/result/result.ts";
import type { OffsetFacts, PartIdentity, PartState, PartStatus } from "./message.ts";
import { receivedProgress } from "./message.ts";

/** A part and its process. */
export interface PartProcess {
  /** From 1. */
  readonly part: number;
  readonly who: PartIdentity;
}

/** A number that a process has, and the last that it reported. */
export interface Seat extends PartProcess {
  heardMs: number;
  state: PartState;
  why?: string;
  progress?: Progress;
  clock?: OffsetFacts;
  lateMs?: number;
  /** The action on the broker that it waits for, or the last one that it waited for. */
  step?: number;
  /** The coordinator has warned of its silence. */
  warned: boolean;
  /** It did not carry out the plan: it ended early or began late, or it was lost. */
  gone?: "void" | "lost";
  /** The coordinator has warned of its late start. */
  warnedLate: boolean;
  /** Its report has arrived. */
  reported: boolean;
  /** When the coordinator last looked for its report. */
  soughtMs: number;
}

export class Roster {
  readonly #seats: (Seat | undefined)[];
  #frozen = false;

  constructor(of: number) {
    this.#seats = Array.from({ length: of }, () => undefined);
  }

  /** The number of parts. */
  get of(): number {
    return this.#seats.length;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** The processes with a number, in the order of the numbers. */
  get seats(): readonly Seat[] {
    return this.#seats.flatMap((seat) => seat ?? []);
  }

  /** The seat of a process. */
  seatOf(id: string): Seat | undefined {
    return this.seats.find(({ who }) => who.id === id);
  }

  /** Gives a process a number, or the one that it has; undefined where none is free. */
  join(who: PartIdentity, nowMs: number): Seat | undefined {
    const own = this.seatOf(who.id);
    if (own !== undefined) {
      own.heardMs = nowMs;
      return own;
    }
    const place = this.#frozen ? -1 : this.#seats.indexOf(undefined);
    if (place < 0) return undefined;
    const empty = { state: "check", warned: false, warnedLate: false, reported: false, soughtMs: -Infinity } as const;
    return this.#seats[place] = { part: place + 1, who, heardMs: nowMs, ...empty };
  }

  /** Frees the number of a process; does nothing once the roster is frozen. */
  leave(id: string): Seat | undefined {
    const seat = this.seatOf(id);
    if (seat === undefined || this.#frozen) return undefined;
    this.#seats[seat.part - 1] = undefined;
    return seat;
  }

  /** Frees the numbers of processes that are silent for so long. */
  dropSilent(nowMs: number, silentMs: number): Seat[] {
    const silent = this.seats.filter(({ heardMs }) => nowMs - heardMs > silentMs);
    return silent.flatMap(({ who }) => this.leave(who.id) ?? []);
  }

  /** Notes what a process reports; undefined where it does not have this number. */
  report({ id, part, state, why, progress, clock, lateMs, step }: PartStatus, nowMs: number): Seat | undefined {
    const seat = this.#seats[part - 1];
    if (seat?.who.id !== id) return undefined;
    seat.heardMs = nowMs;
    seat.warned = false;
    // A late message may have an earlier state.
    if (order.indexOf(state) >= order.indexOf(seat.state)) seat.state = state;
    if (why !== undefined) seat.why = why;
    if (progress !== undefined) seat.progress = receivedProgress(progress);
    if (clock !== undefined) seat.clock = clock;
    if (lateMs !== undefined) seat.lateMs = lateMs;
    if (step !== undefined) seat.step = Math.max(step, seat.step ?? 0);
    return seat;
  }

  /** True once each number has a process that is ready to connect. */
  get isGathered(): boolean {
    return this.#seats.every((seat) => seat?.state === "gathered");
  }

  /** From now on no number is given or freed. */
  freeze(): void {
    this.#frozen = true;
  }
}

/** The states of a part in their order. */
const order: readonly PartState[] = ["check", "gathered", "connect", "ready", "kill", "done", "unfit", "failed"];

/** A part, for people: `part 7 of 100 (node-3, pod x)`. */
export function partText({ part, who: { host, pid, pod } }: PartProcess, of: number): string {
  return `part ${part} of ${of} (${host}, ${pod === undefined ? `process ${pid}` : `pod ${pod}`})`;
}
