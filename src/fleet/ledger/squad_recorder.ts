/**
 * Every finding of one squad, and its result from them: a run calls this as events happen, a recording's replay at
 * their recorded instants, so that equal events get equal judgements. It notes each event where a recording is
 * requested.
 */
import { Histogram } from "../../base/histogram.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { CanarySight } from "../result/canary_counts.ts";
import type { FaultSample } from "../result/fault_sample.ts";
import type { Groups } from "../plan/groups.ts";
import { CanaryLog, type CanaryWill, killedCanary } from "./canary_log.ts";
import type { FoundWill, RetainedCounts } from "../result/retained_counts.ts";
import { countRetained } from "../oracle/retained_rule.ts";
import { Ledger } from "./ledger.ts";
import { type Sighting, sightingOf } from "./ledger_entry.ts";
import { type Life, willQosOf } from "../life/life.ts";
import { ClientEvents } from "./client_events.ts";
import type { Alteration } from "../oracle/expectation.ts";
import { phasesDurationMs } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { PresenceAuditor } from "./presence_auditor.ts";
import { ProgressMeter } from "./progress_meter.ts";
import type { ProgressDetail } from "../result/progress_detail.ts";
import type { Note } from "../recording/record_event.ts";
import type { RestartOutcome } from "./restart_log.ts";
import type { Absence } from "../result/restart_result.ts";
import type { Progress } from "../result/result.ts";
import type { SquadPhase } from "../result/run_phase.ts";
import type { Order } from "../schedule/schedule.ts";
import { SparkplugAuditor } from "./sparkplug_auditor.ts";
import { Series, type SeriesCounts } from "../tally/series.ts";
import type { SquadResult } from "../result/squad_task.ts";
import { PhaseClock } from "../tally/stages.ts";
import type { TelemetryCounts } from "../result/telemetry_result.ts";
import { compareWill, type SeenWill } from "../oracle/will_compare.ts";

/** The watcher that saw a message. */
interface SeeingWatcher {
  /** The number of the watcher among those of its bucket, from 0. */
  readonly post: { readonly copy: number };
  readonly seen: SeenWill;
}

/** The lengths that only the squad knows. */
interface PhaseTimes {
  /** The length of all phases of the plan. */
  readonly killMs: number;
  /** When the clients have to connect; undefined for at once. */
  readonly connectAtMs?: number | undefined;
}

export class SquadRecorder {
  readonly ledger: Ledger;
  readonly lives: ClientEvents;
  /** Where any clients publish their presence. */
  readonly presence: PresenceAuditor | undefined;
  /** Where the clients are edge nodes of Sparkplug. */
  readonly sparkplug: SparkplugAuditor | undefined;
  /** How long each CONNECT took, from the dial to CONNACK. */
  readonly connects: Histogram;
  readonly #meter: ProgressMeter | undefined;
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #note: Note | undefined;
  readonly #series: Series;
  readonly #instants: PhaseClock;
  readonly #canaries: CanaryLog;
  readonly #found = new Map<string, FoundWill>();
  #phase: SquadPhase = "watch";
  #phaseFromMs = 0;
  #killsAsked = 0;
  #killMs = 0;
  #rampMs = 0;
  #longestStallMs = 0;
  #telemetrySent = 0;
  readonly #load: Record<string, TelemetryCounts> = {};
  #retained: RetainedCounts | undefined;
  #voidReason: string | undefined;
  /** When the run became void: after it no watcher is certain to receive wills. */
  #voidMs = Infinity;
  #interrupted = false;

