import type { Arrival, Judgement } from "../oracle/expectation.ts";

/**
 * The data of one squad on the broker's restarts: their instants, the connections that ended with each, the absences of
 * its watchers, and the outcome of the wills that each restart affected.
 */
import type { Life, LifeEnd } from "../life/life.ts";
import type { Absence, RestartWindow, SquadRestartCounts } from "../result/restart_result.ts";

/** The watchers and the other clients whose connections a restart ended. */
export interface RestartOutcome {
  readonly absences: readonly Absence[];
  /** Connections, of clients and watchers, that were open all through it. */
  readonly survived: number;
}

interface Restart extends SquadRestartCounts {
  readonly node?: number;
  /** When the broker served again: earlier wills had arrived before it went down, or as it did. */
  servesMs: number;
}

const nothing: readonly Absence[] = [];

export class RestartLog {
  readonly #nodeOf: (bucket: number, copy: number) => number;
  readonly #windows: RestartWindow[] = [];
  readonly #absences: Absence[] = [];
  readonly #restarts: Restart[] = [];

  /** @param nodeOf the node of each copy of the watcher of a bucket */
  constructor(nodeOf: (bucket: number, copy: number) => number = () => 0) {
    this.#nodeOf = nodeOf;
  }

  /** For the oracle; one list throughout, which grows with each restart. */
  get windows(): readonly RestartWindow[] {
    return this.#windows;
  }

  /** The findings on each restart. */
  get counts(): readonly SquadRestartCounts[] {
    return this.#restarts.map(({ servesMs: _, node: _node, ...counts }) => counts);
  }

  /** True from a restart's beginning until the watchers are back. */
  get underWay(): boolean {
    return this.#windows.at(-1)?.backMs === Infinity;
  }

  /** True while the whole broker is down: no will has a due instant then. */
  get pauses(): boolean {
    return this.underWay && this.#windows.at(-1)!.node === undefined;
  }

  /** Whether the due instant of a will is unknown until the broker, or the node of the life, is back. */
  holds({ node }: Pick<Life, "node">): boolean {
    if (!this.underWay) return false;
    const down = this.#windows.at(-1)!.node;
    return down === undefined || down === node;
  }

  /** From now on the broker may be down, or the node of this number. */
  begin(nowMs: number, node?: number): void {
    const of = node === undefined ? {} : { node };
    this.#windows.push({ ...of, fromMs: nowMs, backMs: Infinity, sessionsKept: undefined });
    this.#restarts.push({
      ...of,
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
    const { backMs: _, sessionsKept: _kept, ...window } = this.#windows.pop()!;
    const { node } = window;
    const own = node === undefined
      ? absences
      : absences.filter((each) => this.#nodeOf(each.bucket, each.copy) === node);
    this.#windows.push({ ...window, backMs: nowMs, ...sessionsKept(own) });
    this.#absences.push(...absences);
    const restart = this.#restarts.pop()!;
    const forgotten = own.filter((absence) => absence.forgotten).length;
    const watchers = { watchersKept: own.length - forgotten, watchersForgotten: forgotten };
    this.#restarts.push({ ...restart, ...watchers, backMs: nowMs, survived });
  }

  /** A watcher was absent for another reason than a restart. */
  miss(absence: Absence): void {
    this.#absences.push(absence);
  }

  /** The absences of a watcher. */
  absencesOf(bucket: number, copy: number): readonly Absence[] {
    if (this.#absences.length === 0 && this.#windows.length === 0) return nothing;
    const { node, fromMs, backMs } = this.#windows.at(-1) ?? {};
    const isAway = backMs === Infinity && node === this.#nodeOf(bucket, copy);
    if (this.#absences.length === 0 && !isAway) return nothing;
    const known = this.#absences.filter((absence) => absence.bucket === bucket && absence.copy === copy);
    return isAway ? [...known, { bucket, copy, fromMs: fromMs!, toMs: Infinity, forgotten: true }] : known;
  }

  /** Whether a watcher was without a connection at some instant of this time. */
  wasAway(bucket: number, copy: number, fromMs: number, toMs: number): boolean {
    if (this.#absences.length === 0 && this.#windows.length === 0) return false;
    return this.absencesOf(bucket, copy).some((absence) => absence.fromMs <= toMs && absence.toMs >= fromMs);
  }

  /**
   * The window that a connection ended in: of one that was made before the broker served again, and ended in it or soon
   * after. A node ends the connections to itself alone.
   */
  endedIn({ connectedMs, node: own }: Life, nowMs: number, noticedWithinMs: number): RestartWindow | undefined {
    const place = this.#restarts.findLastIndex(({ node, servesMs, backMs }) =>
      (node === undefined || node === own) && connectedMs! < servesMs && nowMs <= backMs + noticedWithinMs
    );
    return this.#windows[place];
  }

  /** A life ended with a restart. */
  countLife(sinceMs: number): void {
    const restart = this.#restarts.find(({ fromMs }) => fromMs === sinceMs);
    if (restart !== undefined) restart.lives++;
  }

  /** Counts the will of a life that a restart affected, after its judgement. */
  countWill({ end, node: own }: Life, { expectation }: Judgement, arrivals: readonly (readonly Arrival[])[]): void {
    if (end === undefined) return;
    if (end.mode !== "restart" && (expectation.kind !== "one" || expectation.byMs === undefined)) return;
    const firstMs = firstOf(arrivals);
    if (firstMs === Infinity) return;
    this.#countArrival(end, own, firstMs);
  }

  #countArrival(end: LifeEnd, own: number | undefined, firstMs: number): void {
    const endedMs = end.sinceMs ?? end.doneMs;
    const restart = this.#restarts.find(({ node, backMs }) =>
      endedMs <= backMs && (node === undefined || node === own)
    );
    // The will of a life that has just ended by a kill may have been there before the broker went down.
    if (restart === undefined || firstMs < restart.fromMs) return;
    if (firstMs < restart.servesMs) restart.willsBefore++;
    else restart.willsAfter++;
  }
}

/** The instant of the first arrival at any watcher; Infinity without one. */
function firstOf(arrivals: readonly (readonly Arrival[])[]): number {
  let firstMs = Infinity;
  for (const [first] of arrivals) if (first !== undefined) firstMs = Math.min(firstMs, first.atMs);
  return firstMs;
}

function sessionsKept(absences: readonly Absence[]): { readonly sessionsKept: boolean | undefined } {
  return { sessionsKept: absences.length === 0 ? undefined : absences.every(({ forgotten }) => !forgotten) };
}
