/**
 * The kill phase of a squad: carries out each order of the schedule when it is due, sends telemetry, and pauses while
 * the broker restarts.
 */
import type { Groups } from "../plan/groups.ts";
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import { phasesDurationMs } from "../plan/phases.ts";
import { OrdersAhead } from "../schedule/orders_ahead.ts";
import { KillSchedule, type Order } from "../schedule/schedule.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import { nodeKillMode } from "../plan/sparkplug/sparkplug_plan.ts";
import { TelemetryPump } from "../client/telemetry.ts";
import type { SquadTask } from "../result/squad_task.ts";
import type { Life } from "../life/life.ts";
import type { VirtualClient } from "../client/virtual_client.ts";
import type { PresenceChecker } from "../watch/presence_checker.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import { KickLog } from "./kick/kick_log.ts";
import { SquadNodeLoss } from "./squad_node_loss.ts";
import { SquadRestart } from "./squad_restart.ts";

/** Interval of the turns while the phase waits for its links, or sends telemetry, in milliseconds. */
const pollEveryMs = 10;

/** The dependencies of the kill phase: objects of its squad. */
export interface SquadKillsDeps {
  readonly task: SquadTask;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly recorder: SquadRecorder;
  readonly watchers: WatcherPool;
  /** Delays a restart until its check in progress has finished. */
  readonly presenceChecker: PresenceChecker | undefined;
}

export class SquadKills {
  /** How long the phases last, commands apart. */
  readonly durationMs: number;
  readonly #deps: SquadKillsDeps;
  readonly #clients: readonly VirtualClient[];
  readonly #orders: OrdersAhead;
  readonly #restart: SquadRestart;
  readonly #nodeLoss: SquadNodeLoss;
  readonly #kicks: KickLog;
  /** Since when the next order waits for a node. */
  #heldMs: number | undefined;
  #telemetry: TelemetryPump | undefined;
  /** The next order; undefined before the phase and after the last order. */
  #order: Order | undefined;

  /** @param clients all clients of the squad, which connect later */
  constructor(deps: SquadKillsDeps, clients: readonly VirtualClient[]) {
    const { task, groups, recorder, watchers, world } = deps;
    this.#deps = deps;
    this.#clients = clients;
    this.durationMs = phasesDurationMs(task.plan);
    this.#orders = new OrdersAhead(new KillSchedule(task.plan, { ...task, groups }), world.clock);
    const fail = (sentence: string, nowMs: number) => recorder.makeVoid(sentence, nowMs);
    this.#kicks = new KickLog(groups, world, (number) => this.#client(number), fail);
    this.#restart = new SquadRestart(task.plan, groups, recorder, watchers, clients);
    this.#nodeLoss = new SquadNodeLoss({ ...deps, plan: task.plan }, clients);
  }

  /** True while the broker restarts. */
  get paused(): boolean {
    return this.#restart.underWay;
  }

  /** True while a node of the cluster is down. */
  get lacksNode(): boolean {
    return this.#nodeLoss.underWay;
  }

  /** The action of the runner that the squad waits for, by its number. */
  get atStep(): number | undefined {
    return this.#restart.waitsFor ?? this.#nodeLoss.waitsFor;
  }

  /** When a client connects again whose node was stopped. */
  afterNodeLossMs(life: Life): number | "never" | undefined {
    return this.#nodeLoss.afterLossMs(life);
  }

