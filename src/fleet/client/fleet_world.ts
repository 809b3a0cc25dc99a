/** The world of a fleet: links to its broker, and what wants to be woken. */
import { Deadlines } from "../../base/deadlines.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineName } from "../../net/engine.ts";
import { type TimedWorld, type World, worldOf } from "../../net/world.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** Something that asked to be woken. */
export interface Wakeable {
  wake(nowMs: number): void;
}

/** What a squad needs of the world; tests hand over a manual clock and links in memory. */
export interface FleetWorld extends World {
  /** Everything that wants to be woken; the squad's owner asks it on each turn. */
  readonly wakes: Deadlines<Wakeable>;
}

/** What of a run says where its links go, and from where. */
interface Reach {
  readonly plan: Pick<FleetPlan, "sourceAddresses">;
  readonly target: Endpoint;
  readonly engine?: EngineName | undefined;
}

/** The real world of a fleet, with nothing to wake yet. */
export function fleetWorldOf({ plan, target, engine }: Reach): FleetWorld & TimedWorld {
  return { ...worldOf(target, engine, plan.sourceAddresses), wakes: new Deadlines<Wakeable>() };
}
