/** Reports of a run whose kills are at one instant, and of a run of ten hours. */
import { Histogram } from "../../src/base/histogram.ts";
import type { Report } from "../../src/report/model/report.ts";
import type { StormKind } from "../../src/fleet/result/storm_result.ts";
import { StormTally } from "../../src/fleet/tally/storm_tally.ts";
import { latency, passed, reportOf } from "./sample.ts";

/** The wills of one or two storms: of each `due` wills the last `lost` do not arrive. */
export function stormFigures(due: number, lost: number, stepMs: number, second = false): Partial<Report> {
  const tally = new StormTally();
  const storm = (phase: number, kind: StormKind, fromMs: number, wills: number, missing: number) => {
    tally.begin(phase, kind, fromMs);
    for (let will = 0; will < wills; will++) {
      const afterMs = will < wills - missing ? 2 + will * stepMs * (1 + will / wills) : undefined;
      tally.count(phase, true, afterMs);
      if (afterMs !== undefined) tally.arrive(fromMs + afterMs);
    }
  };
  storm(1, "kills", 2_100, due, lost);
  if (second) storm(3, "restart", 12_000, due / 2, 0);
  const [willRate, storms] = [tally.rate(), tally.storms()];
  return { ...willRate && { willRate }, ...storms && { storms } };
}

/** All clients die at one instant. Of 1,400 wills 8 are missing, and the others come within a quarter of a second. */
export function storm(): Report {
  const sample = passed();
  const wills = latency(1_392, 2, 0.18);
  const series = sample.series.slice(0, 5).map((point, second) => ({
    ...point,
    ...second === 2
      ? { kills: 1_544, wills: 1_392, due: 1_400, faults: { missing: 8 }, byMode: { reset: wills } }
      : { kills: 0, wills: 0, due: 0, byMode: {} },
  }));
  return reportOf({
    ...sample,
    series,
    ...{ verdict: "fail", verdictText: "FAIL", reason: "8 of 1,400 wills are missing", exitCode: 1 },
    wills: { ...sample.wills, expected: 1_400, missing: 8 },
    latencyMs: { all: wills, byMode: { reset: wills } },
    brokerLatencyMs: { all: wills, byMode: { reset: wills } },
    ...stormFigures(1_400, 8, 0.09),
    stages: [
      { name: "connect", fromMs: 100, toMs: 1_100 },
      { name: "hold", fromMs: 1_100, toMs: 2_100 },
      { name: "kill", fromMs: 2_100, toMs: 2_100 },
      { name: "drain", fromMs: 2_100, toMs: 3_200 },
      { name: "leave", fromMs: 3_200, toMs: 4_000 },
    ],
  });
}

/** A thousand intervals of 36 s, in some of which 4 wills were lost: 20 of 50,000. */
export function tenHours(): Report {
  const rows = Array.from({ length: 13 }, (_, step) => {
    const histogram = new Histogram();
    for (let will = 0; will < 50; will++) histogram.record(0.4 + step / 5 + will * 0.01 * (1 + step));
    return histogram.row();
  });
  const series = Array.from({ length: 1_000 }, (_, at) => {
    const row = rows[at % rows.length]!;
    const lost = at % 211 === 0 ? 4 : 0;
    return {
      ...{ atMs: (at + 1) * 36_000, alive: 950 + at % 40, kills: 60, wills: 50 - lost, due: 50 },
      ...lost > 0 && { faults: { missing: lost } },
      ...{ p50: row.p50, p99: row.p99, max: row.max, byMode: { reset: row } },
    };
  });
  const { wills } = passed();
  return reportOf(passed({}, {
    series,
    ...{ verdict: "fail", verdictText: "FAIL", reason: "20 of 50,000 wills are missing", exitCode: 1 },
    wills: { ...wills, expected: 50_000, onTime: 49_980, missing: 20 },
    durationMs: 36_013_000,
    stages: [
      { name: "connect", fromMs: 100, toMs: 60_000 },
      { name: "kill", fromMs: 60_000, toMs: 35_900_000 },
      { name: "drain", fromMs: 35_900_000, toMs: 35_980_000 },
      { name: "leave", fromMs: 35_980_000, toMs: 36_000_000 },
    ],
  }));
}
