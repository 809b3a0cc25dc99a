/**
 * The counts of a profile's deviations: the lives in which each appeared and could have appeared, and, without a
 * profile, how many faults each known profile describes. Plain sums, so that the tallies of all squads merge into one.
 */
import type { Deviation, Profile } from "../../profiles/profile.ts";
import { profileOf, profiles } from "../../profiles/profiles.ts";
import type { Judgement, OracleRules } from "../oracle/expectation.ts";
import { hasFault } from "../oracle/oracle.ts";
import { deviationOf, type JudgedLife, judgedLife, mayShow } from "../oracle/deviation.ts";
import type { DeviationCounts, DeviationData, ProfileFindings } from "../result/deviation_counts.ts";
import type { FaultName, FaultSample } from "../result/fault_sample.ts";

/** The deviation that describes each fault of a life; faults without one are missing. */
export type Described = Readonly<Partial<Record<FaultName, Deviation>>>;

const nothingDescribed: Described = {};

/** Samples kept of each deviation. */
const samplesKept = 3;

export class DeviationTally {
  readonly #byId = new Map<string, DeviationCounts>();
  readonly #described = new Map<string, number>();

  /** Counts a judged life; returns the deviation of the profile that describes each of its faults. */
  add(
    profile: Profile,
    entry: Pick<JudgedLife, "life" | "othersDueMs">,
    judgement: Judgement,
    rules: OracleRules,
  ): Described {
    const isFaulty = hasFault(judgement);
    if (!isFaulty && profile.deviations.length === 0) return nothingDescribed;
    const judged = judgedLife(entry, judgement, rules);
    for (const deviation of profile.deviations) {
      if (mayShow(deviation, judged)) this.#of(deviation.id).lives++;
    }
    if (!isFaulty) return nothingDescribed;
    const faults = faultsOf(judged);
    if (profile.deviations.length === 0) this.#describe(faults, judged);
    const described: Partial<Record<FaultName, Deviation>> = {};
    for (const { name, count } of faults) {
      const deviation = deviationOf(profile, name, judged);
      if (deviation === undefined) continue;
      this.#of(deviation.id).seen += count;
      described[name] = deviation;
    }
    return described;
  }

  /** Keeps a life that deviates for people, up to a few. */
  keep(id: string, sample: FaultSample): void {
    const { samples } = this.#of(id);
    if (samples.length < samplesKept) samples.push(sample);
  }

  data(): DeviationData {
    return { byId: Object.fromEntries(this.#byId), described: Object.fromEntries(this.#described) };
  }

  merge({ byId, described }: DeviationData): void {
    for (const [id, { lives, seen, samples }] of Object.entries(byId)) {
      const own = this.#of(id);
      own.lives += lives;
      own.seen += seen;
      samples.forEach((sample) => this.keep(id, sample));
    }
    for (const [name, count] of Object.entries(described)) this.#more(name, count);
  }

  #of(id: string): DeviationCounts {
    let counts = this.#byId.get(id);
    if (counts === undefined) this.#byId.set(id, counts = { lives: 0, seen: 0, samples: [] });
    return counts;
  }

  #describe(faults: ReturnType<typeof faultsOf>, judged: JudgedLife): void {
    for (const profile of profiles) {
      const those = faults.filter(({ name }) => deviationOf(profile, name, judged) !== undefined);
      if (those.length > 0) this.#more(profile.name, those.reduce((sum, { count }) => sum + count, 0));
    }
  }

  #more(name: string, count: number): void {
    this.#described.set(name, (this.#described.get(name) ?? 0) + count);
  }
}

function faultsOf({ judgement: { verdict, duplicates, unwanted } }: JudgedLife) {
  const counts: { readonly name: FaultName; readonly count: number }[] = [];
  if (verdict !== undefined && verdict !== "onTime" && verdict !== "unseeable") {
    counts.push({ name: verdict, count: 1 });
  }
  if (duplicates > 0) counts.push({ name: "duplicate", count: duplicates });
  if (unwanted > 0) counts.push({ name: "unwanted", count: unwanted });
  return counts;
}

/** The findings of a profile by its name; undefined without a profile, or for one without deviations. */
export function profileFindings(name: string | undefined, { byId }: DeviationData): ProfileFindings | undefined {
  const profile = profileOf(name ?? "strict");
  if (profile === undefined || profile.deviations.length === 0) return undefined;
  const visible = profile.deviations.filter(({ signs }) => signs.length > 0);
  return {
    name: profile.name,
    broker: profile.broker,
    versions: profile.versions,
    deviations: visible.map(({ id, rules, what, evidence, source }) => ({
      ...{ id, rules, what, evidence, source },
      ...byId[id] ?? { lives: 0, seen: 0, samples: [] },
    })),
  };
}
