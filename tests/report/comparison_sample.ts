/** Fixed comparisons for golden files and pages. */
import {
  type ComparedBroker,
  comparedRun,
  type Comparison,
  makeComparison,
} from "../../src/report/model/comparison.ts";
import { hostile } from "./hostile.ts";
import { context, failed, latency, passed, reportOf, voided } from "./sample.ts";

/** A run that passed on a broker with this name; its wills take `slower` times as long. */
export function good(name: string, slower = 1): ComparedBroker {
  const sample = passed();
  const row = (count: number, fromMs: number) => latency(count, fromMs * slower, 0.003 * slower);
  const latencyMs = { all: row(1_392, 0.4), byMode: { reset: row(703, 0.4), close: row(689, 0.5) } };
  const series = sample.series.map((point) => ({ ...point, p50: point.p50 * slower, p99: point.p99 * slower }));
  return comparedRun(name, reportOf({ ...sample, latencyMs, series }, { embedded: name === "embedded" }));
}

/** A broker with each kind of fault. */
export const bad = (): ComparedBroker => comparedRun("brittle", reportOf(failed()));

/** An unreachable broker. */
export const gone = (): ComparedBroker => comparedRun("gone", reportOf(voided()));

/** A broker that does not support the version. */
export function mute(): ComparedBroker {
  const reason = "mqtt://127.0.0.1:41883 does not support MQTT 5.0; try --protocol 3.1.1";
  return comparedRun("mute", reportOf({ ...voided(), reason, notSpoken: true }));
}

/** A broker that was skipped. */
export const skipped: ComparedBroker = {
  name: "late-comer",
  target: "mqtt://broker.example:1884",
  outcome: "skipped",
  reason: "not run: the comparison ended earlier",
};

/** A comparison with each outcome. */
export function everyOutcome(): Comparison {
  return makeComparison([good("embedded"), good("swift", 0.5), bad(), gone(), mute(), skipped], context.tool);
}

/** Two brokers that passed. */
export function allPassed(): Comparison {
  return makeComparison([good("embedded"), good("slow", 3)], context.tool);
}

/** Names with hostile texts. */
export function hostileComparison(): Comparison {
  const report = hostile();
  return makeComparison([comparedRun(report.run.target, report), comparedRun("other", report)], context.tool);
}
