/**
 * Counts and distributions of judged lives: plain sums, so that the tallies of all squads merge into one.
 */
import type { Histogram } from "../../base/histogram.ts";
import { type Described, DeviationTally } from "./deviation_tally.ts";
import type { Judgement } from "../oracle/expectation.ts";
import { FaultKinds } from "./fault_kinds.ts";
import type { FaultKind, FaultSample, SlowLife } from "../result/fault_sample.ts";
import { GroupTally } from "./group_tally.ts";
import { NodeTally } from "./node_tally.ts";
import { LatencyTally } from "./latency_tally.ts";
import { StormTally } from "./storm_tally.ts";
import { type KillMode, killModes } from "../plan/kill_mode.ts";
import type { Life } from "../life/life.ts";
import { hasFault, modeOf } from "../oracle/oracle.ts";
import { addRemarks, type Remarks } from "../result/remarks.ts";
import type { TallyData } from "../result/tally_data.ts";
import {
  addCounts,
  addSome,
  type ModeCounts,
  noCounts,
  type RedeliveryCounts,
  type SomeWills,
  type TallyMode,
  type WillCounts,
} from "../result/will_counts.ts";

/** Slow lives kept. */
const slowestKept = 20;

/** The counts of a life without a due will and without a fault. */
export const nothingCounted: SomeWills = {};

/** The counts of a life whose will arrived on time, without a fault. */
const countedOnTime: SomeWills = { expected: 1, onTime: 1 };

/** The counts of one judged life; only those that are not 0. Lives without a fault, the most frequent, share them. */
function countsOf(judgement: Judgement, described: Described): SomeWills {
  const { expectation, verdict } = judgement;
  if (hasFault(judgement)) return countsWithFault(judgement, described);
  return expectation.kind === "one" && verdict === "onTime" ? countedOnTime : nothingCounted;
}

function countsWithFault(judgement: Judgement, described: Described): SomeWills {
  const { expectation, verdict, duplicates, unwanted } = judgement;
  const counts: Partial<WillCounts> = {};
  if (duplicates > 0) addSome(counts, { [described.duplicate === undefined ? "duplicate" : "deviating"]: duplicates });
  if (unwanted > 0) addSome(counts, { [described.unwanted === undefined ? "unwanted" : "deviating"]: unwanted });
  if (expectation.kind !== "one" || verdict === undefined || verdict === "unseeable") return counts;
  const isDescribed = verdict !== "onTime" && described[verdict] !== undefined;
  addSome(counts, { expected: 1, [isDescribed ? "deviating" : verdict]: 1 });
  return counts;
}

export class Tally {
  readonly #byMode = new Map<TallyMode, ModeCounts>();
  readonly #latencies = new LatencyTally();
  readonly #faults = new FaultKinds();
  readonly #slowest: SlowLife[] = [];
  readonly deviations = new DeviationTally();
  /** By group, where the plan has groups. */
  readonly groups = new GroupTally();
  /** Wills by the node of the death and the node of the watcher. */
  readonly nodes = new NodeTally();
  readonly missingByQos: [number, number, number] = [0, 0, 0];
  /** The latencies of the broker alone, from the completed kill. */
  readonly brokerLatencies = new LatencyTally();
  readonly storms = new StormTally();
  eitherWay = 0;
  undecided = 0;
  /** Wills that were due during an absence of the watchers, and did not arrive. */
  unseeable = 0;
  /** Actions of the broker that are no fault of a will. */
  remarks: Remarks = {};
  /** Messages that the broker delivered once more under their packet identifiers; undefined for none. */
  redeliveries: RedeliveryCounts | undefined;

  /** Receives each fault, where the run requests them. */
  onFault: ((sample: FaultSample) => void) | undefined;

  /** All latencies from the scheduled instant, of every mode. */
  get latency(): Histogram {
    return this.#latencies.all;
  }

  /** The modes with counts. */
  get modes(): Iterable<TallyMode> {
    return this.#byMode.keys();
  }

  /** The counts of one mode, made on the first request. */
  of(mode: TallyMode): ModeCounts {
    let counts = this.#byMode.get(mode);
    if (counts === undefined) this.#byMode.set(mode, counts = { kills: 0, ...noCounts() });
    return counts;
  }

  /** Counts a message that the broker delivered once more, with the DUP flag or without. */
  countRedelivery(dup: boolean): void {
    const { total, withoutDup } = this.redeliveries ?? { total: 0, withoutDup: 0 };
    this.redeliveries = { total: total + 1, withoutDup: withoutDup + (dup ? 0 : 1) };
  }

  /** Adds an observation that is no fault of a will. */
  remark(remarks: Remarks): void {
    this.remarks = addRemarks(this.remarks, remarks);
  }

  /** Counts a judged life, and returns its counts; a fault that a deviation describes counts as deviating. */
  add(life: Life, judgement: Judgement, described: Described = {}, group?: string): SomeWills {
    const counts = countsOf(judgement, described);
    addSome(this.of(modeOf(life)), counts);
    if (group !== undefined) addSome(this.groups.of(group), counts);
    this.#addRest(life, judgement, described);
    return counts;
  }

