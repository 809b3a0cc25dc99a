/**
 * Makes a plan of a request: fills in the defaults, checks it and freezes it.
 */
import { checkPlan } from "./check_plan.ts";
import { nodeCount } from "./cluster_node.ts";
import type { ClientGroup, FleetPlan, PlanRequest } from "./plan.ts";
import { profileDefaults } from "./profile/profile_limits.ts";
import { clientsPerWatcher, type DefaultName, leastUnderWay, optionList, underWayPerShard } from "./plan_options.ts";
import { shardsOf } from "./shard.ts";
import { sparkplugDefaults } from "./sparkplug/sparkplug_plan.ts";
import { sharedByBucket } from "./will_topic.ts";

/** The defaults of a plan; the options left out are drawn, or follow from others. */
export const planDefaults: Readonly<Omit<FleetPlan, "run" | "seed" | "watchers" | "cleanStart" | "connectsUnderWay">> =
  tableDefaults();

function tableDefaults() {
  const defaults = optionList.flatMap(([name, option]) => "default" in option ? [[name, option.default]] : []);
  return Object.fromEntries(defaults) as Pick<FleetPlan, DefaultName>;
}

/**
 * Fills in the defaults, checks the whole, and freezes it.
 *
 * @throws UsageError for the first invalid value
 */
export function makePlan(request: PlanRequest): FleetPlan {
  const plan = fillPlan(request);
  checkPlan(plan);
  return Object.freeze(plan);
}

/** A request with its missing defaults; unchecked. */
export function fillPlan(request: PlanRequest): FleetPlan {
  const profile = profileDefaults(request);
  const clients = request.clients ?? profile.clients ?? planDefaults.clients;
  const sessionExpiryS = request.sessionExpiryS ?? planDefaults.sessionExpiryS;
  const workers = request.workers ?? planDefaults.workers;
  const squads = workers * shardsOf(request);
  const sparkplug = sparkplugDefaults(request);
  const topics = topicsOf({ ...sparkplug, ...request });
  return {
    ...planDefaults,
    ...profile,
    // A client's retained message is true only if its will can replace its presence message.
    ...request.presence && { willRetain: true },
    ...sparkplug,
    cleanStart: usualCleanStart(sessionExpiryS),
    connectsUnderWay: Math.max(leastUnderWay, underWayPerShard * shardsOf(request)),
    watchers: topics.every(sharedByBucket) ? usualWatchers(request, clients, squads) : squads,
    // No earlier version has enhanced authentication.
    ...request.authMethod !== undefined && { protocol: "5" as const },
    ...request.nodes !== undefined && request.watchNodes !== "other" && { fanOut: request.nodes.length },
    ...request,
    ...request.groups !== undefined && { groups: groupsOf(request, request.groups) },
  };
}

/** Where the clients are on other nodes than their watchers, each node has as many watchers. */
function usualWatchers({ nodes, watchNodes }: PlanRequest, clients: number, squads: number): number {
  const each = watchNodes === "other" ? nodeCount(nodes === undefined ? {} : { nodes }) : 1;
  return Math.ceil(Math.max(squads * each, clients / clientsPerWatcher) / each) * each;
}

function topicsOf({ willTopic = planDefaults.willTopic, groups }: PlanRequest): string[] {
  return groups === undefined ? [willTopic] : groups.map((group) => group.willTopic ?? willTopic);
}

/** The usual purpose of a session that outlives its connection is its resumption. */
function usualCleanStart(sessionExpiryS: number): "yes" | "no" {
  return sessionExpiryS > 0 ? "no" : "yes";
}

/** A group with its own sessions resumes them, unless the request sets its clean start. */
function groupsOf({ cleanStart }: PlanRequest, groups: readonly ClientGroup[]): readonly ClientGroup[] {
  return groups.map((group) => ({
    ...cleanStart === undefined && group.sessionExpiryS !== undefined &&
      { cleanStart: usualCleanStart(group.sessionExpiryS) },
    ...group.presence && { willRetain: true },
    ...group,
  }));
}

/** The plan for a canary: its will is neither delayed nor retained, and so needs no more than any will. */
export function canaryPlanOf(plan: FleetPlan): FleetPlan {
  return { ...plan, willDelayS: 0, willRetain: false, cleanStart: "yes", sessionExpiryS: 0 };
}
