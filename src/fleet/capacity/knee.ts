/**
 * The knee of a curve of latency against load: where latency begins to grow faster than load. Of the points between
 * the ends it is the one that lies furthest below the straight line from the first point to the last, with both axes
 * scaled to 0…1.
 */

/** A point of the curve. */
export interface CurvePoint {
  readonly load: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** Fewer points than this make no curve. */
const fewestPoints = 4;
/** A curve that stays this close to the line has no knee. */
const leastDepth = 0.1;

/** The knee; undefined where the curve has none. */
export function kneeOf(points: readonly CurvePoint[]): CurvePoint | undefined {
  const sorted = points.filter(({ p99 }) => Number.isFinite(p99)).toSorted((one, other) => one.load - other.load);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || sorted.length < fewestPoints) return undefined;
  const lowest = Math.min(...sorted.map(({ p99 }) => p99));
  const highest = Math.max(...sorted.map(({ p99 }) => p99));
  if (highest === lowest) return undefined;
  const depthOf = ({ load, p99 }: CurvePoint) => {
    const along = (load - first.load) / (last.load - first.load);
    const line = first.p99 + along * (last.p99 - first.p99);
    return (line - p99) / (highest - lowest);
  };
  const knee = sorted.slice(1, -1).reduce((best, point) => depthOf(point) > depthOf(best) ? point : best);
  return depthOf(knee) < leastDepth ? undefined : knee;
}
