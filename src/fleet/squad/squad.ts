/** One part of a fleet: clients, watchers and their records. It is synchronous; the caller passes it the clock. */
import type { Histogram } from "../../base/histogram.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { ClientCounters } from "../result/client_counters.ts";
import type { ClientHost } from "../client/client_host.ts";
import { type CanaryWill, killedCanary } from "../ledger/canary_log.ts";
import { RefusedLogin } from "../client/refused_login.ts";
import { type FleetWorld, wakeDue } from "../client/fleet_world.ts";
import type { CanarySight } from "../result/canary_counts.ts";
import { Groups } from "../plan/groups.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../life/life.ts";
import type { ClientEvents } from "../ledger/client_events.ts";
import { WatcherPool, type WatcherPoolHost } from "../watch/watcher_pool.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceLog } from "../ledger/presence_log.ts";
import type { PresenceChecker } from "../watch/presence_checker.ts";
import type { PresenceWord } from "../life/presence_message.ts";
import type { Note } from "../recording/record_event.ts";
import type { Progress } from "../result/result.ts";
import { presenceCheckerOf } from "./squad_presence.ts";
import { Ramp } from "./ramp.ts";
import type { SquadPhase } from "../result/run_phase.ts";
import { type HostApplication, hostApplicationOf } from "../watch/host_application.ts";
import { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { SparkplugAuditor } from "../ledger/sparkplug_auditor.ts";
import { SquadSettling } from "./squad_settling.ts";
import { SquadTeardown } from "./squad_teardown.ts";
import { nextSquadPhase, type SquadEvent } from "./squad_phase.ts";
import { SquadKills } from "./squad_kills.ts";
import type { RampFacts, SquadResult, SquadTask } from "../result/squad_task.ts";
import type { VirtualClient } from "../client/virtual_client.ts";
import type { Watcher } from "../watch/watcher.ts";

/** How long after Ctrl-C the squad waits for wills on their way, in milliseconds. */
const interruptGraceMs = 2_000;
/** The longest time between two turns: an event that a turn reads may have waited here since the turn before. */
const longestPauseMs = 25;
/** The same while no will can come, or a fifth of the time after which a will is late: a pause counts as a stall. */
const quietPauseMs = 250;
/** The same outside of the kills, where a phase waits for what the links receive, and while clients connect. */
const pollEveryMs = 10;
const rampEveryMs = 1;

export class Squad implements ClientHost, WatcherPoolHost {
  readonly plan: FleetPlan;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly #recorder: SquadRecorder;
  readonly #task: SquadTask;
  readonly connects: Histogram;
  readonly #clients: VirtualClient[] = [];
  readonly #watchers: WatcherPool;
  readonly #presenceChecker: PresenceChecker | undefined;
  readonly #kills: SquadKills;
  readonly #ramp: Ramp;
  #hostApplication: HostApplication | undefined;
  #lateMs = 0;
  #ready = false;
  #go = false;
  #killMs: number | undefined;
  #turnMs = 0;
  readonly #settling: SquadSettling;
  readonly #teardown: SquadTeardown;
  readonly afterNodeLossMs = (life: Life) => this.#kills.afterNodeLossMs(life);
  /** The run is over; only cleanup remains. */
  #finished = false;
  /** When the watchers left. */
  #watchedUntilMs = 0;
  #interruptedMs: number | undefined;

  /** @param note receives each event, where a recording is requested */
  constructor(task: SquadTask, world: FleetWorld, note?: Note) {
    const { plan, protocol } = task;
    this.#task = task;
    this.plan = plan;
    this.world = world;
    this.groups = new Groups(plan, protocol);
    this.#recorder = new SquadRecorder(plan, this.groups, task.originMs, note, task.detail);
    this.connects = this.#recorder.connects;
    this.#watchers = new WatcherPool(task, this.groups, world, this);
    const { presence } = this.#recorder;
    const nextCanary = () => this.#watchers.nextCanary();
    if (presence !== undefined) this.#presenceChecker = presenceCheckerOf(this, task, presence, nextCanary);
    this.#ramp = new Ramp(this, task, this.#clients);
    const deps = { task, groups: this.groups, world, recorder: this.#recorder, watchers: this.#watchers };
    this.#kills = new SquadKills({ ...deps, presenceChecker: this.#presenceChecker }, this.#clients);
    this.#settling = new SquadSettling(plan, this.#recorder, this.#watchers);
    this.#teardown = new SquadTeardown(deps, this.#clients, this.#patienceMs);
  }

  get presence(): PresenceLog | undefined {
    return this.#recorder.presence?.book;
  }
  get sparkplug(): SparkplugAuditor | undefined {
    return this.#recorder.sparkplug;
  }
  get phase(): SquadPhase {
    return this.#recorder.phase;
  }
  get ledger(): Ledger {
    return this.#recorder.ledger;
  }
  get lives(): ClientEvents {
    return this.#recorder.lives;
  }
  get counters(): ClientCounters {
    return this.lives.counters;
  }
  get turnMs(): number {
    return this.#turnMs;
  }

  /** True once every client is connected: killing waits for `go`, so that all squads begin together. */
  get ready(): boolean {
    return this.#ready;
  }

  get done(): boolean {
    return this.phase === "done";
  }

  /** When the next kill is due; Infinity without one. */
  get nextOrderMs(): number {
    return this.#killsRun ? this.#kills.nextOrderMs : Infinity;
  }

  /** When the squad needs its next turn, besides the timers of its clients. */
  nextMs(nowMs: number): number {
    if (this.phase === "connect" && !this.#ready) return nowMs + rampEveryMs;
    if (this.phase !== "kill") return nowMs + pollEveryMs;
    const { isQuiet } = this;
    const settleMs = this.#settling.nextMsOf(isQuiet); // overdue, it waits for the next kill
    const workMs = Math.min(this.#kills.nextMs(nowMs), settleMs > nowMs ? settleMs : Infinity);
    if (workMs <= nowMs + longestPauseMs || !isQuiet) return Math.min(workMs, nowMs + longestPauseMs);
    return Math.min(workMs, nowMs + Math.max(longestPauseMs, Math.min(quietPauseMs, this.plan.lateAfterMs / 5)));
  }

  /** Whether no will can come, and no canary is about to connect. */
  get isQuiet(): boolean {
    return this.phase === "kill" && !this.ledger.isOpen && this.#watchers.canaryWaitsFor === undefined;
  }

  /** Begins: the watchers connect. */
  start(nowMs: number): void {
    this.#recorder.enter("watch", nowMs);
    this.#watchers.watch(nowMs);
    this.#hostApplication = hostApplicationOf(this.#task, this.world, this.#watchers.version, this.sparkplug);
  }

  /** Lets killing begin, at this instant at the earliest. */
  go(killMs?: number): void {
    this.#go = true;
    this.#killMs = killMs ?? this.#task.startMs?.kill;
  }

  /** The action on the broker or a node that this squad is ready for, by its number: it waits for `stepDone`. */
  get atStep(): number | undefined {
    return this.phase === "kill" ? this.#kills.atStep : undefined;
  }

  /** That action is done. */
  stepDone(nowMs: number): void {
    this.#kills.stepDone(nowMs);
  }

  /** The run is void, for a reason outside of this squad. */
  giveUp(sentence: string, nowMs: number): void {
    this.#recorder.makeVoid(sentence, nowMs);
  }

  tryLogin(life: Life, open: Life, dueMs: number): void {
    new RefusedLogin({ host: this, plan: this.groups.planOf(life.client), life, open, dueMs });
  }

  loginAccepted(client: number, nowMs: number): void {
    this.giveUp(`the broker accepted a wrong password of client ${client} (kill mode refused-login)`, nowMs);
  }

  kick(number: number, nowMs: number): void {
    this.#kills.kick(number, nowMs);
  }

  /** Ends the run early: waits a little while for wills on their way; a second call waits no longer. */
  interrupt(nowMs: number): void {
    if (this.phase === "done") return;
    const again = this.#interruptedMs !== undefined;
    this.#recorder.interrupt(this.#interruptedMs ??= nowMs);
    if (again || this.phase === "watch" || this.phase === "control" || this.phase === "wait") this.#finish(nowMs);
    else if (this.phase === "connect" || this.phase === "kill") this.#endKilling(nowMs);
  }

  /** Carries out the kills that are due, and nothing else. */
  killDue(nowMs: number): void {
    if (this.#killsRun) this.#kills.carryOutDue(nowMs);
  }

  /** One turn: every action that is due by now. */
  turn(nowMs: number): void {
    if (this.#turnMs > 0) this.#recorder.stall(nowMs - this.#turnMs, nowMs);
    this.#turnMs = nowMs;
    // Before any other work: a kill is as late as the work before it took.
    this.killDue(nowMs);
    if (!wakeDue(this.world, nowMs, () => this.nextOrderMs)) return;
    if (this.phase === "done") return;
    this.#watchers.dial(nowMs);
    this.#presenceChecker?.turn(nowMs);
    if (this.#presenceChecker?.failure !== undefined) this.#recorder.makeVoid(this.#presenceChecker.failure, nowMs);
    if (this.#finished || this.#recorder.voidReason !== undefined) return this.#finish(nowMs);
    this.#settling.turn(nowMs, this.#kills.paused, this.nextOrderMs - this.world.clock.nowMs());
    this.#step(nowMs);
  }

  /** True while the schedule kills clients. */
  get #killsRun(): boolean {
    return this.phase === "kill" && !this.#finished && this.#recorder.voidReason === undefined;
  }

  #enter(event: SquadEvent, nowMs: number): void {
    this.#recorder.enter(nextSquadPhase(this.phase, event), nowMs);
  }

  #step(nowMs: number): void {
    switch (this.phase) {
      case "watch":
        return this.#stepWatch(nowMs);
      case "control":
        return this.#stepControl(nowMs);
      case "wait":
        if (nowMs >= this.#task.startMs!.connect) this.#enter("start", nowMs);
        return;
      case "connect":
        return this.#stepConnect(nowMs);
      case "kill":
        if (this.#kills.turn(nowMs)) this.#endKilling(nowMs);
        return;
      case "drain":
        return this.#stepDrain(nowMs);
      case "leave":
        return this.#stepLeave(nowMs);
      case "look":
        if (this.#teardown.looked(nowMs)) this.#finish(nowMs);
        return;
    }
  }

  #stepWatch(nowMs: number): void {
    const waitsFor = this.#watchers.watchWaitsFor;
    if (waitsFor !== undefined) return this.#voidAfter(this.#patienceMs, nowMs, waitsFor);
    this.#enter("watched", nowMs);
    this.#settling.startCanaries(nowMs);
  }

  #stepControl(nowMs: number): void {
    const { canaryFailure } = this.#watchers;
    if (canaryFailure !== undefined) this.#recorder.makeVoid(canaryFailure, nowMs);
    const waitsFor = this.#watchers.canaryWaitsFor;
    if (waitsFor !== undefined) return this.#voidAfter(this.#patienceMs, nowMs, waitsFor);
    // A will that does not arrive is a fault of the broker, counted as such: the run continues.
    if (nowMs < (this.#watchers.canaryWillsByMs ?? nowMs)) return;
    const { connect = nowMs } = this.#task.startMs ?? {};
    this.#lateMs = Math.max(0, nowMs - connect);
    this.#enter(nowMs < connect ? "seen-early" : "seen", nowMs);
  }

  /** How long a watcher or a canary may take, in milliseconds. */
  get #patienceMs(): number {
    return Math.max(this.plan.drainMs, 5_000);
  }

  #voidAfter(patienceMs: number, nowMs: number, sentence: string): void {
    if (nowMs - this.#recorder.phaseFromMs <= patienceMs) return;
    const { refusal } = this.#watchers;
    const why = refusal === undefined ? "" : `: ${refusal}`;
    this.#recorder.makeVoid(`${sentence} within ${patienceMs / 1_000} s${why}`, nowMs);
  }

  #stepConnect(nowMs: number): void {
    const { clients } = this.#task;
    this.#ramp.step(this.counters.connected, nowMs - this.#recorder.phaseFromMs, nowMs);
    const isPrepared = this.#kills.prepare();
    if (this.counters.connected < clients || !isPrepared) return;
    if (!this.#ready) this.#recorder.ramped(nowMs);
    this.#ready = true;
    if (this.#go && nowMs >= (this.#killMs ?? nowMs)) this.#beginKilling(nowMs);
  }

  #beginKilling(nowMs: number): void {
    this.#enter("ready", nowMs);
    // Restart the canary clock here, so that canary times do not depend on the length of the ramp.
    this.#settling.countFrom(nowMs);
    this.#lateMs = Math.max(this.#lateMs, nowMs - (this.#killMs ?? nowMs));
    this.#kills.begin(nowMs);
  }

  #endKilling(nowMs: number): void {
    this.#kills.end();
    this.#hostApplication?.die(nowMs);
    this.#enter("end-kills", nowMs);
  }

  #stepDrain(nowMs: number): void {
    const lastMs = this.ledger.lastDueMs;
    const graceMs = this.#interruptedMs === undefined ? Infinity : this.#interruptedMs + interruptGraceMs;
    // Even when every will has arrived, a forbidden one may still be on its way.
    const quiet = nowMs >= lastMs + this.plan.lateAfterMs && this.ledger.waiting() === 0;
    const canariesMs = this.#watchers.canariesUntilMs ?? -Infinity;
    // A client that is reconnecting will publish its presence: the last look is for final states.
    const still = this.#presenceChecker === undefined || this.#clients.every(({ up, retired }) => up || retired);
    const settled = quiet && still && canariesMs <= nowMs && this.#presenceChecker?.settled(nowMs) !== false;
    if (!settled && nowMs < Math.min(graceMs, Math.max(canariesMs, lastMs + this.plan.drainMs))) return;
    if (this.#presenceChecker?.looked("end", nowMs) === false || this.#hostApplication?.done === false) return;
    this.#watchers.endCanaries(nowMs);
    this.#enter("settled", nowMs);
  }

  #stepLeave(nowMs: number): void {
    if (!this.#teardown.leave(this.#recorder.phaseFromMs, nowMs)) return;
    if (this.#presenceChecker?.looked("left", nowMs) === false) return;
    if (!this.#teardown.looksLate) return this.#finish(nowMs);
    this.#enter("look", nowMs);
    this.#teardown.look(nowMs);
  }

  #finish(nowMs: number): void {
    this.#watchers.retire(nowMs);
    this.#presenceChecker?.clear(nowMs);
    this.#hostApplication?.retire(nowMs);
    for (const client of this.#clients) client.drop();
    if (!this.#finished) this.#kills.recordTelemetry(nowMs);
    if (!this.#finished) this.#watchedUntilMs = nowMs;
    this.#finished = true;
    if (!this.#watchers.swept(nowMs)) return;
    nextSquadPhase(this.phase, "finish");
    this.#recorder.close(this.#kills.telemetrySent, nowMs, this.#watchedUntilMs);
  }

  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number, owner?: number): void {
    // The watch is over: a later will answers the end of the run.
    if (this.#finished) return;
    // This thread may have been late between two turns: a will was here by now, and perhaps since the last turn.
    const life = this.#recorder.see(watcher, packet, nowMs, Math.min(nowMs, this.#turnMs), owner);
    // The client may end its connection now, which is later than the arrival of the will.
    const seenMs = this.world.clock.nowMs();
    if (life !== undefined) this.#clients[life.client - this.#task.firstClient]?.willSeen(life, seenMs);
  }

  onBirth({ post: { copy } }: Watcher, packet: PublishPacket, nowMs: number): void {
    if (!this.#finished) this.sparkplug!.onBirth(packet, copy, nowMs);
  }

  onPresence(word: PresenceWord, client: number, copy: number): void {
    this.presence?.see(word, client, copy, this.world.clock.nowMs());
  }

  awaitsLeft(client: number, copy: number): boolean {
    return this.presence?.awaits("left", client, copy) === true;
  }

  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    if (!this.#finished) this.#recorder.redelivered(watcher, packet, nowMs);
  }

  onBlind({ post: { bucket, copy }, heardMs }: Watcher, sentence: string): void {
    const nowMs = this.world.clock.nowMs();
    this.#recorder.blind({ bucket, copy, fromMs: heardMs }, nowMs);
    this.#recorder.makeVoid(sentence, nowMs);
  }

  onCanaryWill(will: CanaryWill, nowMs: number): void {
    this.#recorder.canaryWill(will, nowMs, Math.min(nowMs, this.#turnMs));
  }

  onCanaryOver(seen: CanarySight, life: Life): void {
    this.#recorder.canaryOver(seen, killedCanary(life), this.#turnMs);
  }

  onConnectFailed(client: VirtualClient, sentence: string): void {
    if (this.phase !== "connect") return;
    const nowMs = this.world.clock.nowMs();
    const why = client.failures.tooMany(sentence, nowMs);
    if (why !== undefined) this.#recorder.makeVoid(`client ${client.number} could not connect ${why}`, nowMs);
  }

  /** How far the run is. */
  progress(nowMs: number): Progress {
    const { clients, startMs } = this.#task;
    return this.#recorder.progress({ clients, killMs: this.#kills.durationMs, connectAtMs: startMs?.connect }, nowMs);
  }

  /** The findings; the caller reads them once the squad is done. */
  result(): SquadResult {
    return this.#recorder.result();
  }

  /** The connects of the clients; no recording contains them. */
  get rampFacts(): RampFacts {
    return { connects: this.connects.encode(), mostUnderWay: this.#ramp.mostUnderWay, lateMs: this.#lateMs };
  }
}
