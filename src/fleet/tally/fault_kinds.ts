import type { FaultKind, FaultSample } from "../result/fault_sample.ts";

/** Samples kept of each kind. */
const samplesPerKind = 20;

/** The key of a kind. */
type KindName = Pick<FaultKind, "verdict" | "rule">;

/** A kind as it is counted. */
interface OpenKind extends KindName {
  count: number;
  readonly samples: FaultSample[];
}

export class FaultKinds {
  readonly #kinds = new Map<string, OpenKind>();

  /** Counts a fault, as often as it occurred, and keeps it as a sample while its kind has room. */
  keep(sample: FaultSample, count = 1): void {
    const kind = this.#of(sample);
    kind.count += count;
    if (kind.samples.length < samplesPerKind) kind.samples.push(sample);
  }

  /** Adds the faults of another part of the run. */
  merge(kinds: readonly FaultKind[], samples: readonly FaultSample[]): void {
    for (const { count, ...kind } of kinds) this.#of(kind).count += count;
    for (const sample of samples) this.keep(sample, 0);
  }

  /** The most frequent kind first. */
  get kinds(): FaultKind[] {
    return this.#sorted().map(({ verdict, rule, count }) => ({ verdict, rule, count }));
  }

  /** One sample of each kind, the most frequent kind first; then the second sample of each kind, and so on. */
  get samples(): FaultSample[] {
    const kinds = this.#sorted();
    return Array.from({ length: samplesPerKind }, (_, place) => kinds.flatMap(({ samples }) => samples[place] ?? []))
      .flat();
  }

  #of({ verdict, rule }: KindName): OpenKind {
    const name = `${verdict} ${rule}`;
    let kind = this.#kinds.get(name);
    if (kind === undefined) this.#kinds.set(name, kind = { verdict, rule, count: 0, samples: [] });
    return kind;
  }

  #sorted(): OpenKind[] {
    return [...this.#kinds.values()].toSorted(compareKinds);
  }
}

/** The order of kinds that are equally frequent. */
const verdicts: readonly FaultSample["verdict"][] = [
  ...["missing", "late", "early", "altered", "duplicate", "unwanted", "presence"] as const,
];

/** By count; equally frequent kinds have a fixed order, independent of the order of the parts. */
function compareKinds(one: FaultKind, other: FaultKind): number {
  return other.count - one.count || verdicts.indexOf(one.verdict) - verdicts.indexOf(other.verdict) ||
    one.rule.localeCompare(other.rule);
}

/**
 * The kinds of a result whose report, of an earlier version, counted faults without kinds: all faults of a verdict with
 * one kind are of that kind; of others there are at least as many as samples.
 */
export function kindsOfSamples(
  samples: readonly FaultSample[],
  countOf: (verdict: FaultSample["verdict"]) => number,
): FaultKind[] {
  const book = new FaultKinds();
  for (const sample of samples) book.keep(sample);
  return book.kinds.map((kind, _, kinds) => {
    const isOnly = kinds.every((other) => other === kind || other.verdict !== kind.verdict);
    return isOnly ? { ...kind, count: Math.max(kind.count, countOf(kind.verdict)) } : kind;
  }).toSorted(compareKinds);
}
