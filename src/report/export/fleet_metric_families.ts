/** The metrics of a run: name, type, help and the source of each value. `docs/metrics.md` lists them. */
import type { HistogramSample, MetricFamily, MetricSample } from "../../base/metric_family.ts";
import { killModes } from "../../fleet/plan/kill_mode.ts";
import { hasOutage } from "../../fleet/plan/phases.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { type DueVerdict, dueVerdicts, type ModeDetail, surplusKinds } from "../../fleet/result/progress_detail.ts";
import type { Progress } from "../../fleet/result/result.ts";
import { runPhases } from "../../fleet/result/run_phase.ts";
import type { LatencyBucketCounts, TallyMode } from "../../fleet/result/will_counts.ts";
import { bucketEndsMs } from "../../fleet/tally/latency_buckets.ts";

/** The start of every name. */
export const prefix = "mqtt_sim_fleet_";

/** The verdicts of a run in progress, and of a run that is over. */
export const runVerdicts = [
  ...["running", "running-with-deviations", "running-with-faults"] as const,
  ...["pass", "pass-with-deviations", "fail", "void"] as const,
];

/** The verdict of a run. */
export type RunVerdict = typeof runVerdicts[number];

/** The source of the values. */
export interface FleetValues {
  readonly plan: FleetPlan;
  readonly target: string;
  /** Undefined before the first progress. */
  readonly progress: Progress | undefined;
  readonly verdict: RunVerdict;
}

/** The values of one mode of a run. */
type ByMode = readonly (readonly [mode: TallyMode, detail: ModeDetail])[];

/** What the values of one scrape have in common. */
interface Scrape extends FleetValues {
  readonly byMode: ByMode;
}

const endsS = bucketEndsMs.map((endMs) => endMs / 1_000);
const noTimes: LatencyBucketCounts = { counts: new Array(endsS.length + 1).fill(0), sumMs: 0 };
const zeros = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
const noDetail: ModeDetail = {
  ...{ kills: 0, due: 0, open: 0, latency: noTimes, brokerLatency: noTimes },
  ...{ verdicts: zeros(dueVerdicts), surplus: zeros(surplusKinds) },
};

/** The label values of the ends of lives, in the order of tables. */
const modeWords: readonly (readonly [mode: TallyMode, word: string])[] = [
  ...killModes.map((mode) => [mode, mode] as const),
  ["restart", "restart"],
  ["lost", "lost"],
  ["alive", "none"],
];
const wordOf = new Map(modeWords);

/** Label values are the words of flags and reports, with hyphens. */
const verdictWords: Readonly<Record<DueVerdict, string>> = { ...selfNamed(dueVerdicts), onTime: "on-time" };

function selfNamed<Name extends string>(names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, name as string])) as Record<Name, string>;
}

/** The modes that the plan may use: their counters start at 0, so that a rate has its first increase. */
function plannedModes(plan: FleetPlan): TallyMode[] {
  const shares = [plan, ...plan.groups ?? [], ...plan.phases ?? []].flatMap((part) =>
    "killShares" in part ? part.killShares ?? [] : []
  );
  const drawn = shares.filter(({ weight }) => weight > 0).map(({ mode }) => mode);
  return [...drawn, ...hasOutage(plan) ? ["restart" as const] : [], "lost", "alive"];
}

function byModeOf({ plan, progress }: FleetValues): ByMode {
  const counted = progress?.detail?.byMode ?? {};
  const planned = new Set(plannedModes(plan));
  return modeWords.flatMap(([mode]) => {
    const detail = counted[mode] ?? (planned.has(mode) ? noDetail : undefined);
    return detail === undefined ? [] : [[mode, detail] as const];
  });
}

type Row = (scrape: Scrape) => MetricFamily;

function plain(
  type: "counter" | "gauge",
  name: string,
  help: string,
  samples: (scrape: Scrape) => readonly MetricSample[],
): Row {
  return (scrape) => ({ name: `${prefix}${name}`, type, help, samples: samples(scrape) });
}

/** A metric with one value. */
function single(type: "counter" | "gauge", name: string, help: string, value: (progress: Progress) => number): Row {
  return plain(type, name, help, ({ progress }) => [{ value: progress === undefined ? 0 : value(progress) }]);
}

/** A metric that is 1 for one of its label values and 0 for the others. */
function stateSet(
  name: string,
  help: string,
  label: string,
  words: readonly string[],
  current: (scrape: Scrape) => string | undefined,
): Row {
  return plain("gauge", name, help, (scrape) => {
    const now = current(scrape);
    return words.map((word) => ({ value: word === now ? 1 : 0, labels: { [label]: word } }));
  });
}

/** A metric with one value for each mode. */
function perMode(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (detail: ModeDetail) => number,
  killsOnly = false,
): Row {
  return plain(
    type,
    name,
    help,
    ({ byMode }) =>
      byMode.filter(([mode]) => !killsOnly || killModes.some((kill) => kill === mode))
        .map(([mode, detail]) => ({ value: value(detail), labels: { kill_mode: wordOf.get(mode)! } })),
  );
}

function histogram(name: string, help: string, samples: (scrape: Scrape) => readonly HistogramSample[]): Row {
  return (scrape) => ({ name: `${prefix}${name}`, type: "histogram", help, endsS, samples: samples(scrape) });
}

