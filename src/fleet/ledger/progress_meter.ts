/**
 * Counts for the metrics of a run in progress beside the tally: open wills, and times by range. The ledger has one only
 * where a view requests the detail, so that other runs do not pay for it.
 */
import { Histogram } from "../../base/histogram.ts";
import type { Judgement, OracleRules } from "../oracle/expectation.ts";
import { dueBy, expectationOf, modeOf } from "../oracle/oracle.ts";
import type { DueVerdict, ModeDetail, ProgressDetail } from "../result/progress_detail.ts";
import type { TallyMode } from "../result/will_counts.ts";
import { LatencyBuckets } from "../tally/latency_buckets.ts";
import type { Tally } from "../tally/tally.ts";
import type { LedgerEntry } from "./ledger_entry.ts";

/** The counts of one mode that the tally does not have. */
interface OpenMode {
  due: number;
  unseeable: number;
  undecided: number;
  optional: number;
  readonly latency: LatencyBuckets;
  readonly brokerLatency: LatencyBuckets;
}

/** A histogram whose times are counted by range too. */
class RangedHistogram extends Histogram {
  readonly #buckets: LatencyBuckets;

  constructor(buckets: LatencyBuckets) {
    super();
    this.#buckets = buckets;
  }

  override record(ms: number): void {
    super.record(ms);
    this.#buckets.record(ms);
  }
}

export class ProgressMeter {
  readonly #modes = new Map<TallyMode, OpenMode>();
  /** Lives that ended and have no judgement. */
  readonly #ended = new Set<LedgerEntry>();
  /** Of these, the lives whose will has become due. */
  readonly #due = new Set<LedgerEntry>();
  readonly #connects = new LatencyBuckets();
  readonly #slip = new LatencyBuckets();
  readonly connects = new RangedHistogram(this.#connects);
  readonly slip = new RangedHistogram(this.#slip);

  #of(mode: TallyMode): OpenMode {
    let counts = this.#modes.get(mode);
    if (counts === undefined) {
      const latencies = { latency: new LatencyBuckets(), brokerLatency: new LatencyBuckets() };
      this.#modes.set(mode, counts = { due: 0, unseeable: 0, undecided: 0, optional: 0, ...latencies });
    }
    return counts;
  }

  /** A will arrived. */
  recordLatency(latencyMs: number, mode: TallyMode, brokerMs: number): void {
    const { latency, brokerLatency } = this.#of(mode);
    latency.record(latencyMs);
    brokerLatency.record(brokerMs);
  }

  /** A life has ended. */
  end(entry: LedgerEntry): void {
    this.#ended.add(entry);
  }

  /** The ledger has judged a life. */
  close(entry: LedgerEntry, { expectation, verdict }: Judgement): void {
    const counts = this.#of(modeOf(entry.life));
    this.#ended.delete(entry);
    const wasDue = this.#due.delete(entry);
    if (expectation.kind !== "one") {
      if (wasDue) counts.optional++;
      return;
    }
    if (!wasDue) counts.due++;
    if (verdict === "unseeable") counts.unseeable++;
    if (verdict === undefined) counts.undecided++;
  }

  /** Finds the wills that have become due since the last call. */
  #findDue(rules: OracleRules, nowMs: number): void {
    for (const entry of this.#ended) {
      if (this.#due.has(entry)) continue;
      const expectation = expectationOf(entry.life, rules);
      if (expectation.kind !== "one" || dueBy(expectation) > nowMs) continue;
      this.#due.add(entry);
      this.#of(modeOf(entry.life)).due++;
    }
  }

  /**
   * The counts so far.
   *
   * @param rules undefined while the broker restarts: the due instants are unknown then
   */
  byMode(tally: Tally, rules: OracleRules | undefined, nowMs: number): ProgressDetail["byMode"] {
    if (rules !== undefined) this.#findDue(rules, nowMs);
    const open = new Map<TallyMode, number>();
    for (const { life } of this.#due) open.set(modeOf(life), (open.get(modeOf(life)) ?? 0) + 1);
    const modes = new Set([...this.#modes.keys(), ...tally.modes]);
    return Object.fromEntries([...modes].map((mode) => [mode, this.#detail(tally, mode, open.get(mode) ?? 0)]));
  }

  #detail(tally: Tally, mode: TallyMode, open: number): ModeDetail {
    const { kills, expected, duplicate, unwanted, ...counts } = tally.of(mode);
    const { onTime, late, early, missing, altered } = counts;
    const { due, unseeable, undecided, optional, latency, brokerLatency } = this.#of(mode);
    // The tally counts a described duplicate as deviating too; it is no verdict of a will that was due.
    const deviating = expected - onTime - late - early - missing - altered;
    const verdicts: Record<DueVerdict, number> = {
      ...{ onTime, late, early, missing, altered, deviating, unseeable, undecided, optional },
    };
    const surplus = { duplicate, unwanted, deviating: counts.deviating - deviating };
    const times = { latency: latency.data(), brokerLatency: brokerLatency.data() };
    return { kills, due, open, verdicts, surplus, ...times };
  }

  /** The times by range. */
  times(): Pick<ProgressDetail, "connects" | "slip"> {
    return { connects: this.#connects.data(), slip: this.#slip.data() };
  }
}
