/**
 * `--fault` in the notation of the command line, under a manual clock: the broker's counts of its faults against the
 * findings of the oracle, which has no access to them. tests/e2e/fault_test.ts does the same between processes.
 */
import assert from "node:assert/strict";
import { readCommandLine } from "../../src/cli/command_line.ts";
import type { BrokerFlags } from "../../src/cli/broker/broker_flags.ts";
import { faultOf } from "../../src/cli/broker/broker_observing.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { WillCounts } from "../../src/fleet/result/will_counts.ts";
import { captured } from "../cli/captured.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const clients = 100;
const plan: Partial<PlanRequest> = {
  clients,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: [{ mode: "reset", weight: 1 }, { mode: "close", weight: 1 }],
  durationMs: 20_000,
  willQos: "mix",
};
const delayed = { willDelayS: 3, sessionExpiryS: 60, reconnectAfterMs: 5_000 };
const leaving: Partial<PlanRequest> = { killShares: [{ mode: "reset", weight: 1 }, { mode: "leave", weight: 4 }] };

const cases: readonly [mix: string, verdict: keyof WillCounts, plan?: Partial<PlanRequest>][] = [
  ["lose=10%", "missing"],
  ["duplicate=10%", "duplicate"],
  ["delay=10%:1500ms", "late"],
  ["alter=10%", "altered"],
  ["hurry=10%", "early", delayed],
  ["invent=10%", "unwanted", leaving],
];

function run(mix: string, more: Partial<PlanRequest> = {}) {
  // The broker also counts wills of canaries, which have numbers beyond the clients; this filter excludes them.
  const args = ["broker", "--fault", mix, "--fault-seed", "7", "--fault-clients", "-[0-9]{1,2}$"];
  const fault = faultOf(readCommandLine(args, captured()) as BrokerFlags)!;
  const { wills, verdict } = simulateFleet({ plan: { ...plan, ...more }, protocol: "5", broker: { willFault: fault } });
  const { missing, late, early, altered, duplicate, unwanted } = wills;
  const found = { missing, late, early, altered, duplicate, unwanted };
  return { found: Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0)), verdict, fault };
}

for (const [mix, verdict, more] of cases) {
  Deno.test(`--fault ${mix}: the oracle counts as many ${verdict} wills as the broker`, () => {
    const { found, verdict: said, fault } = run(mix, more);
    const [count] = Object.values(fault.counts);
    assert.ok(count! > 10, `only ${count} wills were struck`);
    assert.deepEqual(found, { [verdict]: count });
    assert.equal(said, "fail");
  });
}

for (const percent of [1, 5, 30, 50, 100]) {
  Deno.test(`section 1: --fault lose=${percent}% fails each of 20 runs, with the broker's own count`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const args = ["broker", "--fault", `lose=${percent}%`, "--fault-seed", String(seed)];
      const fault = faultOf(readCommandLine(args, captured()) as BrokerFlags)!;
      const losing = { ...plan, seed, killRate: { kind: "fraction", perSecond: 0.4 } } as const;
      const { wills, controls, verdict, exitCode } = simulateFleet({ plan: losing, broker: { willFault: fault } });
      assert.deepEqual({ verdict, exitCode }, { verdict: "fail", exitCode: 1 }, `seed ${seed}`);
      assert.equal(wills.missing + controls.lost, fault.counts.lose, `seed ${seed}`);
    }
  });
}

Deno.test("--fault stall=2%: a held will is late if the stall exceeds the bound", () => {
  const { found, fault } = run("stall=2%:1500ms");
  const { late = 0, ...others } = found;
  assert.deepEqual(others, {});
  assert.ok(late > 10 && late <= fault.counts.stall!, `${late} late of ${fault.counts.stall} held back`);
});

Deno.test("--fault with several faults: the oracle counts each as often as the broker", () => {
  const { found, fault } = run("lose=5%,duplicate=5%,alter=5%");
  const { lose, duplicate, alter } = fault.counts;
  assert.deepEqual(found, { missing: lose, duplicate, altered: alter });
});