  /** When the next order is due; Infinity without one that can be carried out. */
  get nextOrderMs(): number {
    const order = this.#order;
    if (order === undefined || this.paused || this.#heldMs !== undefined || this.#waitsForLook(order)) return Infinity;
    return this.#deps.recorder.phaseFromMs + order.atMs;
  }

  /** When the phase needs its next turn: for an order, for its end, or to look at its links. */
  nextMs(nowMs: number): number {
    const { recorder: { phaseFromMs }, presenceChecker } = this.#deps;
    const { nextOrderMs } = this;
    if (this.paused || this.#nodeLoss.acts || this.#telemetry?.publishes || presenceChecker?.looking) {
      return Math.min(nextOrderMs, nowMs + pollEveryMs);
    }
    if (this.#order !== undefined) return nextOrderMs;
    const endMs = phaseFromMs + this.durationMs;
    return endMs > nowMs ? endMs : nowMs + pollEveryMs;
  }

  /** A restart of the broker would disturb a check of the presence. */
  #waitsForLook(order: Order): boolean {
    return "step" in order && this.#deps.presenceChecker?.looking === true;
  }

  /** The number of telemetry messages that were sent. */
  get telemetrySent(): number {
    return this.#telemetry?.sent ?? 0;
  }

  /** Draws orders for a short while, before the phase. Returns true once enough of them are ready. */
  prepare(): boolean {
    return this.#orders.fill();
  }

  /** The phase begins. */
  begin(nowMs: number): void {
    this.#telemetry = new TelemetryPump(this.#clients, this.#deps.groups);
    this.#telemetry.start(nowMs);
    this.#order = this.#orders.take();
  }

  /** The broker, or a node of it, has restarted and serves again; or a node has stopped. */
  stepDone(nowMs: number): void {
    this.#restart.serves(nowMs);
    this.#nodeLoss.done(nowMs);
  }

  /** Carries out the orders that are due; returns the time afterwards. */
  carryOutDue(turnMs: number): number {
    let nowMs = turnMs;
    const { recorder, world: { clock } } = this.#deps;
    while (!this.paused && this.#order !== undefined && recorder.phaseFromMs + this.#order.atMs <= nowMs) {
      const { phaseFromMs } = recorder;
      if (this.#waitsForLook(this.#order)) break;
      if (this.#waitsForNode(this.#order, phaseFromMs + this.#order.atMs, nowMs)) break;
      if (phaseFromMs !== recorder.phaseFromMs) continue;
      // The kills of one instant follow each other at once: each is as late as those before it took.
      this.#carryOut(this.#order, phaseFromMs + this.#order.atMs, nowMs);
      nowMs = clock.nowMs();
      this.#order = this.#orders.take();
    }
    return nowMs;
  }

  /** Carries out all orders that are due. Returns true once the phase is over. */
  turn(turnMs: number): boolean {
    if (this.paused && !this.#restart.turn(turnMs)) return false;
    this.#nodeLoss.turn(turnMs);
    const nowMs = this.carryOutDue(turnMs);
    const { recorder, presenceChecker } = this.#deps;
    const passedMs = nowMs - recorder.phaseFromMs;
    if (this.#order !== undefined) this.#orders.refill(passedMs, this.#order.atMs - passedMs);
    this.#telemetry!.turn(nowMs);
    if (this.paused) return false;
    if (this.lacksNode) return false;
    presenceChecker?.beginWaves(this.#looksDue(passedMs), nowMs);
    if (this.#kicks.underWay(nowMs)) return false;
    return this.#order === undefined && passedMs >= this.durationMs;
  }

  /** Whether an order has to wait until a node has stopped or is back; the schedule pauses for that time. */
  #waitsForNode(order: Order, dueMs: number, nowMs: number): boolean {
    if (!("act" in order)) return false;
    if (!this.#nodeLoss.isReadyFor(order)) {
      this.#heldMs ??= dueMs;
      return true;
    }
    if (this.#heldMs !== undefined) this.#deps.recorder.hold(nowMs - this.#heldMs, nowMs);
    this.#heldMs = undefined;
    return false;
  }

  /** How many looks of late subscribers are due: evenly over the phases, one in the middle by default. */
  #looksDue(passedMs: number): number {
    const { presenceLooks = 1 } = this.#deps.task.plan;
    return Math.min(presenceLooks, Math.floor(passedMs / this.durationMs * (presenceLooks + 1)));
  }

  #carryOut(order: Order, dueMs: number, nowMs: number): void {
    this.#deps.recorder.order(order, nowMs);
    if ("act" in order) return this.#nodeLoss.begin(order, nowMs);
    if ("step" in order) return this.#restart.begin(order, nowMs);
    if ("comeBack" in order) return this.#client(order.comeBack).callBack(nowMs);
    const client = this.#client(order.client);
    client.kill(nodeKillMode(this.#deps.task.plan, client.version, order.mode), dueMs, nowMs, order.reconnectAfterMs);
  }

  #client(number: number): VirtualClient {
    return this.#clients[number - this.#deps.task.firstClient]!;
  }

  /** Has the broker end the connection of a client; the run is void if that fails. */
  kick(number: number, nowMs: number): void {
    this.#kicks.begin(number, nowMs);
  }

  /** Drops the rest of the schedule, and the kills that still wait for their client. */
  end(): void {
    this.#order = undefined;
    for (const client of this.#clients) client.spare();
  }

  /** Records the telemetry of each group. */
  recordTelemetry(nowMs: number): void {
    this.#telemetry?.forEachGroup((group, counts) => this.#deps.recorder.load(group, counts, nowMs));
  }
}
