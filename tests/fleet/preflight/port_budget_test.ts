/** Source ports: how many are in TIME_WAIT at the peak of all phases. */
import assert from "node:assert/strict";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { portsWaiting } from "../../../src/fleet/preflight/port_budget.ts";
import { aPlan } from "../sample_life.ts";

const close = { killShares: [{ mode: "close", weight: 1 }] } as const;
const rate = (perSecond: number) => ({ kind: "count", perSecond }) as const;
const cases: readonly [what: string, request: Partial<PlanRequest>, ports: number][] = [
  ["a rate, for as long as ports wait", { ...close, killRate: rate(50), durationMs: 600_000 }, 3_000],
  ["a rate, for a shorter time", { ...close, killRate: rate(50), durationMs: 10_000 }, 500],
  ["a share of the clients", { ...close, killRate: { kind: "fraction", perSecond: 0.01 }, durationMs: 600_000 }, 600],
  ["resets leave none", { killShares: [{ mode: "reset", weight: 1 }] }, 0],
  [
    "some modes leave none",
    {
      killShares: [{ mode: "reset", weight: 3 }, { mode: "close", weight: 1 }],
      killRate: rate(40),
      durationMs: 60_000,
    },
    600,
  ],
  ["all at once", { ...close, phases: [{ kind: "kill", rate: "once" }] }, 1_000],
  [
    "twice all at once, close together",
    {
      ...close,
      phases: [{ kind: "kill", rate: "once" }, { kind: "hold", durationMs: 30_000 }, { kind: "kill", rate: "once" }],
    },
    2_000,
  ],
  [
    "twice all at once, far apart",
    {
      ...close,
      phases: [{ kind: "kill", rate: "once" }, { kind: "hold", durationMs: 61_000 }, { kind: "kill", rate: "once" }],
    },
    1_000,
  ],
  [
    "the busiest of several rates, and what is left of the one before",
    {
      ...close,
      phases: [
        { kind: "kill", rate: rate(10), durationMs: 60_000 },
        { kind: "kill", rate: rate(100), durationMs: 30_000 },
        { kind: "kill", rate: rate(1), durationMs: 60_000 },
      ],
    },
    30 * 100 + 30 * 10,
  ],
  [
    "one group at once, by its own modes",
    {
      groups: [{ name: "a", share: 1, ...close }, { name: "b", share: 3, killShares: [{ mode: "reset", weight: 1 }] }],
      phases: [{ kind: "kill", rate: "once" }],
    },
    250,
  ],
];
for (const [what, request, ports] of cases) {
  Deno.test(`port budget: ${what}`, () => {
    assert.equal(portsWaiting(aPlan({ clients: 1_000, ...request }), 60_000), ports);
  });
}