function times({ counts, sumMs }: LatencyBucketCounts = noTimes): Omit<HistogramSample, "labels"> {
  return { counts, sumS: sumMs / 1_000 };
}

const rows: readonly Row[] = [
  plain("gauge", "run_info", "1; the labels are the broker and the MQTT version of the plan.", ({ target, plan }) => [
    { value: 1, labels: { target, protocol: plan.protocol } },
  ]),
  stateSet(
    "verdict",
    "1 for the verdict: pass, pass-with-deviations, fail or void once the run is over; before, running, " +
      "running-with-deviations or running-with-faults.",
    "verdict",
    runVerdicts,
    ({ verdict }) => verdict,
  ),
  stateSet("phase", "1 for the current phase of the run.", "phase", runPhases, ({ progress }) => progress?.phase),
  plain("gauge", "clients", "Clients of the fleet.", ({ plan, progress }) => [
    { value: progress?.clients ?? plan.clients },
  ]),
  single("gauge", "clients_alive", "Clients connected now.", ({ alive }) => alive),
  single("gauge", "clients_connected", "Clients that have connected at least once.", ({ connected }) => connected),
  histogram("connect_duration_seconds", "Time from the dial to CONNACK, reconnects included.", ({ progress }) => [
    times(progress?.detail?.connects),
  ]),
  single("counter", "connects_failed_total", "CONNECTs that failed.", ({ detail }) => detail?.counters.refused ?? 0),
  single("counter", "reconnects_total", "Clients that reconnected.", ({ detail }) => detail?.counters.reconnects ?? 0),
  single(
    "counter",
    "connections_lost_total",
    "Connections that ended without a kill.",
    ({ detail }) => detail?.counters.lost ?? 0,
  ),
  perMode("counter", "kills_total", "Clients killed.", ({ kills }) => kills, true),
  single(
    "counter",
    "kills_deferred_total",
    "Kills that had to wait until their client was connected.",
    ({ detail }) => detail?.counters.deferred ?? 0,
  ),
  histogram("kill_slip_seconds", "Time from the scheduled kill to its execution.", ({ progress }) => [
    times(progress?.detail?.slip),
  ]),
  single("counter", "wills_seen_total", "Wills received, counted at each watcher.", ({ wills }) => wills),
  perMode(
    "counter",
    "wills_due_total",
    "Wills that have become due: the judged ones and the open ones.",
    ({ due }) => due,
  ),
  plain(
    "counter",
    "wills_judged_total",
    "Wills that were due, by verdict.",
    ({ byMode }) =>
      byMode.flatMap(([mode, { verdicts }]) =>
        dueVerdicts.map((verdict) => ({
          value: verdicts[verdict],
          labels: { kill_mode: wordOf.get(mode)!, verdict: verdictWords[verdict] },
        }))
      ),
  ),
  perMode("gauge", "wills_open", "Wills that are due and not judged yet.", ({ open }) => open),
  single("gauge", "wills_overdue", "Open wills that are late already.", ({ detail }) => detail?.overdue ?? 0),
  plain(
    "counter",
    "wills_surplus_total",
    "Wills received beyond those that were due, by kind.",
    ({ byMode }) =>
      byMode.flatMap(([mode, { surplus }]) =>
        surplusKinds.map((kind) => ({ value: surplus[kind], labels: { kill_mode: wordOf.get(mode)!, kind } }))
      ),
  ),
  histogram(
    "will_latency_seconds",
    "Time from the scheduled kill to the arrival of the will.",
    ({ byMode }) =>
      byMode.map(([mode, { latency }]) => ({ ...times(latency), labels: { kill_mode: wordOf.get(mode)! } })),
  ),
  histogram(
    "will_broker_latency_seconds",
    "Time from the completed kill to the arrival of the will: the latency of the broker alone, and of the instrument.",
    ({ byMode }) =>
      byMode.map(([mode, { brokerLatency }]) => ({
        ...times(brokerLatency),
        labels: { kill_mode: wordOf.get(mode)! },
      })),
  ),
  single(
    "gauge",
    "instrument_floor_seconds",
    "The share of this instrument in each latency, the median of loopback echoes before the run; 0 where not measured.",
    // In whole microseconds, as the histogram of the echoes has them.
    ({ floorMs }) => Math.round((floorMs?.p50 ?? 0) * 1_000) / 1_000_000,
  ),
  single("counter", "controls_total", "Messages of canaries that are over.", ({ controls }) => controls?.total ?? 0),
  plain("counter", "control_faults_total", "Faults of canaries, which no other metric counts.", ({ progress }) => {
    const { blind = 0, lost = 0, altered = 0, late = 0, duplicate = 0, deviating = 0 } = progress?.controls ?? {};
    return Object.entries({ blind, missing: lost, altered, late, duplicate, deviating })
      .map(([kind, value]) => ({ value, labels: { kind } }));
  }),
  single(
    "counter",
    "presence_faults_total",
    "Wrong retained states of clients with presence.",
    ({ statesWrong }) => statesWrong ?? 0,
  ),
];

/** Every metric of a run with its values. */
export function fleetFamilies(values: FleetValues): MetricFamily[] {
  const scrape = { ...values, byMode: byModeOf(values) };
  return rows.map((row) => row(scrape));
}
