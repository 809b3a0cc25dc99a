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
import type { VirtualClient } from "../client/virtual_client.ts";
import type { PresenceChecker } from "../watch/presence_checker.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import { KickLog } from "./kick_log.ts";
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
  readonly #kicks: KickLog;
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
  }

  /** True while the broker restarts. */
  get paused(): boolean {
    return this.#restart.underWay;
  }

  /** The restart of the broker that the squad is ready for, from 0. */
  get atRestart(): number | undefined {
    return this.#restart.waitsFor;
  }

  /** When the next order is due; Infinity without one that can be carried out. */
  get nextOrderMs(): number {
    const order = this.#order;
    if (order === undefined || this.paused || this.#waitsForLook(order)) return Infinity;
    return this.#deps.recorder.phaseFromMs + order.atMs;
  }

  /** When the phase needs its next turn: for an order, for its end, or to look at its links. */
  nextMs(nowMs: number): number {
    const { recorder: { phaseFromMs }, presenceChecker } = this.#deps;
    const { nextOrderMs } = this;
    if (this.paused || this.#telemetry?.publishes || presenceChecker?.looking) {
      return Math.min(nextOrderMs, nowMs + pollEveryMs);
    }
    if (this.#order !== undefined) return nextOrderMs;
    const endMs = phaseFromMs + this.durationMs;
    return endMs > nowMs ? endMs : nowMs + pollEveryMs;
  }

  /** A restart of the broker would disturb a check of the presence. */
  #waitsForLook(order: Order): boolean {
    return "restart" in order && this.#deps.presenceChecker?.looking === true;
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

  /** The broker has restarted, and serves again. */
  brokerServes(nowMs: number): void {
    this.#restart.serves(nowMs);
  }

  /** Carries out all orders that are due. Returns true once the phase is over. */
  turn(turnMs: number): boolean {
    let nowMs = turnMs;
    if (this.paused && !this.#restart.turn(nowMs)) return false;
    const { recorder: { phaseFromMs }, presenceChecker, world: { clock } } = this.#deps;
    while (!this.paused && this.#order !== undefined && phaseFromMs + this.#order.atMs <= nowMs) {
      if (this.#waitsForLook(this.#order)) break;
      // The kills of one instant follow each other at once: each is as late as those before it took.
      this.#carryOut(this.#order, phaseFromMs + this.#order.atMs, nowMs);
      nowMs = clock.nowMs();
      this.#order = this.#orders.take();
    }
    if (this.#order !== undefined) this.#orders.refill(nowMs - phaseFromMs, phaseFromMs + this.#order.atMs - nowMs);
    this.#telemetry!.turn(nowMs);
    if (this.paused) return false;
    presenceChecker?.beginWaves(this.#looksDue(nowMs - phaseFromMs), nowMs);
    if (this.#kicks.underWay(nowMs)) return false;
    return this.#order === undefined && nowMs >= phaseFromMs + this.durationMs;
  }

  /** How many looks of late subscribers are due: evenly over the phases, one in the middle by default. */
  #looksDue(passedMs: number): number {
    const { presenceLooks = 1 } = this.#deps.task.plan;
    return Math.min(presenceLooks, Math.floor(passedMs / this.durationMs * (presenceLooks + 1)));
  }

  #carryOut(order: Order, dueMs: number, nowMs: number): void {
    this.#deps.recorder.order(order, nowMs);
    if ("restart" in order) return this.#restart.begin(order, nowMs);
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
