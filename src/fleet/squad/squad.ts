/** One part of a fleet: clients, watchers and their records. It is synchronous; the caller hands it the clock. */
import { Histogram } from "../../base/histogram.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { ClientCounters } from "../result/client_counters.ts";
import type { ClientHost } from "../client/client_host.ts";
import { type ControlWill, killedControl } from "../ledger/control_books.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { ControlSight } from "../result/control_counts.ts";
import { Groups } from "../plan/groups.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../life/life.ts";
import type { LifeBooks } from "../ledger/life_books.ts";
import { Lookout, type LookoutHost } from "../watch/lookout.ts";
import { phasesDurationMs } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceBook } from "../ledger/presence_book.ts";
import type { PresenceBooks } from "../ledger/presence_books.ts";
import { PresenceDesk } from "../watch/presence_desk.ts";
import type { PresenceWord } from "../life/presence_message.ts";
import type { Note } from "../recording/record_event.ts";
import type { Progress } from "../result/result.ts";
import { bucketOf, Ramp } from "./ramp.ts";
import type { Phase } from "../result/run_phase.ts";
import { KillSchedule, type Order } from "../schedule/schedule.ts";
import { SquadBooks } from "../ledger/squad_books.ts";
import { SquadFarewell } from "./squad_farewell.ts";
import { nextSquadPhase, type SquadEvent } from "./squad_phase.ts";
import { SquadRestart } from "./squad_restart.ts";
import type { RampFacts, SquadResult, SquadTask } from "../result/squad_task.ts";
import { TelemetryPump } from "../client/telemetry.ts";
import type { VirtualClient } from "../client/virtual_client.ts";
import type { Watcher } from "../watch/watcher.ts";

/** How long after Ctrl-C wills on their way are waited for, in milliseconds. */
const interruptGraceMs = 2_000;
const settleEveryMs = 100;
/** Interval between kills of canaries for each watcher during the kill phase, in milliseconds. */
const controlEveryMs = 5_000;

export class Squad implements ClientHost, LookoutHost {
  readonly plan: FleetPlan;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly #books: SquadBooks;
  readonly #task: SquadTask;
  readonly #schedule: KillSchedule;
  readonly connects = new Histogram();
  readonly #clients: VirtualClient[] = [];
  readonly #lookout: Lookout;
  #telemetry: TelemetryPump | undefined;
  readonly #desk: PresenceDesk | undefined;
  readonly #restart: SquadRestart;
  /** How long the phases last, commands apart. */
  readonly #durationMs: number;
  readonly #ramp: Ramp;
  #lateMs = 0;
  #ready = false;
  #go = false;
  #order: Order | undefined;
  #settledMs = 0;
  #controlMs = 0;
  #turnMs = 0;
  readonly #farewell: SquadFarewell;
  /** The run is over; only cleanup remains. */
  #finished = false;
  /** When the watchers left. */
  #watchedUntilMs = 0;
  #interruptedMs: number | undefined;

