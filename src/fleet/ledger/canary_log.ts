/**
 * The fate of canaries: the oracle judges their wills like those of any client, and this log counts them apart. A run
 * calls it as events happen, a recording's replay at their recorded instants.
 */
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { profileOf } from "../../profiles/profiles.ts";
import { strict } from "../../profiles/strict.ts";
import { type CanaryCounts, type CanarySight, noCanaries } from "../result/canary_counts.ts";
import { deviationOf } from "../oracle/deviation.ts";
import type { Alteration, Arrival, Judgement } from "../oracle/expectation.ts";
import type { FaultName, FaultSample } from "../result/fault_sample.ts";
import { describeFault } from "../oracle/fault_text.ts";
import type { Groups } from "../plan/groups.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import type { Ledger } from "./ledger.ts";
import { clientIdOf } from "../plan/client_id.ts";
import { beginLife, type Life } from "../life/life.ts";
import { canaryPlanOf } from "../plan/make_plan.ts";
import { judge, worst } from "../oracle/oracle.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { timelineOf } from "./timeline.ts";

/** The will of a canary as one watcher saw it. */
export interface CanaryWill {
  readonly client: number;
  /** The number of the watcher among those that receive the same wills, from 0. */
  readonly copy: number;
  readonly altered: readonly Alteration[];
}

/** A canary that the fleet killed after a watcher received its message. */
export interface KilledCanary {
  readonly client: number;
  readonly bucket: number;
  readonly version: ProtocolVersion;
  readonly mode: KillMode;
  readonly connectedMs: number;
  readonly killedMs: number;
}

/** The data on the life of a killed canary; undefined for one without a kill. */
export function killedCanary({ client, bucket, version, connectedMs, end }: Life): KilledCanary | undefined {
  if (end === undefined || connectedMs === undefined) return undefined;
  return { client, bucket, version, mode: end.mode as KillMode, connectedMs, killedMs: end.doneMs };
}

/** Names the counter of canaries for each fault of a will. */
const countOf: Readonly<Partial<Record<FaultName, keyof CanaryCounts>>> = {
  missing: "lost",
  altered: "altered",
  late: "late",
  duplicate: "duplicate",
};

export class CanaryLog {
  readonly counts = noCanaries();
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #ledger: Ledger;
  readonly #originMs: number;
  /** The messages that the watchers received, by client and copy, of canaries that are not over. */
  readonly #arrivals = new Map<number, Arrival[][]>();

  constructor(plan: FleetPlan, groups: Groups, ledger: Ledger, originMs: number) {
    this.#plan = plan;
    this.#groups = groups;
    this.#ledger = ledger;
    this.#originMs = originMs;
  }

  /** A watcher saw the will of a canary, which may have lain here unread since an instant. */
  see({ client, copy, altered }: CanaryWill, atMs: number, sinceMs: number): void {
    const arrivals = this.#arrivals.get(client) ?? Array.from({ length: this.#plan.fanOut }, (): Arrival[] => []);
    this.#arrivals.set(client, arrivals);
    arrivals[copy]?.push({ atMs, sinceMs, altered });
  }

  /** A canary is over. */
  take(seen: CanarySight, killed: KilledCanary | undefined, nowMs: number): void {
    if (killed === undefined) return this.#count(seen);
    const life = this.#lifeOf(killed);
    const arrivals = this.#arrivals.get(killed.client) ??
      Array.from({ length: this.#plan.fanOut }, (): Arrival[] => []);
    this.#arrivals.delete(killed.client);
    const { rules, restarts } = this.#ledger;
    const judgement = worst(
      arrivals.flatMap((each, copy) => {
        if (watcherNodeOf(this.#plan, life.bucket, copy) !== (life.node ?? 0)) return [];
        return [judge(life, each, rules, nowMs, restarts.absencesOf(life.bucket, copy))];
      }),
    );
    // A will that no watcher could see, or that could still arrive, is no canary.
    if (judgement.verdict === undefined || judgement.verdict === "unseeable") return;
    this.counts.total++;
    this.#judged(life, judgement, arrivals);
  }

  /** A canary without a kill; or one of a recording without more data on it. */
  #count(seen: CanarySight): void {
    this.counts.total++;
    if (seen === "nothing") this.counts.blind++;
    else if (seen === "message") this.counts.lost++;
  }

  #lifeOf({ client, bucket, version, mode, connectedMs, killedMs }: KilledCanary): Life {
    const plan = canaryPlanOf(this.#groups.planOf(client));
    return {
      ...beginLife(plan, { number: client, bucket, version }, 1),
      sentMs: connectedMs,
      connectedMs,
      lastPacketMs: killedMs,
      end: { mode, dueMs: killedMs, doneMs: killedMs, silent: false },
    };
  }

  #judged(life: Life, judgement: Judgement, arrivals: readonly (readonly Arrival[])[]): void {
    const { expectation } = judgement;
    const timeline = timelineOf(life, arrivals, expectation, this.#originMs);
    const client = `${clientIdOf(this.#plan, life.client)} (control)`;
    for (const fault of describeFault(client, life, judgement, timeline)) this.#fault(life, judgement, fault);
  }

  #fault(life: Life, judgement: Judgement, fault: FaultSample): void {
    const name = countOf[fault.verdict];
    if (name === undefined) return;
    const profile = profileOf(this.#plan.profile ?? strict.name) ?? strict;
    const judged = { life, judgement, rules: this.#ledger.rules, othersDueMs: -Infinity };
    if (deviationOf(profile, fault.verdict, judged) !== undefined) return this.#more("deviating");
    this.#more(name);
    this.#ledger.tally.keepFault(fault);
  }

  #more(name: keyof CanaryCounts): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}
