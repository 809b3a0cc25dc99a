/** Kills of mode reset where no RST can be sent: over a Unix socket, and in a runtime without it. */
import assert from "node:assert/strict";
import { withoutReset } from "../../../src/fleet/preflight/settle_reset.ts";
import type { KillShare } from "../../../src/fleet/plan/kill_mode.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";

const usual: PlanRequest = { run: "r", seed: 1 };
const reset: readonly KillShare[] = [{ mode: "reset", weight: 1 }];
const leave: readonly KillShare[] = [{ mode: "leave", weight: 1 }];
const cases: readonly [name: string, request: PlanRequest, reason: "unix" | "runtime", warns: boolean][] = [
  ["the usual mix over a Unix socket", usual, "unix", false],
  ["the usual mix without RST in the runtime", usual, "runtime", true],
  ["a requested reset over a Unix socket", { ...usual, killShares: reset }, "unix", true],
  [
    "a phase with reset over a Unix socket",
    { ...usual, phases: [{ kind: "kill", rate: "once", killShares: reset }] },
    "unix",
    true,
  ],
  [
    "a group with reset over a Unix socket",
    { ...usual, groups: [{ name: "a", share: 1, killShares: reset }] },
    "unix",
    true,
  ],
  [
    "a phase without reset over a Unix socket",
    { ...usual, phases: [{ kind: "kill", rate: "once", killShares: leave }] },
    "unix",
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
