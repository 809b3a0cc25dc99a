/** The conclusion of a check: the verdict, one sentence for it, and the exit code. */
import { formatCount } from "../../base/units.ts";
import type { CaseResult, ConformanceResult, ControlResult, OutcomeCounts } from "../case/result.ts";

/** How often each outcome came. */
export function countsOf(results: readonly CaseResult[]): OutcomeCounts {
  const counts = { pass: 0, fail: 0, deviation: 0, "not testable": 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

type CheckVerdict = Pick<ConformanceResult, "verdict" | "reason" | "exitCode">;

/**
 * A fault of the broker comes first: it is proven, even if other results are not. Then the results that prove nothing:
 * a version whose control arm saw nothing, a broker that speaks no version, a check without a testable case.
 */
export function verdictOf(
  { controls, cases }: Pick<ConformanceResult, "controls" | "cases">,
  interrupted: boolean,
): CheckVerdict {
  if (interrupted) return { verdict: "void", reason: "the check was interrupted", exitCode: 130 };
  return failed(controls, cases) ?? unproved(controls, cases) ?? passed(cases);
}

function failed(controls: readonly ControlResult[], cases: readonly CaseResult[]): CheckVerdict | undefined {
  const faulty = controls.filter(({ outcome }) => outcome === "fail");
  const { fail } = countsOf(cases);
  if (fail + faulty.length === 0) return undefined;
  const gone = cases.find(({ id }) => id === "broker/unavailable")?.reason;
  const reasons = [
    ...gone === undefined ? [] : [gone],
    ...faulty.map(({ protocol, reason }) => `in MQTT ${protocol} ${reason}`),
    ...fail === 0 ? [] : [`${formatCount(fail)} of ${formatCount(decidedOf(cases))} cases failed`],
  ];
  return { verdict: "fail", reason: `${reasons.join("; ")}${asideText(cases)}`, exitCode: 1 };
}

function unproved(controls: readonly ControlResult[], cases: readonly CaseResult[]): CheckVerdict | undefined {
  const blind = controls.find(({ outcome }) => outcome === "void");
  if (blind !== undefined) {
    // Without an accepted client there was no test: its cause is the whole sentence.
    if (controls.every(({ cause }) => cause !== undefined)) {
      return { verdict: "void", reason: blind.reason!, exitCode: 3 };
    }
    const others = decidedOf(cases) === 0 ? "" : `; otherwise ${passed(cases).reason}`;
    const reason =
      `the check proves nothing: the control arm of MQTT ${blind.protocol} failed: ${blind.reason}${others}`;
    return { verdict: "void", reason, exitCode: 3 };
  }
  if (controls.every(({ outcome }) => outcome === "not spoken")) {
    const reasons = controls.map(({ protocol, reason }) => `MQTT ${protocol} (${reason})`).join(", ");
    return { verdict: "void", reason: `the check proves nothing: the broker does not support ${reasons}`, exitCode: 3 };
  }
  if (decidedOf(cases) > 0) return undefined;
  return { verdict: "void", reason: "the check proves nothing: no case can be tested with this broker", exitCode: 3 };
}

function passed(cases: readonly CaseResult[]): CheckVerdict {
  const { pass, deviation } = countsOf(cases);
  const decided = formatCount(decidedOf(cases));
  const text = deviation > 0 ? `${formatCount(pass)} of ${decided}` : `all ${decided}`;
  return { verdict: "pass", reason: `${text} cases passed${asideText(cases)}`, exitCode: 0 };
}

/** How many cases were tried. */
function decidedOf(cases: readonly CaseResult[]): number {
  return cases.length - countsOf(cases)["not testable"];
}

function asideText(cases: readonly CaseResult[]): string {
  const counts = countsOf(cases);
  return [
    ...counts.deviation > 0 ? [`${formatCount(counts.deviation)} deviate as the profile describes`] : [],
    ...counts["not testable"] > 0 ? [`${formatCount(counts["not testable"])} are not testable with this broker`] : [],
  ].map((part) => `, ${part}`).join("");
}
