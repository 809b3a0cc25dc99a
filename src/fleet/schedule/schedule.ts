/**
 * Draws each kill with its client, mode and instant, and each return, from the seed alone: the schedule keeps its own
 * model of the alive clients, so that the same seed gives the same clients, modes, order and instants with any broker.
 *
 * Each squad draws the orders of the whole fleet and keeps those of its own clients: the number of threads and
 * processes of a fleet changes no order. A draw costs about a microsecond, a kill a hundred. No draw is long except
 * that of a restart: where many clients reconnect at one instant, several draws without an order move them.
 */
import { Random } from "../../base/random.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { FleetModel, restMs } from "./fleet_model.ts";
import type { Groups } from "../plan/groups.ts";
import { fallsSilent, type KillMode, type KillShare, needsVersion5, staysOnline } from "../plan/kill_mode.ts";
import { lostNodes, phaseDurationMs, phasesOf } from "../plan/phases.ts";
import type { FleetPlan, KillPhase, KillRate, NodeLossPhase, RestartPhase, ReturnPhase } from "../plan/plan.ts";
import { backAfterRestartMs } from "./restart.ts";

/** One kill of the draw. */
export interface KillOrder {
  /** The client's number. */
  readonly client: number;
  readonly mode: KillMode;
  /** Milliseconds since killing began. */
  readonly atMs: number;
  /** The instant at which its client reconnects after it. */
  readonly reconnectAfterMs: number | "never";
}

/** A client that is gone has to reconnect. */
export interface ReturnOrder {
  readonly comeBack: number;
  readonly atMs: number;
}

/** The part of an outage that an order requests. */
interface OutageOrder {
  /** The number of the action of the runner of the squads, from 0; see `outage_steps.ts`. */
  readonly step: number;
  /** Which outage of the run it is, from 0. */
  readonly outage: number;
  readonly atMs: number;
}

/** The broker has to restart; the squads pause until it is back. */
export interface RestartOrder extends OutageOrder {
  readonly phase: RestartPhase;
}

/** A node of the cluster has to lose its clients, to stop, or to start again. */
export interface NodeOrder extends OutageOrder {
  readonly act: "drain" | "stop" | "start";
  /** From 0. */
  readonly node: number;
  readonly phase: NodeLossPhase;
}

export type Order = KillOrder | ReturnOrder | RestartOrder | NodeOrder;

/** The part of a fleet whose orders the schedule returns. */
export interface Roster {
  readonly firstClient: number;
  readonly clients: number;
  /** The same for all parts of a fleet. */
  readonly seed: number;
  readonly groups: Groups;
}

/** Clients that one draw moves back to the alive ones at most. */
const mostReturns = 256;

export class KillSchedule {
  readonly #plan: FleetPlan;
  readonly #roster: Roster;
  readonly #random: Random;
  readonly #groups: Groups;
  readonly #model: FleetModel;
  /** Yields undefined where there is no order yet. */
  readonly #orders: Generator<Order | undefined, void>;
  /** All groups. */
  readonly #everyone: readonly number[];
  /** The modes to draw from, by their source in the plan and the version of the client. */
  readonly #shares = new Map<readonly KillShare[], Map<ProtocolVersion, Shares>>();
  #atMs = 0;
  #aliveMs = 0;
  #outages = 0;
  #steps = 0;
  #over = false;

  constructor(plan: FleetPlan, roster: Roster) {
    this.#plan = plan;
    this.#roster = roster;
    this.#random = new Random(roster.seed);
    this.#groups = roster.groups;
    this.#model = new FleetModel(this.#groups, plan.clients);
    this.#everyone = this.#groups.named(undefined);
    this.#orders = this.#all();
  }

  /** The roster's next order, in the order of their instants; undefined once the plan's phases are over. */
  next(): Order | undefined {
    while (!this.#over) {
      const order = this.draw();
      if (order !== undefined) return order;
    }
    return undefined;
  }

