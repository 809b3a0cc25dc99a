/** deploy/: each metric, label and value of the dashboard, the alert rules and their tests is in a scrape. */
import assert from "node:assert/strict";
import { processUsage } from "../../src/base/process_usage.ts";
import { prometheusText } from "../../src/base/prometheus.ts";
import { Broker } from "../../src/broker/broker.ts";
import { brokerMetricFamilies } from "../../src/broker/monitor/broker_metric_families.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { FleetMetrics } from "../../src/report/export/fleet_metrics.ts";
import {
  dashboardExpressions,
  ruleExpressions,
  ruleTestSeries,
  scrapedSeries,
  selectorFaults,
  selectorsIn,
} from "../support/deployed_metrics.ts";

async function scrapes(): Promise<ReturnType<typeof scrapedSeries>> {
  await using broker = await Broker.start();
  const counted = broker.metrics();
  const metrics = { ...counted, connections: { ...counted.connections, refused: { 129: 1 } } };
  const queues = { messages: 0, bytes: 0, clients: 0 };
  const build = { version: "1", engine: "deno" };
  const ofBroker = brokerMetricFamilies({ metrics, queues, fault: undefined, usage: processUsage(), build });
  const plan = makePlan({ run: "r", seed: 1 });
  const fleet = new FleetMetrics({ plan, target: "b", tool: { name: "mqtt-sim", version: "1" } }, processUsage);
  return scrapedSeries(await prometheusText(ofBroker) + await fleet.text());
}

const sources: readonly [name: string, expressions: () => Promise<string[]>, atLeast: number][] = [
  ["the Grafana dashboard", dashboardExpressions, 40],
  ["the alert rules", ruleExpressions, 14],
  ["the tests of the alert rules", ruleTestSeries, 25],
];
for (const [name, expressions, atLeast] of sources) {
  Deno.test(`deploy: ${name} uses metrics, labels and values of a scrape`, async () => {
    const selectors = (await expressions()).map((expression) => {
      const found = selectorsIn(expression);
      assert.ok(found.length > 0, `no metric in ${expression}`);
      return found;
    });
    assert.ok(selectors.length >= atLeast);
    assert.deepEqual(selectorFaults(selectors.flat(), await scrapes()), []);
  });
}

Deno.test("deploy: an unknown metric, label or value is a fault", async () => {
  const wrong = ['mqtt_sim_wills{verdict="pass"}', 'sum by (mode) (mqtt_sim_fleet_verdict{verdict=~"pass|passed"})'];
  const faults = selectorFaults(wrong.flatMap(selectorsIn), await scrapes());
  assert.deepEqual(faults.map((fault) => fault.split(":")[0]), [
    "no scrape has mqtt_sim_wills",
    "mqtt_sim_fleet_verdict has no label mode",
    "mqtt_sim_fleet_verdict has no value passed",
  ]);
});

Deno.test("deploy: panels of the dashboard do not overlap, and each has a description", async () => {
  const { panels } = JSON.parse(
    await Deno.readTextFile(new URL("../../deploy/grafana/mqtt-sim.json", import.meta.url)),
  );
  const cells = new Set<string>();
  for (const { id, type, description, gridPos: { x, y, w, h } } of panels) {
    if (type !== "row") assert.ok(description.length > 10, `panel ${id}`);
    assert.ok(x + w <= 24);
    for (let cell = 0; cell < w * h; cell++) {
      const place = `${x + cell % w} ${y + Math.floor(cell / w)}`;
      assert.ok(!cells.has(place), `panel ${id} covers another at ${place}`);
      cells.add(place);
    }
  }
  assert.equal(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length);
});
