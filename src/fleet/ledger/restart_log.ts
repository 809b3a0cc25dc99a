import type { Arrival, Judgement } from "../oracle/expectation.ts";

/**
 * The data of one squad on the broker's restarts: their instants, the connections that ended with each, the absences of
 * its watchers, and the outcome of the wills that each restart affected.
 */
import type { Life } from "../life/life.ts";
import type { Absence, RestartWindow, SquadRestartCounts } from "../result/restart_result.ts";

/** The watchers and the other clients whose connections a restart ended. */
export interface RestartOutcome {
  readonly absences: readonly Absence[];
  /** Connections, of clients and watchers, that were open all through it. */
  readonly survived: number;
}

interface Restart extends SquadRestartCounts {
  /** When the broker served again: earlier wills had arrived before it went down, or as it did. */
  servesMs: number;
}

export class RestartLog {
  readonly #windows: RestartWindow[] = [];
  readonly #absences: Absence[] = [];
  readonly #restarts: Restart[] = [];

  /** For the oracle; one list throughout, which grows with each restart. */
  get windows(): readonly RestartWindow[] {
    return this.#windows;
  }

  /** The findings on each restart. */
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

  /** The watchers are subscribed again. */
  end(nowMs: number, { absences, survived }: RestartOutcome): void {
    const forgotten = absences.filter((absence) => absence.forgotten).length;
    const { fromMs } = this.#windows.pop()!;
    this.#windows.push({ fromMs, backMs: nowMs, ...sessionsKept(absences) });
    this.#absences.push(...absences);
    const restart = this.#restarts.pop()!;
    const watchers = { watchersKept: absences.length - forgotten, watchersForgotten: forgotten };
    this.#restarts.push({ ...restart, ...watchers, backMs: nowMs, survived });
  }

  /** A watcher was absent for another reason than a restart. */
  miss(absence: Absence): void {
    this.#absences.push(absence);
  }

  /** The absences of a watcher. */
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

  /** Counts the will of a life that a restart affected, after its judgement. */
  countWill({ end }: Life, { expectation }: Judgement, [first]: readonly Arrival[]): void {
    if (first === undefined || end === undefined) return;
    if (end.mode !== "restart" && (expectation.kind !== "one" || expectation.byMs === undefined)) return;
    const endedMs = end.sinceMs ?? end.doneMs;
    const restart = this.#restarts.find(({ backMs }) => endedMs <= backMs);
    // The will of a life that has just ended by a kill may have been there before the broker went down.
    if (restart === undefined || first.atMs < restart.fromMs) return;
    if (first.atMs < restart.servesMs) restart.willsBefore++;
    else restart.willsAfter++;
  }
}

function sessionsKept(absences: readonly Absence[]): { readonly sessionsKept: boolean | undefined } {
  return { sessionsKept: absences.length === 0 ? undefined : absences.every(({ forgotten }) => !forgotten) };
}
