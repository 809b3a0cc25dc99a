/**
 * Metrics in the JSON form of OTLP/HTTP. Source: OpenTelemetry, "OTLP Specification", JSON Protobuf Encoding, and
 * `opentelemetry/proto/metrics/v1/metrics.proto`.
 */
import type { HistogramSample, MetricFamily, MetricLabels, MetricSample } from "../../base/metric_family.ts";
import { attributesOf, nanosOf, type OtlpResource, scopeOf } from "./otlp_resource.ts";

/** Counts since the start of the run. */
const cumulative = 2;

const units: Readonly<Record<string, string>> = { seconds: "s", bytes: "By" };

/**
 * The name of a metric in OpenTelemetry, without unit and `_total`: Prometheus appends both when it reads OTLP, so that
 * a metric has the same name in both ways.
 */
export function otlpName(name: string): { readonly name: string; readonly unit: string } {
  const bare = name.replace(/_total$/, "").replace(/^mqtt_sim_(fleet|broker)_/, "mqtt_sim.$1.");
  const [, unit = ""] = bare.match(/_(seconds|bytes)$/) ?? [];
  return { name: unit === "" ? bare : bare.slice(0, -unit.length - 1), unit: units[unit] ?? "" };
}

/** The instants of an export, in milliseconds since 1970. */
export interface ExportTimes {
  readonly startMs: number;
  readonly nowMs: number;
}

/** An ExportMetricsServiceRequest. */
export function otlpMetrics(
  families: readonly MetricFamily[],
  common: MetricLabels,
  resource: OtlpResource,
  { startMs, nowMs }: ExportTimes,
) {
  const times = { startTimeUnixNano: nanosOf(startMs), timeUnixNano: nanosOf(nowMs) };
  const attributes = (labels: MetricLabels = {}) => ({ attributes: attributesOf({ ...labels, ...common }), ...times });
  const number = ({ value, labels }: MetricSample) => ({ ...attributes(labels), asDouble: value });
  const histogram = (endsS: readonly number[], { counts, sumS, labels }: HistogramSample) => ({
    ...attributes(labels),
    count: String(counts.reduce((sum, count) => sum + count, 0)),
    sum: sumS,
    bucketCounts: counts.map(String),
    explicitBounds: endsS,
  });
  const data = (family: MetricFamily) => {
    switch (family.type) {
      case "counter":
        return {
          sum: { aggregationTemporality: cumulative, isMonotonic: true, dataPoints: family.samples.map(number) },
        };
      case "gauge":
        return { gauge: { dataPoints: family.samples.map(number) } };
      case "histogram": {
        const dataPoints = family.samples.map((sample) => histogram(family.endsS, sample));
        return { histogram: { aggregationTemporality: cumulative, dataPoints } };
      }
    }
  };
  const metrics = families.map((family) => ({
    ...otlpName(family.name),
    description: family.help,
    ...data(family),
  }));
  return { resourceMetrics: [{ ...resource, scopeMetrics: [{ scope: scopeOf(resource), metrics }] }] };
}
