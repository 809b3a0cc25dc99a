/**
 * The loss of a node of the cluster in one squad. Kills continue meanwhile: the clients of the node connect to other
 * nodes, its watchers wait for its return, and the other watchers see the wills. The runner of the squads stops the
 * node and starts it again.
 */
import { invariant } from "../../base/failure.ts";
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { Life } from "../life/life.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import type { Groups } from "../plan/groups.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { backAfterRestartMs } from "../schedule/restart.ts";
import type { NodeOrder } from "../schedule/schedule.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { VirtualClient } from "../client/virtual_client.ts";
import type { Watcher } from "../watch/watcher.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import { NodeDrain } from "./node_drain.ts";
import { watcherReturn } from "./watcher_return.ts";

/** The parts of the squad that the loss of a node changes. */
export interface SquadNodeLossDeps {
  readonly plan: FleetPlan;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly recorder: SquadRecorder;
  readonly watchers: WatcherPool;
}

/** The progress of a loss. */
type LossState =
  | { readonly kind: "none" }
  /** The clients of the node leave it. */
  | { readonly kind: "draining"; readonly drain: NodeDrain }
  /** The runner stops the node. */
  | { readonly kind: "stopping"; readonly order: NodeOrder; readonly fromMs: number }
  | { readonly kind: "down"; readonly order: NodeOrder; readonly fromMs: number }
  /** The runner starts the node, and waits until it serves. */
  | { readonly kind: "starting"; readonly order: NodeOrder; readonly fromMs: number }
  | { readonly kind: "returning"; readonly order: NodeOrder; readonly fromMs: number; readonly servesMs: number };

export class SquadNodeLoss {
  readonly #deps: SquadNodeLossDeps;
  readonly #clients: readonly VirtualClient[];
  #state: LossState = { kind: "none" };

  constructor(deps: SquadNodeLossDeps, clients: readonly VirtualClient[]) {
    this.#deps = deps;
    this.#clients = clients;
  }

  /** True from the stop of a node until its watchers are back. */
  get underWay(): boolean {
    return this.#state.kind !== "none" && this.#state.kind !== "draining";
  }

  /** True while the squad has something to do about a node at each turn. */
  get acts(): boolean {
    return this.#state.kind !== "none";
  }

  /** The action of the runner that this squad waits for, by its number; undefined when none. */
  get waitsFor(): number | undefined {
    const state = this.#state;
    return state.kind === "stopping" || state.kind === "starting" ? state.order.step : undefined;
  }

  /** Whether the squad can carry out an order now: a node starts once it has stopped, and stops once all are back. */
  isReadyFor({ act }: NodeOrder): boolean {
    return act === "start" ? this.#state.kind === "down" : !this.underWay;
  }

  begin(order: NodeOrder, nowMs: number): void {
    if (order.act === "drain") this.#drain(order, nowMs);
    else if (order.act === "stop") this.#stop(order, nowMs);
    else {
      invariant(this.#state.kind === "down", "a node starts that has not stopped");
      this.#state = { kind: "starting", order, fromMs: this.#state.fromMs };
    }
  }

  #drain({ node, phase }: NodeOrder, nowMs: number): void {
    this.#deps.world.down!.add(node);
    const clients = this.#clients.filter((client) => client.isOn(node));
    this.#state = { kind: "draining", drain: new NodeDrain(clients, node, phase.drainMs!, nowMs) };
  }

  #stop(order: NodeOrder, nowMs: number): void {
    const { world, recorder, watchers } = this.#deps;
    world.down!.add(order.node);
    this.#state = { kind: "stopping", order, fromMs: nowMs };
    recorder.goDown(nowMs, order.node);
    watchers.callOffCanaries(nowMs);
    for (const watcher of watchers.watchers) {
      watcher.expectRestart();
      // A watcher on another node that loses its connection too is back at once.
      if (!this.#isOnNode(watcher, order.node)) watcher.comeBack();
    }
  }

  #isOnNode({ post: { bucket, copy } }: Watcher, node: number): boolean {
    return watcherNodeOf(this.#deps.plan, bucket, copy) === node;
  }

  /** When a client connects again whose node was stopped; undefined for a life that ended otherwise. */
  afterLossMs({ client, node, end }: Life): number | "never" | undefined {
    const state = this.#state;
    if (state.kind === "none" || state.kind === "draining") return undefined;
    if (state.order.node !== node || end?.mode !== "restart") return undefined;
    return backAfterRestartMs(state.order.phase, this.#deps.groups.planOf(client), client, state.order.outage);
  }

  /** The runner has done what the squad waits for: the node has stopped, or serves again. */
  done(nowMs: number): void {
    const state = this.#state;
    if (state.kind === "stopping") this.#state = { ...state, kind: "down" };
    if (state.kind !== "starting") return;
    this.#state = { ...state, kind: "returning", servesMs: nowMs };
    this.#deps.recorder.serves(nowMs);
    for (const watcher of this.#deps.watchers.watchers) {
      if (this.#isOnNode(watcher, state.order.node)) watcher.comeBack();
      else watcher.endRestart();
    }
  }

  /** One turn. */
  turn(nowMs: number): void {
    const state = this.#state;
    if (state.kind === "draining") state.drain.turn(this.#deps.recorder, nowMs);
    if (state.kind !== "returning") return;
    const { plan: { restartTimeoutMs: timeoutMs, nodes }, watchers, recorder, world } = this.#deps;
    const { order: { node }, fromMs, servesMs } = state;
    const returned = watcherReturn(watchers, { fromMs, servesMs, timeoutMs }, nowMs);
    if (returned.kind === "lost") {
      const within = `within ${timeoutMs / 1_000} s of the start of node ${nodes![node]!.name}`;
      recorder.makeVoid(`watcher ${returned.watcher} could not reconnect ${within}`, nowMs);
    }
    if (returned.kind !== "back") return;
    const { absences } = returned;
    const absent = absences.filter(({ bucket, copy }) => watcherNodeOf(this.#deps.plan, bucket, copy) === node).length;
    const own = watchers.watchers.filter((watcher) => this.#isOnNode(watcher, node)).length;
    const survived = own - absent + this.#clients.filter((client) => client.isOn(node)).length;
    recorder.comeBack({ absences, survived }, nowMs);
    world.down!.delete(node);
    this.#state = { kind: "none" };
  }
}
