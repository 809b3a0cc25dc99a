/** docs/metrics.md lists exactly the metrics of the broker and of the fleet, with their types. */
import assert from "node:assert/strict";
import { Broker } from "../../src/broker/broker.ts";
import { prometheusText } from "../../src/base/prometheus.ts";
import { brokerMetricFamilies } from "../../src/broker/monitor/broker_metric_families.ts";
import { FleetMetrics } from "../../src/report/export/fleet_metrics.ts";

const page = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
const [, ofBroker = "", ofFleet = ""] = page.split(/^## (?:Broker|Fleet)$/m);

Deno.test("docs/metrics.md: the metrics of the broker", async () => {
  await using broker = await Broker.start();
  const queues = { messages: 0, bytes: 0, clients: 0 };
  const text = await prometheusText(brokerMetricFamilies({ metrics: broker.metrics(), queues, fault: undefined }));
  assert.deepEqual(rows(ofBroker), served(text));
});

Deno.test("docs/metrics.md: the metrics of the fleet", async () => {
  assert.deepEqual(rows(ofFleet), served(await new FleetMetrics().text()));
});

/** Name and type of each row of a table. */
function rows(section: string): string[] {
  return [...section.matchAll(/^\| `(\w+)`\s*\| (\w+)/gm)].map(([, name, type]) => `${name} ${type}`).sort();
}

function served(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();
}
