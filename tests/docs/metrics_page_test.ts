/** docs/metrics.md has every metric of the broker and of the fleet with its type, unit and labels, and no other. */
import assert from "node:assert/strict";
import { processUsage } from "../../src/base/process_usage.ts";
import { prometheusText } from "../../src/base/prometheus.ts";
import { Broker } from "../../src/broker/broker.ts";
import { brokerMetricFamilies } from "../../src/broker/monitor/broker_metric_families.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { FleetMetrics } from "../../src/report/export/fleet_metrics.ts";

const page = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
const [, ofBroker = "", ofFleet = ""] = page.split(/^## (?:Broker|Fleet)$/m);

Deno.test("docs/metrics.md: the metrics of the broker", async () => {
  await using broker = await Broker.start();
  const counted = broker.metrics();
  const metrics = {
    ...counted,
    connections: { ...counted.connections, refused: { 129: 1 } },
    wills: { ...counted.wills, faultsByKind: { lose: 1 } },
  };
  const measured = { metrics, queues: { messages: 0, bytes: 0, clients: 0 }, fault: undefined, usage: processUsage() };
  const build = { version: "1", engine: broker.engine.name };
  assert.deepEqual(rows(ofBroker), served(await prometheusText(brokerMetricFamilies({ ...measured, build }))));
});

Deno.test("docs/metrics.md: the metrics of the fleet", async () => {
  const plan = makePlan({ run: "r", seed: 1 });
  const metrics = new FleetMetrics({ plan, target: "b", tool: { name: "mqtt-sim", version: "1" } }, processUsage);
  metrics.engine("deno");
  assert.deepEqual(rows(ofFleet), served(await metrics.text()));
});

/** Name, type, unit and labels of each row of a table. */
function rows(section: string): string[] {
  const cells = [...section.matchAll(/^\| `(\w+)`\s*\| (\w+)\s*\| (\w*)\s*\| ([^|]*)\|/gm)];
  return cells.map(([, name, type, unit, labels = ""]) => {
    return `${name} ${type} ${unit} ${labels.replaceAll(/[`, ]+/g, " ").trim()}`;
  }).sort();
}

function served(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", type]) => {
    const [, unit = ""] = name.match(/_(seconds|bytes)(?:_total)?$/) ?? [];
    return `${name} ${type} ${unit} ${labelsOf(text, name).join(" ")}`;
  }).sort();
}

/** The labels of a metric in a scrape, besides those that every metric of a run has. */
function labelsOf(text: string, name: string): string[] {
  const line = text.split("\n").find((each) => new RegExp(`^${name}(_bucket)?[{ ]`).test(each)) ?? "";
  return [...line.matchAll(/(\w+)="/g)].map(([, label = ""]) => label)
    .filter((label) => !["run", "scenario", "le"].includes(label));
}
