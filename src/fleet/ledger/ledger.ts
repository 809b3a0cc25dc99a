/**
 * The ledger of one squad: every life with the wills that arrived for it. It calls the oracle once a life can be
 * judged, writes the judgement into the tally, and keeps of a judged life only the data that a later arrival needs.
 */
import { Deadlines } from "../../base/deadlines.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { Profile } from "../../profiles/profile.ts";
import { profileOf } from "../../profiles/profiles.ts";
import { strict } from "../../profiles/strict.ts";
import { DelayedDues } from "./delayed_dues.ts";
import { deviationOf, judgedLife } from "../oracle/deviation.ts";
import type { Alteration, Arrival, Judgement, OracleRules } from "../oracle/expectation.ts";
import type { Groups } from "../plan/groups.ts";
import { type LifeRow, lifeRow } from "./life_row.ts";
import {
  afterKill,
  awaitedMs,
  type FindLife,
  isAnswered,
  isTimed,
  type LedgerEntry,
  redeliveryFault,
  type Sighting,
  sightingOf,
  staysLast,
  strayFault,
} from "./ledger_entry.ts";
import { keepSamples } from "./ledger_samples.ts";
import { type Closed, ClosedLives } from "./closed_lives.ts";
import { type Life, readWill, type WillMark } from "../life/life.ts";
import { answersCut, dueBy, expectationOf, judge, modeOf, worst } from "../oracle/oracle.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import { longestWaitOf } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { ProgressMeter } from "./progress_meter.ts";
import { RestartLog, type RestartOutcome } from "./restart_log.ts";
import { StormLog } from "./storm_log.ts";
import { hasOwnPayloads } from "../life/own_payload.ts";
import { entryOf, findEntry, markOf } from "./own_wills.ts";
import { StrayCounts } from "./stray_counts.ts";
import { nothingCounted, Tally } from "../tally/tally.ts";
import { earlyCloseOf } from "../oracle/early_close.ts";
import { compareWill, type SeenWill, unaltered } from "../oracle/will_compare.ts";
import type { SomeWills, TallyMode } from "../result/will_counts.ts";

/** A will earlier than its due instant by more than this is early: the rounding of a timer is not. */
const earlyBeforeMs = 20;

/** Past the instant from which a will is late, a life that was answered waits so long for duplicates, then is closed. */
const closeAfterMs = 2_000;

/** The empty list of arrivals, which most lives share. */
const nothing: readonly Arrival[] = [];

