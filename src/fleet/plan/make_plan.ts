/**
 * Makes a plan of a request: fills in the defaults, checks it and freezes it.
 */
import { checkPlan } from "./check_plan.ts";
import { defaultKillShares } from "./kill_mode.ts";
import type { ClientGroup, FleetPlan, PlanRequest } from "./plan.ts";
import { shardsOf } from "./shard.ts";
import { defaultWillTopic, sharedByBucket } from "./will_topic.ts";

/** Ports 32,768 to 60,999: what Linux gives to outgoing connections unless it is told otherwise. */
export const usualSourcePorts = 28_232;

/** What a plan says where nothing was asked for. */
export const planDefaults = {
  clients: 1_000,
  protocol: "auto",
  killRate: { kind: "fraction", perSecond: 0.05 },
  killShares: defaultKillShares,
  durationMs: 30_000,
  reconnectAfterMs: 1_000,
  rampPerSecond: 1_000,
  connectsUnderWay: 64,
  keepAliveS: 10,
  willQos: 1,
  willRetain: false,
  willDelayS: 0,
  sessionExpiryS: 0,
  willTopic: defaultWillTopic,
  willPayloadSizeBytes: 64,
  fanOut: 1,
  workers: 1,
  clientPrefix: "mqtt-sim",
  lateAfterMs: 1_000,
  drainMs: 10_000,
  restartTimeoutMs: 30_000,
  sourceAddresses: [],
  engine: "auto",
} as const satisfies Partial<FleetPlan>;

/** Clients for each watcher unless told otherwise: keeps a storm of them below the usual queue limits of brokers. */
export const clientsPerWatcher = 500;

/**
 * Fills in what was not asked for, checks the whole, and freezes it.
 *
 * @throws UsageError for the first thing that does not go
 */
export function makePlan(request: PlanRequest): FleetPlan {
  const plan = fillPlan(request);
  checkPlan(plan);
  return Object.freeze(plan);
}

/** A request with the defaults of what it does not say; nothing is checked. */
export function fillPlan(request: PlanRequest): FleetPlan {
  const clients = request.clients ?? planDefaults.clients;
  const sessionExpiryS = request.sessionExpiryS ?? planDefaults.sessionExpiryS;
  const workers = request.workers ?? planDefaults.workers;
  const squads = workers * shardsOf(request);
  const topics = topicsOf(request);
  return {
    ...planDefaults,
    // What stands on a client's topic is the truth only if its will can take the place of its word.
    ...request.presence && { willRetain: true },
    cleanStart: usualCleanStart(sessionExpiryS),
    watchers: topics.every(sharedByBucket) ? Math.max(squads, Math.ceil(clients / clientsPerWatcher)) : squads,
    ...request,
    ...request.groups !== undefined && { groups: groupsOf(request, request.groups) },
  };
}

function topicsOf({ willTopic = planDefaults.willTopic, groups }: PlanRequest): string[] {
  return groups === undefined ? [willTopic] : groups.map((group) => group.willTopic ?? willTopic);
}

/** A session that outlives its connection is there to be resumed. */
function usualCleanStart(sessionExpiryS: number): "yes" | "no" {
  return sessionExpiryS > 0 ? "no" : "yes";
}

/** A group with sessions of its own resumes them, unless anyone has said what its clients are to do. */
function groupsOf({ cleanStart }: PlanRequest, groups: readonly ClientGroup[]): readonly ClientGroup[] {
  return groups.map((group) => ({
    ...cleanStart === undefined && group.sessionExpiryS !== undefined &&
      { cleanStart: usualCleanStart(group.sessionExpiryS) },
    ...group.presence && { willRetain: true },
    ...group,
  }));
}

/** The plan as it holds for a control client: its will is neither delayed nor retained, and so asks no more than any will. */
export function controlPlanOf(plan: FleetPlan): FleetPlan {
  return { ...plan, willDelayS: 0, willRetain: false, cleanStart: "yes", sessionExpiryS: 0 };
}
