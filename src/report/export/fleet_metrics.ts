/** A run's progress in Prometheus' text format. */
import { type MetricFamily, type MetricSample, prometheusText } from "../../base/prometheus.ts";
import { bucketEndsMs } from "../../fleet/tally/latency_buckets.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { Progress } from "../../fleet/result/result.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { faultsIn } from "../../fleet/result/will_counts.ts";
import type { Report } from "../model/report.ts";
import { countNames } from "../model/will_rows.ts";

/** Label values of `mqtt_sim_wills`. */
const verdictLabels: Readonly<Record<typeof countNames[number], string | undefined>> = {
  expected: undefined,
  onTime: "on_time",
  late: "late",
  early: "early",
  missing: "missing",
  duplicate: "duplicate",
  unwanted: "unwanted",
  altered: "altered",
  deviating: "deviating",
};

/** A metric, and where its values are read. */
interface FleetMetric extends Omit<MetricFamily, "samples"> {
  samples(progress: Progress, verdict: string): readonly MetricSample[];
}

const fleetMetrics: readonly FleetMetric[] = [
  {
    name: "mqtt_sim_clients",
    type: "gauge",
    help: "Clients of the fleet.",
    samples: ({ clients }) => [{ value: clients }],
  },
  {
    name: "mqtt_sim_clients_alive",
    type: "gauge",
    help: "Clients connected now.",
    samples: ({ alive }) => [{ value: alive }],
  },
  {
    name: "mqtt_sim_kills_total",
    type: "counter",
    help: "Clients killed.",
    samples: ({ killed }) => [{ value: killed }],
  },
  {
    name: "mqtt_sim_wills_seen_total",
    type: "counter",
    help: "Wills that watchers received.",
    samples: ({ wills }) => [{ value: wills }],
  },
  {
    name: "mqtt_sim_wills_due_total",
    type: "counter",
    help: "Wills that were due and are judged.",
    samples: ({ faults }) => [{ value: faults.expected }],
  },
  {
    name: "mqtt_sim_wills",
    type: "gauge",
    help: "Wills by verdict; an overdue will counts as missing until it comes.",
    samples: willSamples,
  },
  {
    name: "mqtt_sim_control_wills",
    type: "gauge",
    help: "Wills of canaries by fault; no other metric counts them.",
    samples: controlSamples,
  },
  {
    name: "mqtt_sim_run_verdict",
    type: "gauge",
    help: "1 for the verdict: pass, pass_with_deviations, fail or void once the run is over; before, running, " +
      "running_with_deviations or running_with_faults.",
    samples: (_progress, verdict) => [{ value: 1, labels: { verdict } }],
  },
  {
    name: "mqtt_sim_phase",
    type: "gauge",
    help: "1 for the current phase of the run.",
    samples: ({ phase }) => [{ value: 1, labels: { phase } }],
  },
  {
    name: "mqtt_sim_will_latency_seconds",
    type: "histogram",
    help: "Time from the scheduled kill to the arrival of the will.",
    samples: latencySamples,
  },
];

/** The metrics of a run for Prometheus. */
export class FleetMetrics {
  #last: Progress | undefined;
  #report: Pick<Report, "verdict" | "wills" | "controls"> | undefined;

  /** Records the progress of the run. */
  progress(progress: Progress): void {
    this.#last = progress;
  }

  /** The run is over. */
  finish(report: Pick<Report, "verdict" | "wills" | "controls">): void {
    this.#report = report;
  }

  /** The present metrics; without values before the first progress. */
  text(): Promise<string> {
    const last = this.#last;
    const verdict = last === undefined ? "" : this.#verdict(last);
    return prometheusText(fleetMetrics.map((metric) => ({
      ...metric,
      samples: last === undefined ? [] : metric.samples(last, verdict),
    })));
  }

  #verdict({ faults, controls, statesWrong = 0 }: Progress): string {
    if (this.#report !== undefined) {
      const { verdict } = this.#report;
      return verdict === "pass" && deviationsIn(this.#report) > 0 ? "pass_with_deviations" : verdict;
    }
    const wrong = faultsIn(faults) + statesWrong + (controls === undefined ? 0 : canaryFaultsIn(controls));
    if (wrong > 0) return "running_with_faults";
    return deviationsIn({ wills: faults, controls }) > 0 ? "running_with_deviations" : "running";
  }
}

function willSamples({ faults }: Progress): MetricSample[] {
  return countNames.flatMap((name) => {
    const verdict = verdictLabels[name];
    return verdict === undefined ? [] : [{ value: faults[name], labels: { verdict } }];
  });
}

function controlSamples({ controls }: Progress): MetricSample[] {
  const { lost = 0, altered = 0, late = 0, duplicate = 0, deviating = 0 } = controls ?? {};
  return Object.entries({ missing: lost, altered, late, duplicate, deviating })
    .map(([verdict, value]) => ({ value, labels: { verdict } }));
}

function latencySamples({ buckets }: Progress): MetricSample[] {
  const name = "mqtt_sim_will_latency_seconds";
  const { counts, sumMs } = buckets;
  let sum = 0;
  const ranges = counts.map((count, range) => {
    sum += count;
    const endMs = bucketEndsMs[range];
    return { value: sum, labels: { le: endMs === undefined ? "+Inf" : endMs / 1_000 }, metricName: `${name}_bucket` };
  });
  return [
    ...ranges,
    { value: sumMs / 1_000, labels: {}, metricName: `${name}_sum` },
    { value: sum, labels: {}, metricName: `${name}_count` },
  ];
}
