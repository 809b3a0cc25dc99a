/** A run's progress in Prometheus' text format. */
import { type Metric, Registry } from "prom-client";
import { bucketEndsMs } from "../fleet/tally/latency_buckets.ts";
import { controlFaultsIn } from "../fleet/result/control_counts.ts";
import type { Progress } from "../fleet/result/result.ts";
import { deviationsIn } from "../fleet/merge/verdict.ts";
import { faultsIn } from "../fleet/result/will_counts.ts";
import type { Report } from "./report.ts";
import { countNames } from "./will_rows.ts";

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

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

/** The metrics of a run for Prometheus. */
export class FleetMetrics {
  /** What the answer's content-type is to be. */
  readonly contentType: string;
  readonly #registry = new Registry();
  #last: Progress | undefined;
  #report: Pick<Report, "verdict" | "wills" | "controls"> | undefined;

  constructor() {
    this.contentType = this.#registry.contentType;
    this.#add("mqtt_sim_clients", "gauge", "Clients of the fleet.", ({ clients }) => [{ value: clients }]);
    this.#add("mqtt_sim_clients_alive", "gauge", "Clients connected now.", ({ alive }) => [{ value: alive }]);
    this.#add("mqtt_sim_kills_total", "counter", "Clients killed.", ({ killed }) => [{ value: killed }]);
    this.#add("mqtt_sim_wills_seen_total", "counter", "Wills that watchers saw.", ({ wills }) => [{ value: wills }]);
    this.#add("mqtt_sim_wills_due_total", "counter", "Wills that were due, and are judged.", ({ faults }) => [
      { value: faults.expected },
    ]);
    this.#add(
      "mqtt_sim_wills",
      "gauge",
      "Wills by verdict; what is overdue counts as missing until it comes.",
      willSamples,
    );
    this.#add(
      "mqtt_sim_control_wills",
      "gauge",
      "Wills of control clients by what went wrong with them; they are in no other count.",
      controlSamples,
    );
    this.#add(
      "mqtt_sim_run_verdict",
      "gauge",
      "1 for the verdict: pass, pass_with_deviations, fail or void once the run is over; before, running, " +
        "running_with_deviations or running_with_faults.",
      (progress) => [{ value: 1, labels: { verdict: this.#verdict(progress) } }],
    );
    this.#add("mqtt_sim_phase", "gauge", "1 for the phase that the run is in.", ({ phase }) => [
      { value: 1, labels: { phase } },
    ]);
    this.#add(
      "mqtt_sim_will_latency_seconds",
      "histogram",
      "From the instant at which the kill was due to the will's arrival.",
      latencySamples,
    );
  }

  /** Takes in where the run stands. */
  progress(progress: Progress): void {
    this.#last = progress;
  }

  /** The run is over. */
  finish(report: Pick<Report, "verdict" | "wills" | "controls">): void {
    this.#report = report;
  }

  #verdict({ faults, controls, statesWrong = 0 }: Progress): string {
    if (this.#report !== undefined) {
      const { verdict } = this.#report;
      return verdict === "pass" && deviationsIn(this.#report) > 0 ? "pass_with_deviations" : verdict;
    }
    const wrong = faultsIn(faults) + statesWrong + (controls === undefined ? 0 : controlFaultsIn(controls));
    if (wrong > 0) return "running_with_faults";
    return deviationsIn({ wills: faults, controls }) > 0 ? "running_with_deviations" : "running";
  }

  /** The metrics as they are now; empty before the run has told anything. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The numbers are counted elsewhere already: what prom-client does here is write them. */
  #add(name: string, type: string, help: string, read: (progress: Progress) => Sample[]): void {
    const get = () => Promise.resolve({ name, help, type, values: this.#last === undefined ? [] : read(this.#last) });
    this.#registry.registerMetric({ name, help, type, get } as unknown as Metric);
  }
}

function willSamples({ faults }: Progress): Sample[] {
  return countNames.flatMap((name) => {
    const verdict = verdictLabels[name];
    return verdict === undefined ? [] : [{ value: faults[name], labels: { verdict } }];
  });
}

function controlSamples({ controls }: Progress): Sample[] {
  const { lost = 0, altered = 0, late = 0, duplicate = 0, deviating = 0 } = controls ?? {};
  return Object.entries({ missing: lost, altered, late, duplicate, deviating })
    .map(([verdict, value]) => ({ value, labels: { verdict } }));
}

function latencySamples({ buckets }: Progress): Sample[] {
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
