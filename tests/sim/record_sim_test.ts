/** The same seed gives the same run: whole recordings of each built-in scenario under a manual clock. */
import assert from "node:assert/strict";
import { overrule, parseScenario } from "../../src/cli/fleet/scenario_file.ts";
import { builtInScenarios } from "../../src/cli/fleet/scenarios.ts";
import { parseNodes } from "../../src/fleet/plan/cluster_node.ts";
import { Recording } from "../support/recording.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const nodes = parseNodes("n1=mqtt://sim:1,n2=mqtt://sim:2,n3=mqtt://sim:3", "--node");

/** A scenario's recording without its run id, the only difference between two runs of a seed. */
function recording(name: string, seed: number, run: string): string {
  const { text, ofCluster } = builtInScenarios.find((scenario) => scenario.name === name)!;
  const plan = overrule(parseScenario(text, name), { clients: 40, ...ofCluster && { nodes } }, { seed, run });
  const recording = new Recording();
  simulateFleet({ plan, protocol: plan.protocol === "5" ? "5" : "mix", recording });
  return recording.text.replaceAll(run, "RUN");
}

for (const { name } of builtInScenarios) {
  Deno.test(`scenario ${name}: the same seed gives the same recording, byte for byte, whatever the run's id`, () => {
    const first = recording(name, 11, "id-one");
    assert.ok(first.split("\n").length > 200, "something is in it");
    assert.equal(recording(name, 11, "id-two"), first);
    assert.notEqual(recording(name, 12, "id-one"), first);
  });
}