  /** Counts what is in no row of a kill mode. */
  #addRest(life: Life, judgement: Judgement, described: Described): void {
    const { expectation, verdict } = judgement;
    if (expectation.kind === "either") this.eitherWay++;
    if (expectation.kind !== "one") return;
    if (verdict === undefined) {
      this.undecided++;
      return;
    }
    if (verdict === "unseeable") {
      this.unseeable++;
      return;
    }
    if (verdict === "missing" && described[verdict] === undefined) this.missingByQos[life.qos]++;
  }

  /** Records a will's way, in milliseconds from the instant at which its kill was due, and from the completed kill. */
  recordLatency(mode: TallyMode, latencyMs: number, brokerMs: number, group?: string): void {
    if (group !== undefined) this.groups.recordLatency(group, latencyMs, brokerMs);
    this.#latencies.record(mode, latencyMs);
    this.brokerLatencies.record(mode, brokerMs);
  }

  /** Counts a fault by its kind, as often as it occurred, and keeps it for people, up to a limit for each kind. */
  keepFault(sample: FaultSample, count = 1): void {
    this.onFault?.(sample);
    this.#faults.keep(sample, count);
  }

  /** Keeps a life whose will arrived on time if it is among the slowest. */
  keepSlow(life: SlowLife): void {
    const full = this.#slowest.length >= slowestKept;
    if (full && life.latencyMs <= this.#slowest.at(-1)!.latencyMs) return;
    if (full) this.#slowest.pop();
    const place = this.#slowest.findLastIndex((other) => other.latencyMs >= life.latencyMs) + 1;
    this.#slowest.splice(place, 0, life);
  }

  /** True when the tally would keep a life with this latency: a caller checks it before it makes the sample. */
  isSlow(latencyMs: number): boolean {
    return this.#slowest.length < slowestKept || latencyMs > this.#slowest.at(-1)!.latencyMs;
  }

  get slowest(): readonly SlowLife[] {
    return this.#slowest;
  }

  /** One sample of each kind, the most frequent kind first; then the further ones in the same order. */
  get faults(): readonly FaultSample[] {
    return this.#faults.samples;
  }

  /** Every kind of fault with its count, the most frequent first. */
  get faultKinds(): readonly FaultKind[] {
    return this.#faults.kinds;
  }

  /** All modes together. */
  total(): WillCounts {
    const sum = noCounts();
    for (const counts of this.#byMode.values()) addCounts(sum, counts);
    return sum;
  }

  /** The modes with counts, in the order of tables; without the row of clients that had no kill. */
  killed(): [KillMode, ModeCounts, Histogram][] {
    return killModes.filter((mode) => this.#byMode.has(mode))
      .map((mode) => [mode, this.of(mode), this.#latencies.of(mode)]);
  }

  /** This tally as plain data. */
  data(): TallyData {
    const groups = this.groups.data();
    const storms = this.storms.data();
    const nodes = this.nodes.data();
    return {
      byMode: Object.fromEntries(this.#byMode),
      latencies: this.#latencies.data(),
      brokerLatencies: this.brokerLatencies.data(),
      ...storms && { storms },
      missingByQos: this.missingByQos,
      eitherWay: this.eitherWay,
      undecided: this.undecided,
      ...this.unseeable > 0 && { unseeable: this.unseeable },
      ...Object.keys(this.remarks).length > 0 && { remarks: this.remarks },
      ...this.redeliveries && { redeliveries: this.redeliveries },
      faults: this.faults,
      faultKinds: this.faultKinds,
      slowest: this.#slowest,
      deviations: this.deviations.data(),
      ...groups.length > 0 && { groups },
      ...nodes.length > 0 && { nodes },
    };
  }

  /** Adds another squad's tally to this one. */
  merge(data: TallyData): void {
    for (const [mode, counts] of Object.entries(data.byMode)) {
      const own = this.of(mode as TallyMode);
      own.kills += counts.kills;
      addCounts(own, counts);
    }
    this.#latencies.merge(data.latencies);
    this.brokerLatencies.merge(data.brokerLatencies ?? {});
    if (data.storms !== undefined) this.storms.merge(data.storms);
    data.missingByQos.forEach((count, qos) => this.missingByQos[qos as 0 | 1 | 2] += count);
    this.eitherWay += data.eitherWay;
    this.undecided += data.undecided;
    this.unseeable += data.unseeable ?? 0;
    if (data.remarks !== undefined) this.remark(data.remarks);
    if (data.redeliveries !== undefined) {
      const { total, withoutDup } = this.redeliveries ?? { total: 0, withoutDup: 0 };
      const more = data.redeliveries;
      this.redeliveries = { total: total + more.total, withoutDup: withoutDup + more.withoutDup };
    }
    this.#faults.merge(data.faultKinds, data.faults);
    data.slowest.forEach((life) => this.keepSlow(life));
    this.deviations.merge(data.deviations);
    this.groups.merge(data.groups ?? []);
    this.nodes.merge(data.nodes ?? []);
  }
}
