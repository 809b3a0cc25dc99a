/**
 * Limits warnings that a peer can provoke: at most a fixed number of lines per 10 s, in total and from one source, and
 * then one line with the number of omitted lines. A source with many warnings does not hide the lines of another.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";

/** Length of a period, in milliseconds. */
const periodMs = 10_000;
/** Maximum number of lines per period: in total, and from one source. */
const linesInTotal = 20;
const linesOfOneSource = 5;

/** The dependencies of a {@link LimitedLog}. */
export interface LimitedLogDeps {
  /** The subject of the lines, in the plural: `failed logins`. */
  readonly what: string;
  readonly deadlines: Deadlines<Due>;
  readonly write: (line: string) => void;
}

export class LimitedLog {
  readonly #deps: LimitedLogDeps;
  /** Lines of the current period by source; at most {@link linesInTotal} entries. */
  readonly #written = new Map<string, number>();
  #writtenInTotal = 0;
  #leftOut = 0;
  #endMs = -Infinity;
  #deadline: Deadline<Due> | undefined;

  constructor(deps: LimitedLogDeps) {
    this.#deps = deps;
  }

  /**
   * Writes a line, or counts it if the limit of the period is reached. `line` is called only if the line is written.
   */
  write(source: string, line: () => string, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#begin(nowMs);
    const ofSource = this.#written.get(source) ?? 0;
    if (this.#writtenInTotal >= linesInTotal || ofSource >= linesOfOneSource) return this.#leave();
    this.#writtenInTotal++;
    this.#written.set(source, ofSource + 1);
    this.#deps.write(line());
  }

  /** Writes the number of omitted lines, if any. */
  flush(): void {
    if (this.#deadline !== undefined) this.#deps.deadlines.cancel(this.#deadline);
    this.#deadline = undefined;
    if (this.#leftOut === 0) return;
    this.#deps.write(`${this.#leftOut} more ${this.#deps.what} within ${periodMs / 1_000}s are not in the log`);
    this.#leftOut = 0;
  }

  #begin(nowMs: number): void {
    this.flush();
    this.#written.clear();
    this.#writtenInTotal = 0;
    this.#endMs = nowMs + periodMs;
  }

  #leave(): void {
    this.#leftOut++;
    this.#deadline ??= this.#deps.deadlines.add(this.#endMs, this);
  }
}
