import type { Alteration, Arrival, OracleRules } from "../../src/fleet/oracle/expectation.ts";

/**
 * Lives as the ledger holds them, with round times: CONNECT at 1 s, CONNACK 10 ms later, the last packet at 5 s, the
 * kill due at 6.99 s and done at 7 s.
 */
import { beginLife, type EndMode, type Life, type LifeEnd, type NextConnect } from "../../src/fleet/life/life.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { FleetPlan, PlanRequest } from "../../src/fleet/plan/plan.ts";

export const sentMs = 1_000;
export const connectedMs = 1_010;
export const lastPacketMs = 5_000;
export const killDueMs = 6_990;
export const killMs = 7_000;
export const keepAliveS = 10;
/** 1.5 × keep alive after the last packet. */
export const silentUntilMs = 20_000;

export const rules: OracleRules = { lateAfterMs: 1_000, earlyBeforeMs: 20 };

export function aPlan(request: Partial<PlanRequest> = {}): FleetPlan {
  return makePlan({ seed: 7, run: "r1", clients: 10, watchers: 1, keepAliveS, ...request });
}

/** A connected 5.0 client that is alive. */
export function aLife(over: Partial<Life> = {}): Life {
  const begun = beginLife(aPlan(), { number: 0, bucket: 0, version: 5 }, 1);
  return { ...begun, sentMs, connectedMs, lastPacketMs, ...over };
}

export function anEnd(mode: EndMode, over: Partial<LifeEnd> = {}): LifeEnd {
  return { mode, dueMs: killDueMs, doneMs: killMs, silent: mode === "freeze", ...over };
}

/** The CONNECT of the next life, accepted 10 ms later. */
export function aNext(sentMs: number, over: Partial<NextConnect> = {}): NextConnect {
  return { cleanStart: false, sentMs, acknowledgedMs: sentMs + 10, ...over };
}

/** A will that arrived with these parts altered. */
export function anArrival(atMs: number, ...altered: Alteration[]): Arrival {
  return { atMs, sinceMs: atMs, altered };
}

/** Unaltered wills that arrived at these times. */
export function came(...instants: readonly number[]): Arrival[] {
  return instants.map((atMs) => anArrival(atMs));
}
