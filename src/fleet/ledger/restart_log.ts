import type { Arrival, Judgement } from "../oracle/expectation.ts";

/**
 * What one squad knows of the broker's restarts: when, what ended with each, when its watchers could not see, and what
 * came of the wills that each stood in the way of.
 */
import type { Life } from "../life/life.ts";
import type { Absence, RestartWindow, SquadRestartCounts } from "../result/restart_result.ts";

/** What became of the watchers and the other connected clients in a restart. */
export interface Outcome {
  readonly absences: readonly Absence[];
  /** Connections, of clients and watchers, that were open all through it. */
  readonly survived: number;
}

interface Restart extends SquadRestartCounts {
  /** When the broker served again: wills that came before had come before it went down, or as it did. */
  servesMs: number;
}

export class RestartLog {
  readonly #windows: RestartWindow[] = [];
  readonly #absences: Absence[] = [];
  readonly #restarts: Restart[] = [];

  /** For the oracle; the same list throughout, and more on it with each restart. */
  get windows(): readonly RestartWindow[] {
    return this.#windows;
  }

  /** What was found of each. */
  get counts(): readonly SquadRestartCounts[] {
    return this.#restarts.map(({ servesMs: _, ...counts }) => counts);
  }

  /** True from a restart's beginning until the watchers are back. */
  get underWay(): boolean {
    return this.#windows.at(-1)?.backMs === Infinity;
  }

  /** From now on the broker may be down. */
  begin(nowMs: number): void {
    this.#windows.push({ fromMs: nowMs, backMs: Infinity, sessionsKept: undefined });
    this.#restarts.push({
      ...{ fromMs: nowMs, backMs: Infinity, servesMs: Infinity, lives: 0, survived: 0 },
      ...{ watchersKept: 0, watchersForgotten: 0, willsBefore: 0, willsAfter: 0 },
    });
  }

  /** The broker is back; the watchers are on their way. */
  serve(nowMs: number): void {
    this.#restarts.at(-1)!.servesMs = nowMs;
  }

  /** The watchers see again. */
  end(nowMs: number, { absences, survived }: Outcome): void {
    const forgotten = absences.filter((absence) => absence.forgotten).length;
    const { fromMs } = this.#windows.pop()!;
    this.#windows.push({ fromMs, backMs: nowMs, ...sessionsKept(absences) });
    this.#absences.push(...absences);
    const restart = this.#restarts.pop()!;
    const watchers = { watchersKept: absences.length - forgotten, watchersForgotten: forgotten };
    this.#restarts.push({ ...restart, ...watchers, backMs: nowMs, survived });
  }

  /** A watcher could not see, beside what a restart kept from it. */
  miss(absence: Absence): void {
    this.#absences.push(absence);
  }

  /** When a watcher could not see. */
  absencesOf(bucket: number, copy: number): readonly Absence[] {
    if (this.#absences.length === 0) return [];
    return this.#absences.filter((absence) => absence.bucket === bucket && absence.copy === copy);
  }

  /**
   * The window that a connection ended in: of one that was made before the broker served again, and ended in it or soon
   * after.
   */
  endedIn(connectedMs: number, nowMs: number, noticedWithinMs: number): RestartWindow | undefined {
    const place = this.#restarts.findLastIndex(({ servesMs, backMs }) =>
      connectedMs < servesMs && nowMs <= backMs + noticedWithinMs
    );
    return this.#windows[place];
  }

  /** A life ended with a restart. */
  countLife(sinceMs: number): void {
    const restart = this.#restarts.find(({ fromMs }) => fromMs === sinceMs);
    if (restart !== undefined) restart.lives++;
  }

  /** Counts the will of a life that a restart stood in the way of, once it is judged. */
  countWill({ end }: Life, { expectation }: Judgement, [first]: readonly Arrival[]): void {
    if (first === undefined || end === undefined) return;
    if (end.mode !== "restart" && (expectation.kind !== "one" || expectation.byMs === undefined)) return;
    const endedMs = end.sinceMs ?? end.doneMs;
    const restart = this.#restarts.find(({ backMs }) => endedMs <= backMs);
    // A will of a life that was just killed may have been there before anything went down.
    if (restart === undefined || first.atMs < restart.fromMs) return;
    if (first.atMs < restart.servesMs) restart.willsBefore++;
    else restart.willsAfter++;
  }
}

function sessionsKept(absences: readonly Absence[]): { readonly sessionsKept: boolean | undefined } {
  return { sessionsKept: absences.length === 0 ? undefined : absences.every(({ forgotten }) => !forgotten) };
}