  /**
   * @param originMs the run's beginning, from which timelines and the series count
   * @param detailed whether the progress has the counts for metrics
   */
  constructor(plan: FleetPlan, groups: Groups, originMs: number, note?: Note, detailed = false) {
    this.#plan = plan;
    this.#groups = groups;
    this.#note = note;
    this.ledger = new Ledger(plan, groups, originMs);
    this.#meter = detailed ? new ProgressMeter() : undefined;
    this.ledger.meter = this.#meter;
    this.connects = this.#meter?.connects ?? new Histogram();
    this.lives = new ClientEvents(this.ledger, note, this.#meter?.slip);
    this.#canaries = new CanaryLog(plan, groups, this.ledger, originMs);
    this.#series = new Series(originMs, phasesDurationMs(plan));
    this.#instants = new PhaseClock(originMs);
    this.ledger.onLatency = (latencyMs, mode, brokerMs) => {
      this.#series.recordLatency(latencyMs, mode, brokerMs);
      this.#meter?.recordLatency(latencyMs, mode, brokerMs);
    };
    this.ledger.onCounts = (atMs, counts) => this.#series.count(atMs, counts);
    if (groups.plans.some(({ presence }) => presence)) {
      const { rules, tally } = this.ledger;
      const keepFault = (fault: FaultSample) => tally.keepFault(fault);
      const onWrong = (client: number) => this.ledger.countWrongState(client);
      this.presence = new PresenceAuditor({ plan, groups, rules, originMs, keepFault, onWrong }, note);
    }
    if (plan.sparkplug) {
      const auditor = new SparkplugAuditor(plan, (fault) => this.ledger.tally.keepFault(fault), note);
      this.sparkplug = auditor;
      this.ledger.findLife = (packet) => auditor.lifeOf(packet);
    }
    if (note !== undefined) this.#noteSightings(note);
  }

  #noteSightings(note: Note): void {
    this.ledger.onRedelivery = ({ copy, topic, mark, version, qos, dup, atMs }) => {
      const whose = mark && { client: mark.client, life: mark.incarnation };
      note("redelivery", atMs, { copy, topic, ...whose, version, qos, dup });
    };
    this.ledger.onSighting = (sighting, altered, addsExpiry) => {
      const { copy, topic, mark, version, qos, retain, dup, atMs, sinceMs } = sighting;
      note("will", atMs, {
        ...{ copy, topic, ...mark && { client: mark.client, life: mark.incarnation } },
        ...{ version, qos, retain, dup, ...addsExpiry && { addsExpiry }, ...sinceMs !== atMs && { sinceMs } },
        ...altered.length > 0 && { altered: [...altered] },
      });
    };
  }

  get phase(): SquadPhase {
    return this.#phase;
  }

  get phaseFromMs(): number {
    return this.#phaseFromMs;
  }

  get voidReason(): string | undefined {
    return this.#voidReason;
  }

