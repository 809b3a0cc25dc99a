import assert from "node:assert/strict";
import { Broker } from "../../../src/broker/broker.ts";
import type { Measured } from "./contest.ts";
import { compileGenerator, findCompiler, runGenerator } from "./generator.ts";
import { loads } from "./load.ts";
import { ownBrokerText } from "./own_broker.ts";
import { instrumentTable, missedGoals } from "./table.ts";

const measured = (more: Partial<Measured>): Measured => (
  {
    p50Ms: 0.2,
    p99Ms: 0.5,
    slipP50Ms: 0.05,
    slipP99Ms: 0.2,
    killP50Ms: 0.04,
    killP99Ms: 0.1,
    cpuUsPerLife: 100,
    ...more,
  }
);

Deno.test("instrument: the table shows medians, the spread, and the goals that a load misses", () => {
  const fleet = [measured({ p50Ms: 0.4 }), measured({ p50Ms: 0.3 }), measured({ p50Ms: 0.9 })];
  const text = instrumentTable([{ load: loads[0]!, fleet, generator: [measured({})] }]);
  assert.match(text, /\| 1,000 clients, 5 %\/s \| fleet \| 0\.4 /);
  assert.match(text, /- 1,000 clients, 5 %\/s: p50 is 0\.2 ms higher, at most 0\.15$/);
});

Deno.test("instrument: a load that reaches every goal has none that it misses", () => {
  for (const load of loads) {
    assert.deepEqual(missedGoals({ load, fleet: [measured({})], generator: [measured({})] }), []);
  }
});

Deno.test("instrument: CPU time counts only from 2,500 kills a second on", () => {
  const dear = [measured({ cpuUsPerLife: 151 })];
  const missed = loads.map((load) => missedGoals({ load, fleet: dear, generator: [measured({})] }).length);
  assert.deepEqual(missed, [0, 0, 1]);
});

Deno.test("instrument: the slip has its goals at 250 kills a second", () => {
  const late = [measured({ slipP50Ms: 0.051, slipP99Ms: 0.31 })];
  const missed = loads.map((load) => missedGoals({ load, fleet: late, generator: [measured({})] }));
  assert.deepEqual(missed, [[], ["slip p50 is 0.051 ms, at most 0.05", "slip p99 is 0.31 ms, at most 0.3"], []]);
});

Deno.test("instrument: a p99 without a number is a missed goal", () => {
  const fleet = [measured({ p99Ms: NaN })];
  assert.equal(missedGoals({ load: loads[0]!, fleet, generator: [measured({})] }).length, 1);
});

Deno.test("instrument: the rows of the own broker state the median and whether it reaches the goal", () => {
  const text = ownBrokerText([{ p50Ms: 0.25, idlePercent: 1 }, { p50Ms: 0.3, idlePercent: 2.5 }, {
    p50Ms: 0.5,
    idlePercent: 3,
  }]);
  assert.match(text, /p50: 0\.3 ms \(0\.25–0\.5\) \(goal reached: at most 0\.3 ms\)\n/);
  assert.match(text, /one core: 2\.5 % .*goal missed: at most 2 %\)$/);
});

const compiler = await findCompiler();

Deno.test({
  name:
    "instrument: the generator in C sees each will of its kills once, at each QoS (needs a C compiler, such as gcc)",
  ignore: compiler === undefined,
  fn: async (test) => {
    const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-generator" });
    try {
      await compileGenerator(compiler!, `${folder}/generator`);
      for (const qos of [0, 1, 2] as const) {
        await test.step(`QoS ${qos}`, async () => {
          await using broker = await Broker.start({ port: 0 });
          const load = { clients: 20, killsPerSecond: 50, seconds: 0.4, qos, reconnectMs: 50 };
          const outcome = await runGenerator(`${folder}/generator`, broker.port, load);
          assert.deepEqual({
            kills: outcome.kills,
            wills: outcome.wills,
            duplicates: outcome.duplicates,
            unknown: outcome.unknown,
          }, { kills: 20, wills: 20, duplicates: 0, unknown: 0 });
          assert.ok(outcome.slipUs.p50 <= outcome.fromScheduledUs.p50);
          assert.ok(outcome.killUs.p50 > 0 && outcome.killUs.max <= outcome.fromScheduledUs.max + outcome.slipUs.max);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
