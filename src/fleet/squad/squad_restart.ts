/**
 * A restart of the broker in one squad: the squad pauses until the broker has gone and come back, reconnects its
 * watchers first, and then its clients. The runner of the squads restarts the broker, and detects when it serves again.
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

  /** The restart that this squad is ready for and waits for, from 0; undefined when none. */
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

  /** One turn; true once the squad continues. */
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
