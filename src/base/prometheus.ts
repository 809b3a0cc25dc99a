/**
 * Metrics in Prometheus' text format. prom-client writes them: it handles names, escaping and the order of the lines.
 * The values are counted elsewhere and read at each scrape.
 */
import type { Metric } from "prom-client";

/** One value of a metric. */
export interface MetricSample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** The name of this line, if it differs from the metric's: `…_bucket`, `…_sum` and `…_count` of a histogram. */
  readonly metricName?: string;
}

/** A metric with its values. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly MetricSample[];
}

/** The content type of {@link prometheusText}. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Loads prom-client, which takes about 70 ms and 19 MB: a server calls this before it starts, so that the first scrape
 * does not delay a broker or a fleet, and a process without metrics does not pay for it.
 */
export async function loadPrometheus(): Promise<void> {
  await import("prom-client");
}

/** The metrics for a scrape. Source: Prometheus, "Exposition formats", text-based format 0.0.4. */
export async function prometheusText(families: readonly MetricFamily[]): Promise<string> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    const get = () => Promise.resolve({ name, help, type, values: samples });
    registry.registerMetric({ name, help, type, get } as unknown as Metric);
  }
  return await registry.metrics();
}