  /** @param note told each event, where a recording is wanted */
  constructor(task: SquadTask, world: FleetWorld, note?: Note) {
    const { plan, protocol } = task;
    this.#task = task;
    this.plan = plan;
    this.world = world;
    this.groups = new Groups(plan, protocol);
    this.#books = new SquadBooks(plan, this.groups, task.originMs, note);
    this.#durationMs = phasesDurationMs(plan);
    this.#schedule = new KillSchedule(plan, { ...task, groups: this.groups });
    this.#lookout = new Lookout(task, this.groups, world, this);
    const { presence } = this.#books;
    if (presence !== undefined) this.#desk = this.#openDesk(presence);
    this.#ramp = new Ramp(this, task, this.#clients);
    this.#restart = new SquadRestart(plan, this.groups, this.#books, this.#lookout, this.#clients);
    const parts = { task, groups: this.groups, world, books: this.#books, lookout: this.#lookout };
    this.#farewell = new SquadFarewell(parts, this.#clients, this.#patienceMs);
  }

  #openDesk(books: PresenceBooks): PresenceDesk {
    const { groups, world, ledger } = this;
    const nextControl = () => this.#lookout.nextControl();
    const whose = (client: number) => bucketOf(this.#task, client);
    const outlook = this.#task;
    return new PresenceDesk({ outlook, groups, world, bucketOf: whose, rules: ledger.rules, books, nextControl });
  }

  get presence(): PresenceBook | undefined {
    return this.#books.presence?.book;
  }

  get phase(): Phase {
    return this.#books.phase;
  }

  get ledger(): Ledger {
    return this.#books.ledger;
  }

  get lives(): LifeBooks {
    return this.#books.lives;
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

  /** When the squad wants its next turn, besides whatever wakes its clients. */
  nextMs(nowMs: number): number {
    if (this.phase === "kill" && !this.#restart.underWay && this.#order !== undefined) {
      return Math.min(this.#books.phaseFromMs + this.#order.atMs, this.#settledMs + settleEveryMs);
    }
    return nowMs + (this.phase === "connect" ? 1 : 10);
  }

  /** Begins: the watchers connect. */
  start(nowMs: number): void {
    this.#books.enter("watch", nowMs);
    this.#lookout.watch(nowMs);
  }

  /** Lets killing begin. */
  go(): void {
    this.#go = true;
  }

  /** Which restart of the broker this squad is ready for, from 0: it stands still until `brokerServes`. */
  get atRestart(): number | undefined {
    return this.phase === "kill" ? this.#restart.waitsFor : undefined;
  }

  /** The broker was restarted, and serves again. */
  brokerServes(nowMs: number): void {
    this.#restart.serves(nowMs);
  }

  /** The run means nothing, for a reason that this squad cannot see. */
  giveUp(sentence: string, nowMs: number): void {
    this.#books.makeVoid(sentence, nowMs);
  }

  /** Ends the run early: wills on their way are waited for a little while; a second call waits no longer. */
  interrupt(nowMs: number): void {
    if (this.phase === "done") return;
    const again = this.#interruptedMs !== undefined;
    this.#interruptedMs ??= nowMs;
    this.#books.interrupt(nowMs);
    if (again || this.phase === "watch" || this.phase === "control" || this.phase === "wait") this.#finish(nowMs);
    else if (this.phase === "connect" || this.phase === "kill") this.#endKilling(nowMs);
  }

  /** One turn: whatever is due by now. */
  turn(nowMs: number): void {
    if (this.#turnMs > 0) this.#books.stall(nowMs - this.#turnMs, nowMs);
    this.#turnMs = nowMs;
    const { wakes } = this.world;
    for (let due = wakes.takeDue(nowMs); due !== undefined; due = wakes.takeDue(nowMs)) due.wake(nowMs);
    if (this.phase === "done") return;
    this.#lookout.dial(nowMs);
    this.#desk?.turn(nowMs);
    if (this.#desk?.failure !== undefined) this.#books.makeVoid(this.#desk.failure, nowMs);
    if (this.#finished || this.#books.voidReason !== undefined) return this.#finish(nowMs);
    if (nowMs >= this.#settledMs + settleEveryMs) {
      this.#settledMs = nowMs;
      this.#books.settle(nowMs);
      this.#controlAgain(nowMs);
    }
    this.#step(nowMs);
  }

  #enter(event: SquadEvent, nowMs: number): void {
    this.#books.enter(nextSquadPhase(this.phase, event), nowMs);
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
        return this.#stepKill(nowMs);
      case "drain":
        return this.#stepDrain(nowMs);
      case "leave":
        return this.#stepLeave(nowMs);
      case "look":
        if (this.#farewell.looked(nowMs)) this.#finish(nowMs);
        return;
    }
  }

  #stepWatch(nowMs: number): void {
    const waitsFor = this.#lookout.watchWaitsFor;
    if (waitsFor !== undefined) return this.#voidAfter(this.#patienceMs, nowMs, waitsFor);
    this.#enter("watched", nowMs);
    this.#lookout.control(nowMs);
    this.#controlMs = nowMs;
  }

  #stepControl(nowMs: number): void {
    const { controlFailure } = this.#lookout;
    if (controlFailure !== undefined) this.#books.makeVoid(controlFailure, nowMs);
    const waitsFor = this.#lookout.controlWaitsFor;
    if (waitsFor !== undefined) return this.#voidAfter(this.#patienceMs, nowMs, waitsFor);
    // A will that does not come is a fault of the broker, counted as such: the run goes on.
    if (nowMs < (this.#lookout.controlWillsByMs ?? nowMs)) return;
    const { connect = nowMs } = this.#task.startMs ?? {};
    this.#lateMs = Math.max(0, nowMs - connect);
    this.#enter(nowMs < connect ? "seen-early" : "seen", nowMs);
  }

  /** While clients are being killed, controls show that the watchers still see. */
  #controlAgain(nowMs: number): void {
    if (this.phase !== "watch" && this.phase !== "control") this.#lookout.settleControls(nowMs);
    const everyMs = Math.max(controlEveryMs, 2 * this.plan.lateAfterMs);
    if (this.phase !== "kill" || this.#restart.underWay || nowMs < this.#controlMs + everyMs) return;
    this.#controlMs = nowMs;
    this.#lookout.control(nowMs);
  }

  /** How long a watcher or a control may take, in milliseconds. */
  get #patienceMs(): number {
    return Math.max(this.plan.drainMs, 5_000);
  }

  #voidAfter(patienceMs: number, nowMs: number, sentence: string): void {
    if (nowMs - this.#books.phaseFromMs <= patienceMs) return;
    const { refusal } = this.#lookout;
    const why = refusal === undefined ? "" : `: ${refusal}`;
    this.#books.makeVoid(`${sentence} within ${patienceMs / 1_000} s${why}`, nowMs);
  }

  #stepConnect(nowMs: number): void {
    const { clients, startMs } = this.#task;
    this.#ramp.step(this.counters.connected, nowMs - this.#books.phaseFromMs, nowMs);
    if (this.counters.connected < clients) return;
    if (!this.#ready) this.#books.ramped(nowMs);
    this.#ready = true;
    if (this.#go && nowMs >= (startMs?.kill ?? nowMs)) this.#beginKilling(nowMs);
  }

  #beginKilling(nowMs: number): void {
    this.#enter("ready", nowMs);
    // Restart the canary clock here, so that canary times do not depend on the length of the ramp.
    this.#controlMs = nowMs;
    this.#lateMs = Math.max(this.#lateMs, nowMs - (this.#task.startMs?.kill ?? nowMs));
    this.#telemetry = new TelemetryPump(this.#clients, this.groups);
    this.#telemetry.start(nowMs);
    this.#order = this.#schedule.next();
  }

  #stepKill(nowMs: number): void {
    if (this.#restart.underWay && !this.#restart.turn(nowMs)) return;
    const fromMs = this.#books.phaseFromMs;
    while (!this.#restart.underWay && this.#order !== undefined && fromMs + this.#order.atMs <= nowMs) {
      // Delay the restart until the presence check in progress has finished.
      if ("restart" in this.#order && this.#desk?.looking) break;
      this.#carryOut(this.#order, fromMs + this.#order.atMs, nowMs);
      this.#order = this.#schedule.next();
    }
    this.#telemetry!.turn(nowMs);
    if (this.#restart.underWay) return;
    if (nowMs >= fromMs + this.#durationMs / 2) this.#desk?.begin("middle", nowMs);
    if (this.#order === undefined && nowMs >= fromMs + this.#durationMs) this.#endKilling(nowMs);
  }

  #carryOut(order: Order, dueMs: number, nowMs: number): void {
    this.#books.order(order, nowMs);
    if ("restart" in order) return this.#restart.begin(order, nowMs);
    if ("comeBack" in order) return this.#client(order.comeBack).callBack(nowMs);
    this.#client(order.client).kill(order.mode, dueMs, nowMs, order.reconnectAfterMs);
  }

  #client(number: number): VirtualClient {
    return this.#clients[number - this.#task.firstClient]!;
  }

  /** Kills that still wait for their victim are given up: the run is over. */
  #endKilling(nowMs: number): void {
    this.#order = undefined;
    for (const client of this.#clients) client.spare();
    this.#enter("end-kills", nowMs);
  }

  #stepDrain(nowMs: number): void {
    const lastMs = this.ledger.lastDueMs;
    const graceMs = this.#interruptedMs === undefined ? Infinity : this.#interruptedMs + interruptGraceMs;
    // Even when every will has come, one that should not may still be on its way.
    const quiet = nowMs >= lastMs + this.plan.lateAfterMs && this.ledger.waiting() === 0;
    const controlsMs = this.#lookout.controlsUntilMs ?? -Infinity;
    // A client on its way back says that it is online: the last look is for what stays.
    const still = this.#desk === undefined || this.#clients.every(({ up, retired }) => up || retired);
    const settled = quiet && still && controlsMs <= nowMs && this.#desk?.settled(nowMs) !== false;
    if (!settled && nowMs < Math.min(graceMs, Math.max(controlsMs, lastMs + this.plan.drainMs))) return;
    if (this.#desk?.looked("end", nowMs) === false) return;
    this.#lookout.endControls(nowMs);
    this.#enter("settled", nowMs);
  }

  #stepLeave(nowMs: number): void {
    if (!this.#farewell.leave(this.#books.phaseFromMs, nowMs)) return;
    if (this.#desk?.looked("left", nowMs) === false) return;
    if (!this.#farewell.looksLate) return this.#finish(nowMs);
    this.#enter("look", nowMs);
    this.#farewell.look(nowMs);
  }

  #finish(nowMs: number): void {
    this.#lookout.retire(nowMs);
    this.#desk?.clear(nowMs);
    for (const client of this.#clients) client.drop();
    if (!this.#finished) this.#telemetry?.tell((group, counts) => this.#books.load(group, counts, nowMs));
    if (!this.#finished) this.#watchedUntilMs = nowMs;
    this.#finished = true;
    if (!this.#lookout.swept(nowMs)) return;
    nextSquadPhase(this.phase, "finish");
    this.#books.close(this.#telemetry?.sent ?? 0, nowMs, this.#watchedUntilMs);
  }

  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    // The watch is over: what comes now answers the end of the run.
    if (this.#finished) return;
    // Between two turns this thread may have been held up: a will was here by now, and perhaps since the last turn.
    const life = this.#books.see(watcher, packet, nowMs, this.#turnMs);
    if (life !== undefined) this.#clients[life.client - this.#task.firstClient]?.willSeen(life, nowMs);
  }

  onPresence(word: PresenceWord): void {
    this.presence?.see(word, this.world.clock.nowMs());
  }

  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    if (!this.#finished) this.#books.redelivered(watcher, packet, nowMs);
  }

  onBlind({ post: { bucket, copy }, heardMs }: Watcher, sentence: string): void {
    const nowMs = this.world.clock.nowMs();
    this.#books.blind({ bucket, copy, fromMs: heardMs }, nowMs);
    this.#books.makeVoid(sentence, nowMs);
  }

  onControlWill(will: ControlWill, nowMs: number): void {
    this.#books.controlWill(will, nowMs, this.#turnMs);
  }

  onControlOver(seen: ControlSight, life: Life): void {
    this.#books.control(seen, killedControl(life), this.#turnMs);
  }

  onConnectFailed(client: VirtualClient, sentence: string): void {
    if (this.phase !== "connect") return;
    const nowMs = this.world.clock.nowMs();
    const why = client.failures.tooMany(sentence, nowMs);
    if (why !== undefined) this.#books.makeVoid(`client ${client.number} could not connect ${why}`, nowMs);
  }

  /** How far the run is. */
  progress(nowMs: number): Progress {
    const { clients } = this.#task;
    return this.#books.progress({ clients, phaseOfMs: this.phase === "kill" ? this.#durationMs : 0 }, nowMs);
  }

  /** What was found; asked once the squad is done. */
  result(): SquadResult {
    return this.#books.result();
  }

  /** How connecting went; no recording tells of it. */
  get rampFacts(): RampFacts {
    return { connects: this.connects.encode(), mostUnderWay: this.#ramp.mostUnderWay, lateMs: this.#lateMs };
  }
}
