/** A comparison as JUnit XML: a suite for each broker. */
import type { ComparedBroker, Comparison } from "../model/comparison.ts";
import { emptySuite, junitDocument, reportSuite, type Suite } from "./junit.ts";

/** The comparison as one JUnit XML document. */
export function comparisonJunit({ brokers, tolerance }: Comparison): string {
  const worse = (tolerance?.regressions ?? []).map((text, place) =>
    emptySuite(`mqtt-sim report compare: regression ${place + 1}`, "failure", text)
  );
  return junitDocument([...brokers.map(suiteOf), ...worse]);
}

/** A plan that the broker does not support is skipped: it is no failure. */
function suiteOf({ name, target, outcome, reason, report }: ComparedBroker): Suite {
  const called = name === target ? `mqtt-sim fleet: ${name}` : `mqtt-sim fleet: ${name} (${target})`;
  if (outcome === "not spoken" || outcome === "skipped") return emptySuite(called, "skipped", reason);
  return report === undefined ? emptySuite(called, "error", reason) : reportSuite(report, called);
}