export class Ledger {
  readonly tally = new Tally();
  /** The broker's restarts; the ledger judges no life that one under way concerns. */
  readonly restarts: RestartLog;
  readonly #strays = new StrayCounts();
  readonly storms: StormLog;
  /** Receives the latency of each will at its arrival: from the scheduled kill, and from the completed one. */
  onLatency: (latencyMs: number, mode: TallyMode, brokerMs: number) => void = () => {};
  /** Receives the counts of a judged life, or of a will without one, and the instant at which they belong. */
  onCounts: (atMs: number, counts: SomeWills) => void = () => {};
  findLife: FindLife = (packet) => readWill(this.#plan, packet);
  /** Receives each will that arrives, and its differences from the requested one. */
  onSighting: (sighting: Sighting, altered: readonly Alteration[], addsExpiry: boolean) => void = () => {};
  /** Receives each message that the broker delivers once more. */
  onRedelivery: (sighting: Sighting) => void = () => {};
  /** Receives each judged life, where the run requests every life. */
  onLife: ((row: LifeRow) => void) | undefined;
  /** Counts for the metrics of the run, where a view requests them. */
  meter: ProgressMeter | undefined;
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #originMs: number;
  readonly #copies: number;
  readonly #rules: OracleRules;
  /** By client, its lives with an open entry in their order; the ledger judged older ones long ago. */
  readonly #open = new Map<number, LedgerEntry[]>();
  /** Lives that ended, and whose will has not reached every watcher. */
  readonly #unanswered = new Set<LedgerEntry>();
  readonly #closed = new ClosedLives();
  /** The last closed life of each client; only where payloads are the user's own. */
  readonly #lastClosed = new Map<number, number>();
  readonly #toClose = new Deadlines<LedgerEntry>();
  /** Lives that ended during a broker restart. */
  readonly #held: LedgerEntry[] = [];
  /** The last will seen on each topic, where wills are retained: a late subscriber must find it. */
  readonly #retained = new Map<string, WillMark>();
  #seen = 0;
  #lastDueMs = -Infinity;
  readonly #profile: Profile;
  readonly #delayedDues = new DelayedDues();

  /** @param originMs the run's beginning, from which timelines count */
  constructor(plan: FleetPlan, groups: Groups, originMs = 0) {
    this.#plan = plan;
    this.#groups = groups;
    this.#originMs = originMs;
    this.#copies = plan.fanOut;
    this.storms = new StormLog(plan, originMs, this.tally.storms);
    this.restarts = new RestartLog((bucket, copy) => watcherNodeOf(plan, bucket, copy));
    this.#rules = { lateAfterMs: plan.lateAfterMs, earlyBeforeMs, restarts: this.restarts.windows };
    this.#profile = profileOf(plan.profile ?? strict.name) ?? strict;
  }

  get rules(): OracleRules {
    return this.#rules;
  }

  /** The number of wills seen so far, one for each watcher that received one. */
  get seen(): number {
    return this.#seen;
  }

  /** The last will seen on each topic; empty unless wills are retained. */
  get lastOnTopic(): ReadonlyMap<string, WillMark> {
    return this.#retained;
  }

  /** Opens an account for a life that is about to begin. */
  begin(life: Life): void {
    const arrivals = this.#copies === 1 ? [nothing] : new Array<readonly Arrival[]>(this.#copies).fill(nothing);
    const entry: LedgerEntry = { life, arrivals, othersDueMs: -Infinity };
    const lives = this.#open.get(life.client);
    if (lives === undefined) this.#open.set(life.client, [entry]);
    else lives.push(entry);
  }

  /** A client is connected for the first time. */
  countClient(client: number): void {
    const group = this.#groupOf(client);
    if (group !== undefined) this.tally.groups.of(group).connected++;
  }

  /** A late subscriber found a retained state that is wrong. */
  countWrongState(client: number): void {
    const group = this.#groupOf(client);
    if (group !== undefined) this.tally.groups.of(group).presenceWrong++;
  }

  /** The name of a client's group; undefined where the plan has no groups. */
  #groupOf(client: number | undefined): string | undefined {
    if (this.#plan.groups === undefined || client === undefined) return undefined;
    return this.#groups.nameOf(this.#groups.indexOf(client));
  }

  /** A life has ended: from now on its will may be due. */
  end(life: Life): void {
    const entry = entryOf(this.#open, life.client, life.incarnation);
    if (entry === undefined) return;
    this.meter?.end(entry);
    if (!isAnswered(entry)) this.#unanswered.add(entry);
    const { mode, sinceMs } = life.end!;
    const group = this.#groupOf(life.client);
    if (mode !== "lost") this.tally.of(mode).kills++;
    if (mode !== "lost" && group !== undefined) this.tally.groups.of(group).kills++;
    if (mode === "restart") this.restarts.countLife(sinceMs!);
    // Its due instant is unknown until the broker is back.
    if (this.restarts.holds(life)) this.#held.push(entry);
    else this.#await(entry);
  }

  #await(entry: LedgerEntry, fromMs = -Infinity): void {
    const dueMs = Math.max(awaitedMs(entry.life, this.#rules), fromMs);
    this.#waitFor(entry.life, dueMs);
    this.#toClose.add(dueMs + this.#rules.lateAfterMs + closeAfterMs, entry);
    this.#delayedDues.add(entry.life.delayS, dueMs);
  }

  /** The client of an ended life has reconnected: a broker may drop a will that has not arrived by now. */
  back(life: Life): void {
    const entry = entryOf(this.#open, life.client, life.incarnation);
    if (entry !== undefined) this.#noteOthers(entry);
  }

  #noteOthers(entry: LedgerEntry): void {
    if (entry.othersDueMs === -Infinity) entry.othersDueMs = this.#delayedDues.lastMs(entry.life.delayS);
  }

  /** The broker is back and the watchers are subscribed: open wills have a new due instant. */
  restartEnds(nowMs: number, outcome: RestartOutcome): void {
    this.restarts.end(nowMs, outcome);
    for (const entry of this.#held.splice(0)) this.#await(entry, nowMs);
    for (const lives of this.#open.values()) {
      for (const { life } of lives) if (life.end !== undefined) this.postpone(life);
    }
  }

  /** The fleet found that a life ended later than it had noted, and so its will is due later. */
  postpone(life: Life): void {
    if (this.restarts.holds(life)) return;
    this.#waitFor(life, awaitedMs(life, this.#rules));
  }

  /** The ledger does not wait for a will that is due too long after its client's end: only an early one may arrive. */
  #waitFor({ end }: Life, dueMs: number): void {
    const waitsMs = dueMs - end!.doneMs;
    this.#lastDueMs = Math.max(this.#lastDueMs, waitsMs > longestWaitOf(this.#plan) ? end!.doneMs : dueMs);
  }

  /**
   * A watcher received a will. Returns its life, if any.
   *
   * @param copy the number of the watcher among those that receive the same wills, from 0
   * @param seen the packet, and the watcher's expectations of it
   * @param sinceMs the instant since which it may have waited here unread
   * @param owner the client on whose topic it is, where payloads are the user's own
   */
  arrive(
    packet: PublishPacket,
    copy: number,
    seen: SeenWill,
    nowMs: number,
    sinceMs = nowMs,
    owner?: number,
  ): Life | undefined {
    const sighting = sightingOf(this.findLife, packet, copy, nowMs, sinceMs, owner);
    const entry = findEntry(sighting, this.#open, this.#groups, this.#rules);
    if (entry === undefined) return this.#see(sighting, entry, unaltered);
    const { life } = entry;
    return this.#see(sighting, entry, compareWill(this.#groups.planOf(life.client), life, packet, seen));
  }

  /** The same for a will without its bytes: `alteredFrom` returns the differences from a life's requested will. */
  see(seen: Sighting, alteredFrom: (life: Life) => readonly Alteration[]): Life | undefined {
    const entry = findEntry(seen, this.#open, this.#groups, this.#rules);
    return this.#see(seen, entry, entry === undefined ? unaltered : alteredFrom(entry.life));
  }

  #see(seen: Sighting, entry: LedgerEntry | undefined, altered: readonly Alteration[]): Life | undefined {
    const { topic, copy } = seen;
    const mark = markOf(seen, entry, this.#lastClosed);
    // An earlier run left a retained message on the topic; a subscription of 3.1.1 cannot exclude it.
    if (mark === undefined && seen.owner !== undefined && seen.retain && seen.version === 4) return undefined;
    this.#seen++;
    if (mark !== undefined && staysLast(this.#groups.planOf(mark.client))) this.#retained.set(topic, mark);
    const sighting = afterKill(seen.mark === mark ? seen : { ...seen, mark }, entry?.life.end, earlyBeforeMs);
    const { atMs, sinceMs } = sighting;
    // A will of 5.0 always requests an expiry here, one of 3.1.1 cannot: 5.0, section 3.3.2.3.3.
    const addsExpiry = sighting.expires && entry?.life.version === 4;
    this.onSighting(sighting, altered, addsExpiry);
    if (entry !== undefined) {
      if (addsExpiry) this.tally.remark({ addedExpiries: 1 });
      this.#note(entry, copy, { atMs, sinceMs, altered });
      return entry.life;
    }
    const closed = this.#closed.of(mark);
    // Each of several watchers receives it, or some of them: the ledger counts it once.
    if (this.#strays.isFirst(sighting)) this.#noteAfterClose(closed, sighting);
    return undefined;
  }

  /** A watcher received a message once more: that is no second will, and its DUP flag must be set. */
  redelivered(sighting: Sighting): void {
    this.onRedelivery(sighting);
    const { mark, dup } = sighting;
    this.tally.countRedelivery(dup);
    if (dup) return;
    const open = mark && entryOf(this.#open, mark.client, mark.incarnation);
    const closed = this.#closed.of(mark);
    this.tally.keepFault(redeliveryFault(sighting, open === undefined ? closed?.mode ?? "alive" : modeOf(open.life)));
  }

  #note(entry: LedgerEntry, copy: number, arrival: Arrival): void {
    const before = entry.arrivals[copy]!;
    entry.arrivals[copy] = before.length === 0 ? [arrival] : [...before, arrival];
    if (before.length > 0) return;
    if (isAnswered(entry)) this.#unanswered.delete(entry);
    this.#noteOthers(entry);
    const expectation = expectationOf(entry.life, this.#rules);
    if (expectation.kind !== "one" || !isTimed(entry.life, expectation)) return;
    if (this.restarts.wasAway(entry.life.bucket, copy, expectation.dueMs, arrival.atMs)) return;
    if (answersCut(entry.life, arrival, expectation, this.#rules)) return;
    const latencyMs = arrival.atMs - expectation.latencyFromMs;
    const mode = modeOf(entry.life);
    const brokerMs = arrival.atMs - expectation.dueMs;
    this.tally.recordLatency(mode, latencyMs, brokerMs, this.#groupOf(entry.life.client));
    this.onLatency(latencyMs, mode, brokerMs);
  }

  #noteAfterClose(closed: Closed | undefined, sighting: Sighting): void {
    if (closed?.allowed === true) {
      this.#closed.set(sighting.mark!, closed.mode, closed.due, false);
      return;
    }
    const fault = closed?.due === true ? "duplicate" : "unwanted";
    this.tally.of(closed?.mode ?? "alive")[fault]++;
    this.onCounts(sighting.atMs, { [fault]: 1 });
    if (this.#plan.groups !== undefined) this.tally.groups.of(this.#groupOf(sighting.mark?.client))[fault]++;
    this.tally.keepFault(strayFault(sighting, closed));
  }

  /** When the next entry may be complete. */
  get nextCloseMs(): number {
    return this.#toClose.nextMs;
  }

  /** Judges and closes each entry that is complete: wills that arrived, and lives whose will was never due. */
  settle(nowMs: number): void {
    if (this.restarts.pauses) return;
    for (let entry = this.#toClose.takeDue(nowMs); entry !== undefined; entry = this.#toClose.takeDue(nowMs)) {
      const judgement = this.#judge(entry, nowMs);
      const { expectation, verdict } = judgement;
      // A missing will may still arrive; the ledger judges it at the end.
      if (verdict === "missing" || verdict === "unseeable") continue;
      // While a node is down, its watchers may have to wait for the will.
      if (this.restarts.underWay && (this.restarts.holds(entry.life) || !isAnswered(entry))) this.#held.push(entry);
      else if (expectation.kind === "one" && dueBy(expectation) + this.#rules.lateAfterMs >= nowMs) {
        this.#toClose.add(dueBy(expectation) + this.#rules.lateAfterMs + closeAfterMs, entry);
      } else this.#close(entry, judgement, nowMs);
    }
  }

  /** Judges all open entries and closes the records. */
  close(nowMs: number): void {
    for (const lives of [...this.#open.values()]) {
      for (const entry of [...lives]) this.#close(entry, this.#judge(entry, nowMs), nowMs);
    }
  }

  /** The latest instant at which a will that is waited for was, is or would be due; -Infinity when no life has ended. */
  get lastDueMs(): number {
    return this.#lastDueMs;
  }

  /** Whether a life that has ended lacks a will, due or not. */
  get isOpen(): boolean {
    return this.#unanswered.size > 0;
  }

  /** The number of lives that wait for a will that has not reached every watcher. */
  waiting(): number {
    let count = 0;
    for (const { life } of this.#unanswered) if (expectationOf(life, this.#rules).kind === "one") count++;
    return count;
  }

  /** The number of lives that have waited for their will until past the instant from which it is late. */
  overdue(nowMs: number): number {
    let count = 0;
    for (const entry of this.#unanswered) {
      const judgement = this.#judge(entry, nowMs);
      if (judgement.verdict !== "missing") continue;
      const judged = judgedLife(entry, judgement, this.#rules);
      if (deviationOf(this.#profile, "missing", judged) === undefined) count++;
    }
    return count;
  }

  #judge(entry: LedgerEntry, nowMs: number): Judgement {
    return this.#copies === 1 ? this.#judgeAt(entry, 0, nowMs) : worst(this.#judgeEach(entry, nowMs));
  }

  /** By the arrivals at each of the watchers. */
  #judgeEach(entry: LedgerEntry, nowMs: number): Judgement[] {
    return entry.arrivals.map((_, copy) => this.#judgeAt(entry, copy, nowMs));
  }

  #judgeAt({ life, arrivals }: LedgerEntry, copy: number, nowMs: number): Judgement {
    return judge(life, arrivals[copy]!, this.#rules, nowMs, this.restarts.absencesOf(life.bucket, copy));
  }

  /** A will counts at its due instant; an early will, and one that was not due, count at their arrival. */
  #countAt({ end }: Life, { expectation, verdict, stray, answer }: Judgement, counts: SomeWills): void {
    if (counts === nothingCounted) return;
    // The due instant of an undecided or early will may lie years after the run.
    const wasDue = expectation.kind === "one" && verdict !== undefined && verdict !== "early";
    const atMs = wasDue ? expectation.dueMs : stray?.atMs ?? answer?.atMs ?? end?.doneMs;
    if (atMs !== undefined) this.onCounts(atMs, counts);
  }

  #close(entry: LedgerEntry, judgement: Judgement, nowMs: number): void {
    const { life, arrivals } = entry;
    if (this.#plan.nodes !== undefined) this.tally.nodes.close(this.#plan, life, this.#judgeEach(entry, nowMs));
    const described = this.tally.deviations.add(this.#profile, entry, judgement, this.#rules);
    const counts = this.tally.add(life, judgement, described, this.#groupOf(life.client));
    this.#countAt(life, judgement, counts);
    keepSamples(this.tally, this.#plan, entry, judgement, described, this.#originMs);
    this.onLife?.(lifeRow(this.#plan, this.#groups, life, arrivals, judgement, this.#originMs));
    this.restarts.countWill(life, judgement, arrivals);
    this.storms.close(life, judgement, arrivals);
    const early = earlyCloseOf(life, this.#rules);
    if (early !== undefined) this.tally.remark(early);
    const { kind } = judgement.expectation;
    const allowed = kind === "either" && arrivals[0]!.length === 0;
    this.#closed.set(life, modeOf(life), kind !== "none", allowed);
    if (hasOwnPayloads(this.#plan)) this.#lastClosed.set(life.client, life.incarnation);
    this.#unanswered.delete(entry);
    this.meter?.close(entry, judgement);
    const lives = this.#open.get(life.client)!;
    if (lives.length === 1) this.#open.delete(life.client);
    else if (lives[0] === entry) lives.shift();
    else lives.splice(lives.indexOf(entry), 1);
  }
}
