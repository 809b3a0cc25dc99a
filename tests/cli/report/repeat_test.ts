/** The way to repeat a run, read back by the command line: it asks for the same plan. */
import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { fleetRequest } from "../../../src/cli/fleet/fleet_request.ts";
import { makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetPlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { repeatCommand } from "../../../src/report/model/repeat.ts";
import { captured } from "../captured.ts";

const base: PlanRequest = { run: "again", seed: 4_294_967_295 };

/** Every part of a plan, each another than its default. */
const different: PlanRequest = {
  ...base,
  clients: 2_345,
  protocol: "5",
  killRate: { kind: "count", perSecond: 12.5 },
  killShares: [{ mode: "freeze", weight: 1.5 }, { mode: "leave", weight: 2 }],
  durationMs: 90_500,
  reconnectAfterMs: "never",
  rampPerSecond: 123,
  connectsUnderWay: 12,
  keepAliveS: 33,
  willQos: "mix",
  willRetain: true,
  willDelayS: 7,
  sessionExpiryS: 3_600,
  cleanStart: "mix",
  willTopic: "it's/{bucket}/$x/{client} ü",
  willPayloadSizeBytes: 100,
  watchers: 9,
  fanOut: 3,
  workers: 4,
  shard: { number: 2, of: 2 },
  clientPrefix: 'a "b"',
  username: "user name",
  lateAfterMs: 250,
  drainMs: 5_000,
  restartTimeoutMs: 12_500,
  restartCommand: "pkill 'my broker' && sleep 1; exec ./broker &",
  sourceAddresses: ["127.0.0.2", "127.0.0.3"],
  sourcePorts: 1_000,
  tlsCa: "ca.pem",
  tlsCert: "our cert.pem",
  tlsKey: "our key.pem",
  tlsServerName: "broker.example",
  tlsInsecure: true,
  engine: "deno",
};

/** Words as a POSIX shell cuts them, of what the command uses: bare, '…' and \'. */
function shellWords(command: string): string[] {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted, bare) => quoted ?? bare));
}

async function readBack(plan: FleetPlan): Promise<FleetPlan> {
  const [program, ...args] = shellWords(repeatCommand(plan, undefined, { program: "mqtt-sim", runIdAsked: true }));
  assert.equal(program, "mqtt-sim");
  return makePlan(await fleetRequest(readCommandLine(args, captured()) as FleetFlags));
}

Deno.test("the sample differs from every default", () => {
  for (const [name, value] of Object.entries(planDefaults)) {
    assert.notDeepEqual(different[name as keyof PlanRequest], value, name);
  }
  assert.deepEqual(Object.keys(makePlan(different)).sort(), Object.keys(different).sort());
});

Deno.test("a plan with nothing but defaults is read back", async () => {
  assert.deepEqual(await readBack(makePlan(base)), makePlan(base));
});

Deno.test("a plan in which all is different is read back", async () => {
  assert.deepEqual(await readBack(makePlan(different)), makePlan(different));
});

for (const [name, value] of Object.entries(different)) {
  if (name === "run" || name === "seed") continue;
  Deno.test(`a plan with another ${name} is read back`, async () => {
    // Workers and watchers hang together, and a topic without buckets has one watcher for each worker.
    const plan = makePlan({ ...base, [name]: value });
    assert.deepEqual(await readBack(plan), plan);
  });
}
