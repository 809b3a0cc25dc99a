/** The payloads of OTLP: names that Prometheus makes equal to those of a scrape, values, and the instants of a life. */
import assert from "node:assert/strict";
import type { MetricFamily } from "../../../src/base/metric_family.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { FaultSample } from "../../../src/fleet/result/fault_sample.ts";
import { FleetMetrics } from "../../../src/report/export/fleet_metrics.ts";
import { otlpMetrics, otlpName } from "../../../src/report/export/otlp_metrics.ts";
import { resourceOf } from "../../../src/report/export/otlp_resource.ts";
import { faultyLives, otlpTraces } from "../../../src/report/export/otlp_trace.ts";
import { context } from "../sample.ts";

const run = { plan: makePlan({ run: "r1", seed: 1, lateAfterMs: 1_000 }), target: "mqtt://b", tool: context.tool };
const resource = resourceOf(run);
/** 2026-01-01T00:00:00Z. */
const startMs = 1_767_225_600_000;

/** The name that Prometheus gives a metric of OTLP. Source: OpenTelemetry, "Prometheus and OpenMetrics Compatibility". */
function prometheusName(type: MetricFamily["type"], { name, unit }: ReturnType<typeof otlpName>): string {
  const suffix = { s: "_seconds", By: "_bytes" }[unit] ?? "";
  return `${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}${suffix}${type === "counter" ? "_total" : ""}`;
}

Deno.test("otlp: Prometheus gives each metric of OTLP the name that a scrape has", () => {
  const metrics = new FleetMetrics(run, () => ({ cpuS: 1, residentBytes: 2 }));
  metrics.engine("deno");
  const families = metrics.families();
  assert.ok(families.length > 25);
  for (const { name, type } of families) assert.equal(prometheusName(type, otlpName(name)), name);
});

Deno.test("otlp: metrics have cumulative counts since the start, attributes, and a resource", () => {
  const families: MetricFamily[] = [
    { name: "mqtt_sim_fleet_a_total", help: "A.", type: "counter", samples: [{ value: 3, labels: { kind: "x" } }] },
    { name: "mqtt_sim_fleet_b_bytes", help: "B.", type: "gauge", samples: [{ value: 0.5 }] },
    {
      ...{ name: "mqtt_sim_fleet_c_seconds", help: "C.", type: "histogram", endsS: [0.1, 1] },
      samples: [{ counts: [1, 0, 2], sumS: 4.5 }],
    },
  ];
  const [found] = otlpMetrics(families, { run: "r1" }, resource, { startMs, nowMs: startMs + 1_500 }).resourceMetrics;
  const attributes = [{ key: "run", value: { stringValue: "r1" } }];
  const times = { startTimeUnixNano: "1767225600000000000", timeUnixNano: "1767225601500000000" };
  const shared = { attributes, ...times };
  assert.deepEqual(found!.scopeMetrics, [{
    scope: { name: "mqtt-sim", version: context.tool.version },
    metrics: [
      {
        ...{ name: "mqtt_sim.fleet.a", unit: "", description: "A." },
        sum: {
          ...{ aggregationTemporality: 2, isMonotonic: true },
          dataPoints: [{
            ...shared,
            attributes: [{ key: "kind", value: { stringValue: "x" } }, ...attributes],
            asDouble: 3,
          }],
        },
      },
      {
        ...{ name: "mqtt_sim.fleet.b", unit: "By", description: "B." },
        gauge: { dataPoints: [{ ...shared, asDouble: 0.5 }] },
      },
      {
        ...{ name: "mqtt_sim.fleet.c", unit: "s", description: "C." },
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{
            ...shared,
            ...{ count: "3", sum: 4.5, bucketCounts: ["1", "0", "2"], explicitBounds: [0.1, 1] },
          }],
        },
      },
    ],
  }]);
  const named = Object.fromEntries(found!.resource.attributes.map(({ key, value }) => [key, value]));
  assert.deepEqual(named["service.name"], { stringValue: "mqtt-sim" });
  assert.deepEqual(named["mqtt_sim.run"], { stringValue: "r1" });
  assert.deepEqual(named["mqtt_sim.scenario"], { stringValue: "steady" });
});

