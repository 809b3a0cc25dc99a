/**
 * A fleet with short client identifiers on a broker that accepts only what every broker must accept: 1 to 23 letters
 * and digits. [MQTT311 3.1.3-5] [MQTT5 3.1.3-5]
 */
import assert from "node:assert/strict";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const refused: string[] = [];
const broker = {
  authenticate: ({ clientId }: { readonly clientId: string }) => {
    if (/^[0-9A-Za-z]{1,23}$/.test(clientId)) return "accept";
    refused.push(clientId);
    return "bad-credentials";
  },
} as const;

const plans: readonly [name: string, plan: Partial<PlanRequest>][] = [
  ["retained wills", { willRetain: true, sessionExpiryS: 30 }],
  ["presence with several looks", { presence: true, presenceLooks: 3, sessionExpiryS: 30 }],
  ["two workers and a restart", {
    workers: 2,
    phases: [{ kind: "kill", durationMs: 2_000 }, { kind: "restart", downMs: 500 }, {
      kind: "kill",
      durationMs: 2_000,
    }],
    willQos: 1,
  }],
];

for (const [name, plan] of plans) {
  Deno.test(`short client identifiers: the broker refuses no connection of the run: ${name}`, () => {
    refused.length = 0;
    const run = { clients: 30, durationMs: 5_000, killRate: { kind: "fraction", perSecond: 0.2 } } as const;
    const result = simulateFleet({ plan: { ...run, ...plan, run: "a-long-run-name", shortClientIds: true }, broker });
    assert.deepEqual(refused, []);
    assert.equal(result.verdict, "pass", result.reason);
  });
}

Deno.test("short client identifiers: without them this broker refuses the watchers", () => {
  refused.length = 0;
  assert.equal(simulateFleet({ plan: { clients: 3, durationMs: 500 }, broker }).verdict, "void");
  assert.ok(refused.length > 0);
});