  /** The next phase begins. */
  enter(phase: SquadPhase, nowMs: number): void {
    if (this.#phase === "kill" && phase === "drain") this.#killMs = nowMs - this.#phaseFromMs;
    [this.#phase, this.#phaseFromMs] = [phase, nowMs];
    this.#instants.enter(phase, nowMs);
    this.#note?.("phase", nowMs, { phase });
  }

  /** Resets the start time of the phase to now. */
  wait(nowMs: number): void {
    this.#phaseFromMs = nowMs;
  }

  /** The last client of the ramp is connected. */
  ramped(nowMs: number): void {
    this.#rampMs = nowMs - this.#phaseFromMs;
    this.#note?.("ready", nowMs, {});
  }

  /** The schedule requests a kill, or the return of a client. */
  order(order: Order, nowMs: number): void {
    const { atMs: plannedMs } = order;
    if ("step" in order) return;
    if ("comeBack" in order) return this.#note?.("call", nowMs, { client: order.comeBack, plannedMs });
    this.#killsAsked++;
    this.ledger.storms.order(plannedMs, this.#phaseFromMs + plannedMs);
    this.#note?.("order", nowMs, { client: order.client, mode: order.mode, plannedMs });
  }

  /** The broker, or this node of it, is about to stop: connections that end from now on may end with it. */
  goDown(nowMs: number, node?: number): void {
    this.ledger.restarts.begin(nowMs, node);
    this.#note?.("down", nowMs, node === undefined ? {} : { node });
    if (node !== undefined) return;
    this.ledger.storms.goDown(nowMs);
    this.#instants.goDown(nowMs);
  }

  /** The schedule has paused for so long, until a node was back. */
  hold(ms: number, nowMs: number): void {
    this.#phaseFromMs += ms;
    this.#instants.hold(ms, nowMs);
    this.#note?.("held", nowMs, { ms });
  }

  /** The broker serves again; the watchers are on their way. */
  serves(nowMs: number): void {
    this.ledger.restarts.serve(nowMs);
    this.#note?.("serves", nowMs, {});
  }

  /** The watchers are subscribed again: the kills continue from their pause. */
  comeBack({ absences, survived }: RestartOutcome, nowMs: number): void {
    const { node, fromMs } = this.ledger.restarts.windows.at(-1)!;
    if (node === undefined) this.#phaseFromMs += nowMs - fromMs;
    if (node === undefined) this.#instants.comeBack(nowMs);
    this.ledger.restartEnds(nowMs, { absences, survived });
    for (const { bucket, copy, toMs, forgotten, atQos0 = false } of absences) {
      this.#note?.("absent", nowMs, { bucket, copy, toMs, forgotten, ...atQos0 && { atQos0 } });
    }
    this.#note?.("up", nowMs, { survived });
  }

  /** Judges each life that is complete by now. */
  settle(nowMs: number): void {
    this.ledger.settle(nowMs);
    this.#series.advance(this.#seriesCounts, nowMs);
    this.#note?.("settle", nowMs, {});
  }

  /** The length of a delay of this thread. */
  stall(ms: number, nowMs: number): void {
    if (ms <= this.#longestStallMs) return;
    this.#longestStallMs = ms;
    this.#note?.("stall", nowMs, { ms });
  }

  /** A watcher received a will; returns its life, if any. */
  see(watcher: SeeingWatcher, packet: PublishPacket, nowMs: number, sinceMs: number, owner?: number): Life | undefined {
    const { post: { copy }, seen } = watcher;
    if (this.sparkplug === undefined) return this.ledger.arrive(packet, copy, seen, nowMs, sinceMs, owner);
    const sighting = sightingOf(this.ledger.findLife, packet, copy, nowMs, sinceMs);
    return this.seeWill(sighting, (life) => compareWill(this.#groups.planOf(life.client), life, packet, seen));
  }

  /** The same for a will without its bytes. */
  seeWill(sighting: Sighting, alteredFrom: (life: Life) => readonly Alteration[]): Life | undefined {
    const { mark, copy, atMs } = sighting;
    if (this.sparkplug?.takesOwnDeath(mark, copy, atMs)) return undefined;
    let altered: readonly Alteration[] = [];
    const life = this.ledger.see(sighting, (life) => altered = alteredFrom(life));
    this.sparkplug?.seeDeath(sighting, altered, life);
    return life;
  }

  /** A watcher saw the will of a canary. */
  canaryWill(will: CanaryWill, nowMs: number, sinceMs: number): void {
    const { client, copy, altered } = will;
    this.#canaries.see(will, nowMs, sinceMs);
    this.#note?.("proof", nowMs, {
      ...{ client, copy },
      ...sinceMs !== nowMs && { sinceMs },
      ...altered.length > 0 && { altered: [...altered] },
    });
  }

  /** The broker delivered a message to a watcher once more. */
  redelivered(watcher: SeeingWatcher, packet: PublishPacket, nowMs: number): void {
    this.ledger.redelivered(sightingOf(this.ledger.findLife, packet, watcher.post.copy, nowMs, nowMs));
  }

  /** A watcher receives no more, for good: the messages since its last packet are unknown. */
  blind({ bucket, copy, fromMs }: Pick<Absence, "bucket" | "copy" | "fromMs">, nowMs: number): void {
    this.ledger.restarts.miss({ bucket, copy, fromMs, toMs: Infinity, forgotten: true });
    this.#note?.("blind", nowMs, { bucket, copy, fromMs });
  }

  /** A canary is over. */
  canaryOver(seen: CanarySight, killed: ReturnType<typeof killedCanary>, nowMs: number): void {
    this.#canaries.take(seen, killed, nowMs);
    this.#note?.("control", nowMs, { seen, ...killed });
  }

  /** A late subscriber found a retained message. */
  find(topic: string, found: FoundWill, nowMs: number): void {
    const { mark, retain } = found;
    this.#found.set(topic, found);
    this.#note?.("found", nowMs, { topic, ...mark && { client: mark.client, life: mark.incarnation }, retain });
  }

  /** The late subscriber has looked. */
  looked(nowMs: number): void {
    this.#retained = countRetained(
      this.ledger.lastOnTopic,
      this.#found,
      ({ client, incarnation }) => willQosOf(this.#groups.planOf(client), client, incarnation),
    );
    this.#note?.("looked", nowMs, {});
  }

  /** The run is void; the result has the first reason. */
  makeVoid(text: string, nowMs: number): void {
    if (this.#voidReason !== undefined) return;
    this.#voidReason = text;
    this.#voidMs = nowMs;
    this.#note?.("void", nowMs, { text });
  }

  /** The run is to end early. */
  interrupt(nowMs: number): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#note?.("interrupted", nowMs, {});
  }

  /** The number of messages that one group published beside its wills. */
  load(group: string, { sent, acknowledged, withheld }: TelemetryCounts, nowMs: number): void {
    this.#load[group] = { sent, acknowledged, withheld };
    this.#note?.("load", nowMs, { group, sent, acknowledged, withheld });
  }

  /**
   * Judges all open lives, by the arrivals at the watchers until they left; no event follows. The watch of a void run
   * ended when the run became void: a will that was due later is not missing, because its watcher may be the lost one.
   */
  close(telemetry: number, nowMs: number, watchedUntilMs = nowMs): void {
    this.#telemetrySent = telemetry;
    this.ledger.close(Math.min(watchedUntilMs, this.#voidMs));
    this.#note?.("done", nowMs, { telemetry, ...watchedUntilMs !== nowMs && { watchedUntilMs } });
    this.enter("done", nowMs);
  }

  get #seriesCounts(): SeriesCounts {
    const { alive, kills } = this.lives.counters;
    return { alive, kills, wills: this.ledger.seen };
  }

  /** The length of the phase: that of the plan, or its limit; 0 where it has neither. */
  #phaseOfMs({ killMs, connectAtMs = 0 }: PhaseTimes): number {
    const { clients, rampPerSecond, drainMs } = this.#plan;
    switch (this.#phase) {
      case "wait":
        return Math.max(0, connectAtMs - this.#phaseFromMs);
      case "connect":
        return clients / rampPerSecond * 1_000;
      case "kill":
        return killMs;
      case "drain":
        return Math.max(0, this.ledger.lastDueMs + drainMs - this.#phaseFromMs);
      default:
        return 0;
    }
  }

  /** How far the run is. */
  progress({ clients, ...times }: Pick<Progress, "clients"> & PhaseTimes, nowMs: number): Progress {
    const { ledger, lives: { counters } } = this;
    const { latency, brokerLatencies: { all: broker } } = ledger.tally;
    const total = ledger.tally.total();
    const overdue = this.#phase === "done" ? 0 : ledger.overdue(nowMs);
    return {
      clients,
      phase: this.#phase,
      phaseOfMs: this.#phaseOfMs(times),
      phaseMs: nowMs - this.#phaseFromMs,
      alive: counters.alive,
      connected: counters.connected,
      killed: counters.kills,
      wills: ledger.seen,
      faults: { ...total, missing: total.missing + overdue },
      ...this.presence && { statesWrong: this.presence.wrong },
      controls: { ...this.#canaries.counts },
      p50: latency.count === 0 ? NaN : latency.percentile(50),
      p99: latency.count === 0 ? NaN : latency.percentile(99),
      ...broker.count > 0 && { brokerMs: { p50: broker.percentile(50), p99: broker.percentile(99) } },
      instants: this.#instants.data(),
      ...this.#meter && { detail: this.#detail(this.#meter, overdue, nowMs) },
    };
  }

  #detail(meter: ProgressMeter, overdue: number, nowMs: number): ProgressDetail {
    const { ledger, lives: { counters } } = this;
    const rules = ledger.restarts.pauses ? undefined : ledger.rules;
    return {
      byMode: meter.byMode(ledger.tally, rules, nowMs),
      overdue,
      counters: { ...counters },
      ...meter.times(),
    };
  }

  /** The findings; the owner calls it once, when the records are closed. */
  result(): SquadResult {
    const restarts = this.ledger.restarts.counts;
    return {
      tally: this.ledger.tally.data(),
      counters: this.lives.counters,
      ...this.lives.lateness(),
      series: this.#series.finish(this.#seriesCounts),
      instants: this.#instants.data(),
      longestStallMs: this.#longestStallMs,
      controls: this.#canaries.counts,
      telemetrySent: this.#telemetrySent,
      ...Object.keys(this.#load).length > 0 && { telemetry: this.#load },
      killsAsked: this.#killsAsked,
      killMs: this.#killMs,
      rampMs: this.#rampMs,
      ...restarts.length > 0 && { restarts },
      ...this.#retained && { retained: this.#retained },
      ...this.presence && { presence: this.presence.data() },
      ...this.sparkplug && { sparkplug: this.sparkplug.data() },
      ...this.#voidReason !== undefined && { voidReason: this.#voidReason },
      interrupted: this.#interrupted,
    };
  }
}