  /** Draws one order of the whole fleet; returns it if it is the roster's own. */
  draw(): Order | undefined {
    const { value, done } = this.#orders.next();
    if (done) {
      this.#over = true;
      return undefined;
    }
    if (value === undefined || "step" in value) return value;
    return this.#isOwn("comeBack" in value ? value.comeBack : value.client) ? value : undefined;
  }

  /** True once all orders of the plan are drawn. */
  get over(): boolean {
    return this.#over;
  }

  /** The instant up to which all orders are drawn. */
  get atMs(): number {
    return this.#atMs;
  }

  #isOwn(client: number): boolean {
    const { firstClient, clients } = this.#roster;
    return client >= firstClient && client < firstClient + clients;
  }

  /** Clients of the whole fleet alive on average over the schedule so far, by the model. */
  get meanAlive(): number {
    return this.#atMs === 0 ? this.#plan.clients : this.#aliveMs / this.#atMs;
  }

  *#all(): Generator<Order | undefined, void> {
    for (const phase of phasesOf(this.#plan)) {
      const endMs = this.#atMs + phaseDurationMs(this.#plan, phase);
      if (phase.kind === "kill") yield* this.#kills(phase, endMs);
      else if (phase.kind === "return") yield* this.#returns(phase);
      else if (phase.kind === "restart") yield this.#restart(phase);
      else if (phase.kind === "node-loss") yield* this.#loseNodes(phase);
      yield* this.#passTo(endMs);
    }
  }

  /** Kills a second grow with the alive clients, so the model steps from return to return up to the next kill. */
  *#kills(phase: KillPhase, endMs: number): Generator<Order | undefined, void> {
    const groups = this.#groups.named(phase.groups);
    const rate = phase.rate ?? this.#plan.killRate;
    if (rate === "once") {
      for (let left = this.#model.alive(groups); left > 0; left--) yield this.#draw(phase, groups);
      return;
    }
    for (let due = 1;;) {
      const perMs = this.#killsPerMs(rate, groups);
      const reachMs = perMs > 0 ? this.#atMs + due / perMs : Infinity;
      const stepMs = Math.min(reachMs, this.#model.nextReturnMs, endMs);
      due -= (stepMs - this.#atMs) * perMs;
      this.#step(stepMs);
      if (stepMs === reachMs && reachMs < endMs) {
        yield this.#draw(phase, groups);
        due = 1;
        continue;
      }
      if (stepMs >= endMs) return;
      while (this.#model.comeBack(stepMs, mostReturns)) yield undefined;
    }
  }

  #killsPerMs(rate: KillRate, groups: readonly number[]): number {
    const alive = this.#model.alive(groups);
    if (alive === 0) return 0;
    if (rate.kind === "count") return rate.perSecond / 1_000;
    return rate.perSecond * alive / 1_000;
  }

  /** Time passes; clients that are away reconnect meanwhile. */
  *#passTo(atMs: number): Generator<undefined, void> {
    for (let returned = 0; this.#model.nextReturnMs <= atMs; returned++) {
      this.#step(this.#model.nextReturnMs);
      while (this.#model.comeBack(this.#atMs, mostReturns)) yield undefined;
      if (returned % mostReturns === mostReturns - 1) yield undefined;
    }
    this.#step(atMs);
  }

  #step(atMs: number): void {
    if (atMs <= this.#atMs) return;
    this.#aliveMs += (atMs - this.#atMs) * this.#model.alive(this.#everyone);
    this.#atMs = atMs;
  }

  /** Picks a client and a kill mode; undefined if none of the modes exists in the client's protocol version. */
  #draw(phase: KillPhase, groups: readonly number[]): KillOrder | undefined {
    const client = this.#model.takeAlive(groups, this.#random);
    const plan = this.#groups.planOf(client);
    const shares = this.#sharesFor(phase.killShares ?? plan.killShares, this.#groups.versionOf(client));
    if (shares.length === 0) {
      this.#model.sendAway(client, this.#atMs + restMs);
      return undefined;
    }
    const mode = this.#random.weighted(shares);
    const reconnectAfterMs = this.#reconnectAfterMs(phase, plan);
    this.#model.sendAway(client, this.#backAtMs(mode, reconnectAfterMs, plan.keepAliveS));
    return { client, mode, atMs: this.#atMs, reconnectAfterMs };
  }

  #sharesFor(all: readonly KillShare[], version: ProtocolVersion): Shares {
    let byVersion = this.#shares.get(all);
    if (byVersion === undefined) this.#shares.set(all, byVersion = new Map());
    let shares = byVersion.get(version);
    if (shares === undefined) byVersion.set(version, shares = sharesFor(all, version));
    return shares;
  }

  #reconnectAfterMs(phase: KillPhase, plan: FleetPlan): number | "never" {
    const afterMs = phase.reconnectAfterMs ?? plan.reconnectAfterMs;
    if (afterMs === "never" || phase.jitterMs === undefined) return afterMs;
    return afterMs + this.#random.fraction() * phase.jitterMs;
  }

  #backAtMs(mode: KillMode, reconnectAfterMs: number | "never", keepAliveS: number): number {
    if (staysOnline(mode)) return this.#atMs + restMs;
    if (reconnectAfterMs === "never") return Infinity;
    const silentMs = fallsSilent(mode) ? keepAliveS * 1_500 : 0;
    return this.#atMs + silentMs + reconnectAfterMs + restMs;
  }

  /** All alive clients go down with the broker. */
  #restart(phase: RestartPhase): RestartOrder {
    const outage = this.#outages++;
    this.#model.sendAllAway((client) => {
      const afterMs = backAfterRestartMs(phase, this.#groups.planOf(client), client, outage);
      return afterMs === "never" ? Infinity : this.#atMs + afterMs + restMs;
    });
    return { step: this.#steps++, outage, phase, atMs: this.#atMs };
  }

  /**
   * One node after the other. Kills continue; the model does not know which clients a node has, so that a kill of a
   * client that is between two nodes waits until it is connected.
   */
  *#loseNodes(phase: NodeLossPhase): Generator<Order | undefined, void> {
    for (const node of lostNodes(this.#plan, phase)) {
      const of = { node, phase, outage: this.#outages++ };
      const { drainMs = 0, downMs, durationMs } = phase;
      if (drainMs > 0) {
        yield { ...of, act: "drain", step: this.#steps, atMs: this.#atMs };
        yield* this.#killsFor(drainMs);
      }
      yield { ...of, act: "stop", step: this.#steps++, atMs: this.#atMs };
      yield* this.#killsFor(downMs);
      yield { ...of, act: "start", step: this.#steps++, atMs: this.#atMs };
      yield* this.#killsFor(durationMs);
    }
  }

  *#killsFor(durationMs: number): Generator<Order | undefined, void> {
    const endMs = this.#atMs + durationMs;
    yield* this.#kills({ kind: "kill" }, endMs);
    yield* this.#passTo(endMs);
  }

  *#returns({ groups: names, durationMs }: ReturnPhase): Generator<Order | undefined, void> {
    const groups = this.#groups.named(names);
    const fromMs = this.#atMs;
    const everyMs = durationMs / Math.max(1, this.#model.gone(groups));
    for (let number = 0;; number++) {
      const client = this.#model.takeGone(groups, this.#random);
      if (client === undefined) return;
      yield* this.#passTo(fromMs + number * everyMs);
      this.#model.sendAway(client, this.#atMs + restMs);
      yield { comeBack: client, atMs: this.#atMs };
    }
  }
}

type Shares = readonly { readonly item: KillMode; readonly weight: number }[];

function sharesFor(shares: readonly KillShare[], version: ProtocolVersion): Shares {
  return shares.filter(({ mode, weight }) => weight > 0 && (version === 5 || !needsVersion5(mode)))
    .map(({ mode, weight }) => ({ item: mode, weight }));
}
