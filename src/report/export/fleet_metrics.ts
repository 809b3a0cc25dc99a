/** The metrics of a run: the values of `fleet_metric_families.ts` at its latest progress, or at its end. */
import type { MetricFamily, MetricLabels } from "../../base/metric_family.ts";
import { buildMetric, processMetrics, type ProcessUsage } from "../../base/process_usage.ts";
import { prometheusText } from "../../base/prometheus.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { Progress } from "../../fleet/result/result.ts";
import { faultsIn } from "../../fleet/result/will_counts.ts";
import type { LiveRun } from "../html/live_page.ts";
import type { Report } from "../model/report.ts";
import { fleetFamilies, prefix, type RunVerdict } from "./fleet_metric_families.ts";

/** The parts of a report that end a run. */
type FinalReport = Pick<Report, "verdict" | "wills" | "controls" | "engine">;

export class FleetMetrics {
  readonly #run: LiveRun;
  readonly #usage: () => ProcessUsage;
  #engine: string | undefined;
  #last: Progress | undefined;
  #report: FinalReport | undefined;

  /** @param usage reads what this process has used */
  constructor(run: LiveRun, usage: () => ProcessUsage) {
    this.#run = run;
    this.#usage = usage;
  }

  /** The labels of every value. */
  get labels(): MetricLabels {
    const { run, scenario = "steady" } = this.#run.plan;
    return { run, scenario };
  }

  /** The fleet has chosen its engine. */
  engine(name: string): void {
    this.#engine = name;
  }

  /** Records the progress of the run. */
  progress(progress: Progress): void {
    this.#last = progress;
  }

  /** The run is over. */
  finish(report: FinalReport): void {
    this.#report = report;
    this.#engine ??= report.engine;
  }

  /** The present values. */
  families(): MetricFamily[] {
    const { plan, target, tool } = this.#run;
    const values = { plan, target, progress: this.#last, verdict: this.#verdict() };
    return [
      ...this.#engine === undefined ? [] : [buildMetric(prefix, tool.version, this.#engine)],
      ...fleetFamilies(values),
      ...processMetrics(prefix, this.#usage()),
    ];
  }

  /** The present values for Prometheus. */
  text(): Promise<string> {
    return prometheusText(this.families(), this.labels);
  }

  #verdict(): RunVerdict {
    if (this.#report !== undefined) {
      const { verdict } = this.#report;
      return verdict === "pass" && deviationsIn(this.#report) > 0 ? "pass-with-deviations" : verdict;
    }
    if (this.#last === undefined) return "running";
    const { faults, controls, statesWrong = 0 } = this.#last;
    const wrong = faultsIn(faults) + statesWrong + (controls === undefined ? 0 : canaryFaultsIn(controls));
    if (wrong > 0) return "running-with-faults";
    return deviationsIn({ wills: faults, controls }) > 0 ? "running-with-deviations" : "running";
  }
}
