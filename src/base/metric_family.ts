/**
 * Metrics as plain data, which Prometheus' text format and OTLP have in common. The values are counted elsewhere and
 * read at each scrape or export.
 */

/** The labels of one value. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One value of a counter or gauge. */
export interface MetricSample {
  readonly value: number;
  readonly labels?: MetricLabels;
}

/** The times of one histogram, in seconds. */
export interface HistogramSample {
  readonly labels?: MetricLabels;
  /** One count for each range that ends in `endsS`, and one for the times beyond. */
  readonly counts: readonly number[];
  readonly sumS: number;
}

interface Described {
  /** The name in Prometheus: with its unit and, for a counter, `_total` at its end. */
  readonly name: string;
  readonly help: string;
}

/** A metric with its values. */
export type MetricFamily =
  | (Described & { readonly type: "counter" | "gauge"; readonly samples: readonly MetricSample[] })
  | (Described & {
    readonly type: "histogram";
    /** The upper ends of the ranges, in seconds. */
    readonly endsS: readonly number[];
    readonly samples: readonly HistogramSample[];
  });
