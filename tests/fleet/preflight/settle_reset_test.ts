/** Kills of mode reset where no RST can be sent: over TLS, and in a runtime without it. */
import assert from "node:assert/strict";
import { withoutReset } from "../../../src/fleet/preflight/settle_reset.ts";
import type { KillShare } from "../../../src/fleet/plan/kill_mode.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";

const usual: PlanRequest = { run: "r", seed: 1 };
const reset: readonly KillShare[] = [{ mode: "reset", weight: 1 }];
const leave: readonly KillShare[] = [{ mode: "leave", weight: 1 }];
const cases: readonly [name: string, request: PlanRequest, reason: "tls" | "runtime", warns: boolean][] = [
  ["the usual mix over TLS", usual, "tls", false],
  ["the usual mix without RST in the runtime", usual, "runtime", true],
  ["a requested reset over TLS", { ...usual, killShares: reset }, "tls", true],
  [
    "a phase with reset over TLS",
    { ...usual, phases: [{ kind: "kill", rate: "once", killShares: reset }] },
    "tls",
    true,
  ],
  ["a group with reset over TLS", { ...usual, groups: [{ name: "a", share: 1, killShares: reset }] }, "tls", true],
  [
    "a phase without reset over TLS",
    { ...usual, phases: [{ kind: "kill", rate: "once", killShares: leave }] },
    "tls",
    false,
  ],
];

for (const [name, request, reason, warns] of cases) {
  Deno.test(`reset: ${name} ${warns ? "has a warning" : "has no warning"}, and becomes a close`, () => {
    const warnings: string[] = [];
    const plan = withoutReset(makePlan(request), reason, ({ level, text }) => warnings.push(`${level}: ${text}`));
    assert.equal(warnings.length, warns ? 1 : 0);
    if (warns) assert.match(warnings[0]!, /^warning: .* kills of mode reset are executed and counted as close$/);
    const named = [plan, ...plan.groups ?? [], ...plan.phases ?? []];
    const modes = named.flatMap((part) => "killShares" in part ? (part.killShares ?? []).map(({ mode }) => mode) : []);
    assert.ok(!modes.includes("reset"), modes.join());
    if (request === usual) {
      assert.deepEqual(plan.killShares, [{ mode: "close", weight: 90 }, { mode: "leave", weight: 10 }]);
    }
  });
}
