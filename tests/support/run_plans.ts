/** Plans for simulated fleets, and the reports of one plan that may not differ. */
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { Report } from "../../src/report/model/report.ts";

/** A plan with a name for the test. */
export interface NamedPlan {
  readonly name: string;
  readonly plan: Partial<PlanRequest>;
  readonly protocol?: "3.1.1" | "5";
}

/** The counts that are the same however many processes carry out a plan. */
export function countsOf({ verdict, clients, kills, wills }: Report) {
  const due = Object.entries(kills.byMode).map(([mode, { kills, expected }]) => ({ mode, kills, expected }));
  return {
    verdict,
    asked: clients.asked,
    reconnects: clients.reconnects,
    total: kills.total,
    due,
    wills: wills.expected,
  };
}
