/**
 * A restart of the broker in one squad: the squad pauses until the broker has gone and come back, reconnects its
 * watchers first, and then its clients. The runner of the squads restarts the broker, and detects when it serves again.
 */
import { invariant } from "../../base/failure.ts";
import type { Groups } from "../plan/groups.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { watcherReturn } from "./watcher_return.ts";
import { backAfterRestartMs } from "../schedule/restart.ts";
import type { Absence } from "../result/restart_result.ts";
import type { RestartOrder } from "../schedule/schedule.ts";
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { VirtualClient } from "../client/virtual_client.ts";

/** The progress of a restart: none, a pause until the broker serves, or the return of the watchers. */
type RestartState =
  | { readonly kind: "none" }
  | { readonly kind: "still"; readonly order: RestartOrder; readonly fromMs: number }
  | { readonly kind: "returning"; readonly fromMs: number; readonly servesMs: number };

export class SquadRestart {
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #recorder: SquadRecorder;
  readonly #watchers: WatcherPool;
  readonly #clients: readonly VirtualClient[];
  #state: RestartState = { kind: "none" };

  constructor(
    plan: FleetPlan,
    groups: Groups,
    recorder: SquadRecorder,
    watchers: WatcherPool,
    clients: readonly VirtualClient[],
  ) {
    this.#plan = plan;
    this.#groups = groups;
    this.#recorder = recorder;
    this.#watchers = watchers;
    this.#clients = clients;
  }

  /** True from the barrier until the watchers are back. */
  get underWay(): boolean {
    return this.#state.kind !== "none";
  }

  /** The action of the runner that this squad waits for, by its number; undefined when none. */
  get waitsFor(): number | undefined {
    return this.#state.kind === "still" ? this.#state.order.step : undefined;
  }

  /** All is still: from now on the broker may go. */
  begin(order: RestartOrder, nowMs: number): void {
    invariant(this.#state.kind === "none", "a restart begins before the last one has ended");
    this.#state = { kind: "still", order, fromMs: nowMs };
    this.#recorder.goDown(nowMs);
    this.#watchers.callOffCanaries(nowMs);
    for (const watcher of this.#watchers.watchers) watcher.expectRestart();
    for (const client of this.#clients) {
      const plan = this.#groups.planOf(client.number);
      client.expectRestart(backAfterRestartMs(order.phase, plan, client.number, order.outage));
    }
  }

  /** The broker serves again. */
  serves(nowMs: number): void {
    if (this.#state.kind !== "still") return;
    this.#state = { kind: "returning", fromMs: this.#state.fromMs, servesMs: nowMs };
    this.#recorder.serves(nowMs);
    for (const watcher of this.#watchers.watchers) watcher.comeBack();
  }

  /** One turn; true once the squad continues. */
  turn(nowMs: number): boolean {
    if (this.#state.kind !== "returning") return false;
    const { fromMs, servesMs } = this.#state;
    const timeoutMs = this.#plan.restartTimeoutMs;
    const returned = watcherReturn(this.#watchers, { fromMs, servesMs, timeoutMs }, nowMs);
    if (returned.kind === "lost") {
      const within = `within ${timeoutMs / 1_000} s of the broker's restart`;
      this.#recorder.makeVoid(`watcher ${returned.watcher} could not reconnect ${within}`, nowMs);
    }
    if (returned.kind !== "back") return false;
    this.#goOn(returned.absences, nowMs);
    return true;
  }

  #goOn(absences: readonly Absence[], nowMs: number): void {
    const survived = this.#watchers.watchers.length - absences.length +
      this.#clients.filter((client) => client.outlived).length;
    this.#recorder.comeBack({ absences, survived }, nowMs);
    this.#state = { kind: "none" };
    for (const client of this.#clients) client.brokerIsBack(nowMs);
  }
}
