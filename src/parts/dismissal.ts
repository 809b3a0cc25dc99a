/**
 * The end of runs that follow one another: the parts that wait for the next run learn that none comes. A pure state
 * machine: its owner passes it messages and the time.
 */
import { askAgainMs, beatEveryMs, keptWithinMs, overForMs } from "./limits.ts";
import type { Beat, ToCoordinator, ToPart } from "./message.ts";

/** The actions of a dismissal, carried out by its owner. */
export interface DismissalHost {
  beat(beat: Beat): void;
  answer(id: string, message: ToPart): void;
}

/** A part comes to the next run once it has heard of its report, or after this time; then it asks once a second. */
const longestMs = keptWithinMs + 3 * askAgainMs;

export class Dismissal {
  readonly #host: DismissalHost;
  readonly #why: string;
  readonly #parts: number;
  readonly #sinceMs: number;
  readonly #heard = new Set<string>();
  #heardMs: number;
  #beatMs = -Infinity;

  /** @param parts the number of processes that may wait */
  constructor(why: string, parts: number, host: DismissalHost, nowMs: number) {
    this.#why = why;
    this.#parts = parts;
    this.#host = host;
    this.#sinceMs = this.#heardMs = nowMs;
  }

  receive(message: ToCoordinator, nowMs: number): void {
    if (message.type !== "join") return;
    this.#heard.add(message.who.id);
    this.#heardMs = nowMs;
    this.#host.answer(message.who.id, { type: "no", why: this.#why, exitCode: 0 });
  }

  turn(nowMs: number): void {
    if (nowMs < this.#beatMs + beatEveryMs) return;
    this.#beatMs = nowMs;
    this.#host.beat({ state: "over", dismissed: true, why: this.#why });
  }

  /** True once every part that may wait has asked and asks no more, or had the time for it. */
  isOver(nowMs: number): boolean {
    const isQuiet = nowMs >= this.#heardMs + askAgainMs + overForMs;
    return this.#heard.size >= this.#parts && isQuiet || nowMs >= this.#sinceMs + longestMs;
  }
}
