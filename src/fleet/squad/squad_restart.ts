/**
 * A restart of the broker as one squad goes through it: it stands still, lets the broker go and come back, brings its
 * watchers back first, and then lets its clients come. Who restarts the broker, and finds out when it serves again, is
 * done by the runner of the squads.
 */
import { invariant } from "../../base/failure.ts";
import type { Groups } from "../plan/groups.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { backAfterRestartMs } from "../schedule/restart.ts";
import type { Absence } from "../result/restart_result.ts";
import type { RestartOrder } from "../schedule/schedule.ts";
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { VirtualClient } from "../client/virtual_client.ts";

/** How long after the broker's return a connection that it has ended may seem open, in milliseconds. */
const noticedWithinMs = 2_000;

/** How far a restart is: none, all stand still until the broker serves, or the watchers come back. */
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

  /** Which restart this squad is ready for and waits to hear of, from 0; undefined when none. */
  get waitsFor(): number | undefined {
    return this.#state.kind === "still" ? this.#state.order.restart : undefined;
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
      client.expectRestart(backAfterRestartMs(order.phase, plan, client.number, order.restart));
    }
  }

  /** The broker serves again. */
  serves(nowMs: number): void {
    if (this.#state.kind !== "still") return;
    this.#state = { kind: "returning", fromMs: this.#state.fromMs, servesMs: nowMs };
    this.#recorder.serves(nowMs);
    for (const watcher of this.#watchers.watchers) watcher.comeBack();
  }

  /** One turn; true once all goes on. */
  turn(nowMs: number): boolean {
    if (this.#state.kind !== "returning") return false;
    const { fromMs, servesMs } = this.#state;
    if (nowMs >= servesMs + noticedWithinMs) {
      for (const watcher of this.#watchers.watchers) watcher.endRestart();
    }
    const missing = this.#watchers.watchers.find((watcher) => watcher.returned === undefined);
    if (missing === undefined) {
      this.#goOn(fromMs, nowMs);
      return true;
    }
    if (nowMs > servesMs + Math.max(this.#plan.restartTimeoutMs, 2 * noticedWithinMs)) {
      const within = `within ${this.#plan.restartTimeoutMs / 1_000} s of the broker's restart`;
      this.#recorder.makeVoid(`watcher ${missing.post.number} could not reconnect ${within}`, nowMs);
    }
    return false;
  }

  #goOn(fromMs: number, nowMs: number): void {
    const absences = this.#watchers.watchers.flatMap(({ post, returned, seen }): Absence[] => {
      if (returned?.kind !== "back") return [];
      const { bucket, copy } = post;
      const atQos0 = seen.grantedQos === 0;
      const { atMs: toMs, forgotten } = returned;
      return [{ bucket, copy, fromMs, toMs, forgotten, ...atQos0 && { atQos0 } }];
    });
    const survived = this.#watchers.watchers.length - absences.length +
      this.#clients.filter((client) => client.outlived).length;
    for (const watcher of this.#watchers.watchers) watcher.forgetRestart();
    this.#recorder.comeBack({ absences, survived }, nowMs);
    this.#state = { kind: "none" };
    for (const client of this.#clients) client.brokerIsBack(nowMs);
  }
}