const life = {
  client: "c-1",
  incarnation: 2,
  mode: "reset",
  protocol: "5",
  qos: 1,
  rule: "MQTT 5.0, 3.1.2-8",
} as const;
const timeline = { connectedMs: 100, killDueMs: 200.25, killedMs: 200.5, dueMs: 200.5, seenMs: [1_700.125, 1_800] };
const late: FaultSample = { ...life, verdict: "late", text: "came late", timeline };
const twice: FaultSample = { ...life, verdict: "duplicate", text: "came twice", timeline };
const missing: FaultSample = {
  ...{ ...life, incarnation: 3, verdict: "missing", text: "did not come" },
  timeline: { connectedMs: 2_000, killDueMs: 3_000, killedMs: 3_000, dueMs: 3_000, seenMs: [] },
};
const stray: FaultSample = { ...life, client: "a topic", incarnation: 0, verdict: "unwanted", text: "of no life" };

/** The spans of these faults; the identifiers count from 1. */
function spansOf(faults: readonly FaultSample[]) {
  let next = 0;
  const newId = (bytes: number) => String(++next).padStart(2 * bytes, "0");
  const [found] = otlpTraces(faultyLives(faults), resource, { startMs, lateAfterMs: 1_000, newId }).resourceSpans;
  return found!.scopeSpans[0]!.spans;
}

const nanos = (ms: number) => `${startMs + Math.floor(ms)}${String((ms % 1) * 1_000_000).padStart(6, "0")}`;

Deno.test("otlp: a faulty life is a trace from CONNACK to the last arrival, at the real instants", () => {
  const [root, connected, will, ...more] = spansOf([late, twice]);
  assert.deepEqual(more, []);
  assert.deepEqual({
    name: root!.name,
    startTimeUnixNano: root!.startTimeUnixNano,
    endTimeUnixNano: root!.endTimeUnixNano,
  }, { name: "life", startTimeUnixNano: nanos(100), endTimeUnixNano: nanos(1_800) });
  assert.deepEqual(root!.events!.map(({ name, timeUnixNano }) => [name, timeUnixNano]), [
    ...[["connected", nanos(100)], ["kill due", nanos(200.25)], ["killed", nanos(200.5)]],
    ...[["will due", nanos(200.5)], ["will seen", nanos(1_700.125)], ["will seen", nanos(1_800)]],
    ...[["fault", nanos(1_800)], ["fault", nanos(1_800)]],
  ]);
  assert.deepEqual(root!.status, { code: 2, message: "came late" });
  const attributes = Object.fromEntries(root!.attributes!.map(({ key, value }) => [key, Object.values(value)[0]]));
  assert.deepEqual(attributes, {
    ...{ "messaging.system": "mqtt", "messaging.client.id": "c-1", "mqtt_sim.life": "2" },
    ...{ "mqtt_sim.kill_mode": "reset", "mqtt_sim.verdict": "late,duplicate", "mqtt_sim.rule": "MQTT 5.0, 3.1.2-8" },
    ...{ "mqtt_sim.protocol": "5", "mqtt_sim.qos": "1" },
  });
  assert.match(root!.traceId, /^\d{32}$/);
  for (const span of [connected!, will!]) {
    assert.deepEqual({ traceId: span.traceId, parentSpanId: span.parentSpanId, spanId: span.spanId.length }, {
      traceId: root!.traceId,
      parentSpanId: root!.spanId,
      spanId: 16,
    });
  }
  assert.deepEqual({ startTimeUnixNano: connected!.startTimeUnixNano, endTimeUnixNano: connected!.endTimeUnixNano }, {
    startTimeUnixNano: nanos(100),
    endTimeUnixNano: nanos(200.5),
  });
  assert.deepEqual({ startTimeUnixNano: will!.startTimeUnixNano, endTimeUnixNano: will!.endTimeUnixNano }, {
    startTimeUnixNano: nanos(200.5),
    endTimeUnixNano: nanos(1_700.125),
  });
});

Deno.test("otlp: the wait for a missing will ends when it is late, and a will of no life has no trace", () => {
  const [root, , will, ...more] = spansOf([stray, missing]);
  assert.deepEqual(more, []);
  assert.deepEqual({ startTimeUnixNano: will!.startTimeUnixNano, endTimeUnixNano: will!.endTimeUnixNano }, {
    startTimeUnixNano: nanos(3_000),
    endTimeUnixNano: nanos(4_000),
  });
  assert.equal(root!.endTimeUnixNano, nanos(4_000));
});
