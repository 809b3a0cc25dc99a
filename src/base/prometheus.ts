/**
 * Metrics in Prometheus' text format. prom-client writes them: it handles names, escaping and the order of the lines.
 */
import type { Metric } from "prom-client";
import type { HistogramSample, MetricFamily, MetricLabels } from "./metric_family.ts";

/** The content type of {@link prometheusText}. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Loads prom-client, which takes about 70 ms and 19 MB: a server calls this before it starts, so that the first scrape
 * does not delay a broker or a fleet, and a process without metrics does not pay for it.
 */
export async function loadPrometheus(): Promise<void> {
  await import("prom-client");
}

/**
 * The metrics for a scrape. Source: Prometheus, "Exposition formats", text-based format 0.0.4.
 *
 * @param common labels of every value
 */
export async function prometheusText(families: readonly MetricFamily[], common: MetricLabels = {}): Promise<string> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  registry.setDefaultLabels(common);
  for (const family of families) {
    const { name, help, type } = family;
    const values = valuesOf(family);
    const get = () => Promise.resolve({ name, help, type, values });
    registry.registerMetric({ name, help, type, get } as unknown as Metric);
  }
  return await registry.metrics();
}

/** One line of a scrape, as prom-client takes it. */
interface Line {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>> | undefined;
  /** The name of this line, if it differs from the metric's. */
  readonly metricName?: string;
}

function valuesOf(family: MetricFamily): readonly Line[] {
  if (family.type !== "histogram") return family.samples;
  return family.samples.flatMap((sample) => histogramLines(family.name, family.endsS, sample));
}

/** The counts of a histogram accumulate from range to range. */
function histogramLines(
  name: string,
  endsS: readonly number[],
  { labels, counts, sumS }: HistogramSample,
): Line[] {
  let sum = 0;
  const ranges = counts.map((count, range): Line => {
    sum += count;
    return { value: sum, labels: { ...labels, le: endsS[range] ?? "+Inf" }, metricName: `${name}_bucket` };
  });
  return [
    ...ranges,
    { value: sumS, labels, metricName: `${name}_sum` },
    { value: sum, labels, metricName: `${name}_count` },
  ];
}
