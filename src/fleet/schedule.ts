/**
 * Who is killed when and how, drawn from the seed alone: the schedule keeps its own model of who is alive, so that
 * the same seed gives the same victims, modes, order and instants whatever the broker does.
 */
import { Deadlines } from "../base/deadlines.ts";
import { Random } from "../base/random.ts";
import type { ProtocolVersion } from "../mqtt/packet.ts";
import { type KillMode, type KillShare, needsVersion5 } from "./kill_mode.ts";
import type { FleetPlan } from "./plan.ts";

/** One kill as it was drawn. */
export interface KillOrder {
  /** The client's number. */
  readonly client: number;
  readonly mode: KillMode;
  /** Milliseconds since killing began. */
  readonly atMs: number;
}

/** The part of a fleet that one schedule kills. */
export interface Roster {
  readonly firstClient: number;
  readonly clients: number;
  /** Of the whole fleet, the share that this roster is; a fixed kill rate is divided by it. */
  readonly share: number;
  readonly seed: number;
  versionOf(client: number): ProtocolVersion;
}

/** Beyond the plan's own wait, the model lets a client rest before it may be drawn again, in milliseconds. */
const restMs = 250;

export class KillSchedule {
  readonly #plan: FleetPlan;
  readonly #roster: Roster;
  readonly #random: Random;
  readonly #alive: number[];
  readonly #away = new Deadlines<number>();
  readonly #shares: Readonly<Record<ProtocolVersion, readonly { item: KillMode; weight: number }[]>>;
  #atMs = 0;
  #aliveMs = 0;

  constructor(plan: FleetPlan, roster: Roster) {
    this.#plan = plan;
    this.#roster = roster;
    this.#random = new Random(roster.seed);
    this.#alive = Array.from({ length: roster.clients }, (_, index) => roster.firstClient + index);
    this.#shares = { 4: sharesFor(plan.killShares, 4), 5: sharesFor(plan.killShares, 5) };
  }

  /** The next kill, in the order of their instants; undefined once the plan's duration is over. */
  next(): KillOrder | undefined {
    for (;;) {
      const atMs = this.#nextInstant();
      if (atMs === undefined) return undefined;
      this.#atMs = atMs;
      const order = this.#draw();
      if (order !== undefined) return order;
    }
  }

  /** Clients alive on average over what was scheduled so far, by the model. */
  get meanAlive(): number {
    return this.#atMs === 0 ? this.#alive.length : this.#aliveMs / this.#atMs;
  }

  /** Kills a second grow with the clients alive, so the way to the next one is walked from return to return. */
  #nextInstant(): number | undefined {
    let atMs = this.#atMs;
    let due = 1;
    for (;;) {
      const perMs = this.#killsPerMs();
      const reachMs = perMs > 0 ? atMs + due / perMs : Infinity;
      const stepMs = Math.min(reachMs, this.#away.nextMs, this.#plan.durationMs);
      this.#aliveMs += (stepMs - atMs) * this.#alive.length;
      due -= (stepMs - atMs) * perMs;
      atMs = stepMs;
      if (stepMs === reachMs && reachMs < this.#plan.durationMs) return atMs;
      if (stepMs >= this.#plan.durationMs) return this.#end();
      this.#alive.push(this.#away.takeDue(stepMs)!);
    }
  }

  #end(): undefined {
    this.#atMs = this.#plan.durationMs;
  }

  #killsPerMs(): number {
    const { killRate } = this.#plan;
    if (this.#alive.length === 0) return 0;
    if (killRate.kind === "count") return killRate.perSecond * this.#roster.share / 1_000;
    return killRate.perSecond * this.#alive.length / 1_000;
  }

  #draw(): KillOrder | undefined {
    const place = this.#random.below(this.#alive.length);
    const client = this.#alive[place]!;
    const shares = this.#shares[this.#roster.versionOf(client)];
    if (shares.length === 0) return undefined;
    const mode = this.#random.weighted(shares);
    this.#alive[place] = this.#alive.at(-1)!;
    this.#alive.pop();
    this.#sendAway(client, mode);
    return { client, mode, atMs: this.#atMs };
  }

  #sendAway(client: number, mode: KillMode): void {
    const { reconnectAfterMs, keepAliveS } = this.#plan;
    if (mode === "takeover") this.#away.add(this.#atMs + restMs, client);
    else if (reconnectAfterMs !== "never") {
      const silentMs = mode === "freeze" || mode === "half-packet" ? keepAliveS * 1_500 : 0;
      this.#away.add(this.#atMs + silentMs + reconnectAfterMs + restMs, client);
    }
  }
}

function sharesFor(shares: readonly KillShare[], version: ProtocolVersion): { item: KillMode; weight: number }[] {
  return shares.filter(({ mode, weight }) => weight > 0 && (version === 5 || !needsVersion5(mode)))
    .map(({ mode, weight }) => ({ item: mode, weight }));
}
