/**
 * The wills of storms over time, and the span of all wills: sums and histograms, so that the tallies of all squads and
 * of all parts of a run merge into one.
 */
import { Histogram } from "../../base/histogram.ts";
import type {
  StormData,
  StormKind,
  StormPoint,
  StormResult,
  StormsData,
  StormsResult,
  UntilMs,
  WillRate,
  WillSpan,
} from "../result/storm_result.ts";

/** Steps of the curve of a storm: one point for each 2 % of the wills. */
const curveSteps = 50;

/** The shares for which a report states the time. */
const shares = { p50: 0.5, p90: 0.9, p99: 0.99, p100: 1 } as const;

/** A storm as it is counted. */
interface OpenStorm {
  readonly kind: StormKind;
  atMs: number;
  lives: number;
  due: number;
  readonly arrivals: Histogram;
}

export class StormTally {
  readonly #byPhase = new Map<number, OpenStorm>();
  #wills = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  /** A storm begins. @param phase the index of its phase in the plan; `atMs` counts from the beginning of the run */
  begin(phase: number, kind: StormKind, atMs: number): void {
    this.#of({ phase, kind, atMs });
  }

  /** A life ended with a storm that has begun. @param afterMs from the storm to the will; undefined for no will */
  count(phase: number, isDue: boolean, afterMs: number | undefined): void {
    const storm = this.#byPhase.get(phase)!;
    storm.lives++;
    if (!isDue) return;
    storm.due++;
    if (afterMs !== undefined) storm.arrivals.record(afterMs);
  }

  /** The will of an ended life arrived, so long after the beginning of the run. */
  arrive(atMs: number): void {
    this.#extend(1, atMs, atMs);
  }

  #extend(wills: number, firstMs: number, lastMs: number): void {
    this.#wills += wills;
    this.#firstMs = Math.min(this.#firstMs, firstMs);
    this.#lastMs = Math.max(this.#lastMs, lastMs);
  }

  #of({ phase, kind, atMs }: Pick<StormData, "phase" | "kind" | "atMs">): OpenStorm {
    let storm = this.#byPhase.get(phase);
    if (storm === undefined) {
      this.#byPhase.set(phase, storm = { kind, atMs, lives: 0, due: 0, arrivals: new Histogram() });
    }
    storm.atMs = Math.min(storm.atMs, atMs);
    return storm;
  }

  /** This tally as plain data; undefined without a storm and a will. */
  data(): StormsData | undefined {
    const each = this.#sorted().map(([phase, { kind, atMs, lives, due, arrivals }]): StormData => ({
      ...{ phase, kind, atMs, lives, due },
      hdr: arrivals.encode(),
    }));
    if (each.length === 0 && this.#wills === 0) return undefined;
    return { each, ...this.#wills > 0 && { span: this.#span() } };
  }

  /** Adds the storms of another squad, or of another part of the run. */
  merge({ each, span }: StormsData): void {
    for (const { lives, due, hdr, ...storm } of each) {
      const own = this.#of(storm);
      own.lives += lives;
      own.due += due;
      own.arrivals.addEncoded(hdr);
    }
    if (span !== undefined) this.#extend(span.wills, span.firstMs, span.lastMs);
  }

  #span(): WillSpan {
    return { wills: this.#wills, firstMs: this.#firstMs, lastMs: this.#lastMs };
  }

  #sorted(): [phase: number, storm: OpenStorm][] {
    return [...this.#byPhase].toSorted(([one], [other]) => one - other);
  }

  /** How fast the wills arrived; undefined where none did. */
  rate(): WillRate | undefined {
    if (this.#wills === 0) return undefined;
    const span = this.#span();
    return { ...span, ...perSecond(span.wills, span.lastMs - span.firstMs) };
  }

  /** The storms in which a life ended; undefined without one. */
  storms(): StormsResult | undefined {
    const each = this.#sorted().filter(([, { lives }]) => lives > 0).map(([phase, storm]) => resultOf(phase, storm));
    if (each.length === 0) return undefined;
    return {
      each,
      due: each.reduce((sum, { due }) => sum + due, 0),
      seen: each.reduce((sum, { seen }) => sum + seen, 0),
      untilMs: slowest(each.filter(({ due }) => due > 0)),
    };
  }
}

function resultOf(phase: number, { kind, atMs, lives, due, arrivals }: OpenStorm): StormResult {
  const seen = arrivals.count;
  return {
    ...{ phase, kind, atMs, lives, due, seen },
    ...perSecond(seen, arrivals.max - arrivals.min),
    untilMs: untilOf(arrivals, due),
    arrivalMs: arrivals.row(),
    curve: curveOf(arrivals, due),
  };
}

/** Wills per second: n arrivals have n − 1 intervals between them. */
function perSecond(wills: number, spanMs: number): { readonly perSecond?: number } {
  return wills < 2 || spanMs <= 0 ? {} : { perSecond: (wills - 1) / spanMs * 1_000 };
}

function untilOf(arrivals: Histogram, due: number): UntilMs {
  return Object.fromEntries(
    Object.entries(shares).flatMap(([name, share]) => {
      const ms = msUntil(arrivals, Math.ceil(share * due));
      return ms === undefined ? [] : [[name, ms]];
    }),
  );
}

/** The time until so many wills had arrived; undefined where fewer arrived, or none was due. */
function msUntil(arrivals: Histogram, wills: number): number | undefined {
  if (wills === 0 || wills > arrivals.count) return undefined;
  // The histogram rounds the count up: half a will less gives the same count in spite of the division.
  return arrivals.percentile((wills - 0.5) / arrivals.count * 100);
}

function curveOf(arrivals: Histogram, due: number): StormPoint[] {
  const { count } = arrivals;
  const points: StormPoint[] = [];
  for (let step = 0; step <= curveSteps; step++) {
    const wills = Math.max(1, Math.ceil(step / curveSteps * count));
    const atMs = msUntil(arrivals, wills);
    if (atMs === undefined) break;
    const point = { atMs, share: wills / due };
    // Of several shares at one instant the largest had arrived.
    if (atMs === points.at(-1)?.atMs) points.pop();
    points.push(point);
  }
  return points;
}

/** The longest time for each share; without those that a storm did not reach. */
function slowest(each: readonly StormResult[]): UntilMs {
  const names = Object.keys(shares) as (keyof UntilMs)[];
  return Object.fromEntries(names.flatMap((name) => {
    const all = each.flatMap(({ untilMs }) => untilMs[name] ?? []);
    return all.length === 0 || all.length < each.length ? [] : [[name, Math.max(...all)]];
  }));
}
