/**
 * A saved report, read again. The program checks the fields that the writers rely on and accepts further ones, so that
 * it can read a later version's report with the same schema number.
 */
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { Histogram } from "../../base/histogram.ts";
import { kindsOfSamples } from "../../fleet/tally/fault_kinds.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import { killModes } from "../../fleet/plan/kill_mode.ts";
import { isNumber, type OptionValue } from "../../fleet/plan/option_value.ts";
import { mayLack, type PlanOption } from "../../fleet/plan/plan_option.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { noPresence, presenceMoments } from "../../fleet/result/presence_result.ts";
import {
  type SparkplugAssertion,
  sparkplugAssertions,
  sparkplugFaults,
} from "../../fleet/result/sparkplug/sparkplug_result.ts";
import { deviationsIn, verdictText } from "../../fleet/merge/verdict.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import { type Report, reportSchema } from "../../report/model/report.ts";
import { documentFault } from "./document_fault.ts";

const counts = {
  expected: z.number(),
  onTime: z.number(),
  late: z.number(),
  early: z.number(),
  missing: z.number(),
  altered: z.number(),
  duplicate: z.number(),
  unwanted: z.number(),
  deviating: z.number().optional(),
};

const hdr = z.string().refine(Histogram.isEncoded, "expected a compressed HdrHistogram in base64");
const row = z.looseObject({
  ...{ count: z.number(), min: z.number(), mean: z.number(), p50: z.number(), p90: z.number(), p99: z.number() },
  ...{ p999: z.number(), max: z.number(), hdr },
});
const byMode = <Shape extends z.ZodType>(shape: Shape) => z.partialRecord(z.enum(killModes), shape);

const willSpan = { wills: z.number(), firstMs: z.number(), lastMs: z.number() };
const untilMs = z.looseObject({
  ...{ p50: z.number().optional(), p90: z.number().optional(), p99: z.number().optional() },
  p100: z.number().optional(),
});
const storm = z.looseObject({
  ...{ phase: z.number(), kind: z.enum(["kills", "restart"]), atMs: z.number(), lives: z.number() },
  ...{ due: z.number(), seen: z.number(), perSecond: z.number().optional(), untilMs, arrivalMs: row },
  curve: z.array(z.looseObject({ atMs: z.number(), share: z.number() })),
});

const timeline = z.looseObject({
  connectedMs: z.number().optional(),
  killDueMs: z.number().optional(),
  killedMs: z.number().optional(),
  dueMs: z.number().optional(),
  seenMs: z.array(z.number()),
  readMs: z.number().optional(),
});

const life = {
  client: z.string(),
  incarnation: z.number(),
  protocol: z.enum(["3.1.1", "5"]),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
};

const faultVerdict = z.enum([
  ...["late", "early", "missing", "duplicate", "unwanted", "altered"] as const,
  ...["presence", "redelivery", "sparkplug"] as const,
]);

const fault = z.looseObject({
  ...life,
  mode: z.enum([...killModes, "restart", "lost", "alive"]),
  verdict: faultVerdict,
  rule: z.string(),
  text: z.string(),
  timeline: timeline.optional(),
});

const stretchLatency = z.looseObject({
  ...{ count: z.number(), p50: z.number(), p99: z.number(), max: z.number(), hdr: z.string() },
});
const point = z.looseObject({
  ...{ atMs: z.number(), alive: z.number(), kills: z.number(), wills: z.number() },
  ...{ due: z.number().optional(), faults: z.record(z.string(), z.number()).optional() },
  ...{ p50: z.number(), p99: z.number(), max: z.number() },
  broker: stretchLatency.optional(),
  byMode: byMode(stretchLatency),
});

/** The JSON of values that are neither numbers nor text; without bounds: a later version may have others. */
const savedValues: Partial<Record<OptionValue["kind"], z.ZodType>> = {
  switch: z.boolean(),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal("mix")]),
  killRate: z.looseObject({ kind: z.enum(["fraction", "count"]), perSecond: z.number() }),
  killShares: z.array(z.looseObject({ mode: z.enum(killModes), weight: z.number() })),
  reconnect: z.union([z.number(), z.literal("never")]),
  addresses: z.array(z.string()),
  nodes: z.array(z.looseObject({ name: z.string(), url: z.string(), share: z.number() })),
  shard: z.looseObject({ number: z.number(), of: z.number() }),
};

function savedOptions(isNeeded: (option: PlanOption) => boolean): Record<string, z.ZodType> {
  return Object.fromEntries(optionList.map(([name, option]) => {
    const schema = savedValues[option.value.kind] ?? (isNumber(option.value) ? z.number() : z.string());
    return [name, isNeeded(option) ? schema : schema.optional()];
  }));
}

/** The fields of a plan that the writers rely on: every option, of groups too, and the names of groups and phases. */
export const planSchema = z.looseObject({
  ...savedOptions((option) => !mayLack(option) && !option.added),
  scenario: z.string().optional(),
  groups: z.array(z.looseObject({ name: z.string(), ...savedOptions(() => false) })).optional(),
  phases: z.array(z.looseObject({ kind: z.string() })).optional(),
});

const stateCounts = Object.fromEntries(Object.keys(noPresence()).map((name) => [name, z.number()]));
const words = z.looseObject({ sent: z.number(), acknowledged: z.number(), refused: z.number(), seen: z.number() });
const presence = z.looseObject({
  ...stateCounts,
  byMoment: z.partialRecord(z.enum(presenceMoments), z.looseObject(stateCounts)),
  waves: z.array(z.looseObject({ atMs: z.number(), ...stateCounts })).optional(),
  ...{ online: words, left: words },
});

const sentAndSeen = z.looseObject({ sent: z.number(), seen: z.number() });
const assertionNames = Object.keys(sparkplugAssertions) as SparkplugAssertion[];
const sparkplug = z.looseObject({
  assertions: z.partialRecord(z.enum(assertionNames), z.looseObject({ checked: z.number(), broken: z.number() })),
  ...{ births: sentAndSeen, ownDeaths: sentAndSeen, rebirths: z.number() },
});

const restart = z.looseObject({
  ...{ downAtMs: z.number(), backAtMs: z.number(), commandMs: z.number().optional(), lives: z.number() },
  ...{ survived: z.number(), watchersKept: z.number(), watchersForgotten: z.number() },
  ...{ willsBefore: z.number(), willsAfter: z.number() },
});
const restarts = z.looseObject({
  each: z.array(restart),
  lives: z.looseObject({ kills: z.number(), ...counts }),
  unseeable: z.number(),
});

const loadCounts = { sent: z.number(), acknowledged: z.number(), withheld: z.number() };

const document = z.looseObject({
  tool: z.looseObject({ name: z.literal("mqtt-sim"), version: z.string() }),
  verdict: z.enum(["pass", "fail", "void"]),
  verdictText: z.string().optional(),
  voidReason: z.string().optional(),
  aborted: z.string().optional(),
  reason: z.string(),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(130)]),
  run: z.looseObject({
    ...{ id: z.string(), seed: z.number(), target: z.string(), durationMs: z.number(), repeat: z.string() },
    protocol: z.enum(["3.1.1", "5", "mix"]),
    startedAt: z.iso.datetime(),
  }),
  plan: planSchema,
  clients: z.looseObject({
    ...{ asked: z.number(), connected: z.number(), peakAlive: z.number(), reconnects: z.number() },
    ...{ refused: z.number(), lost: z.number(), rampPerSecond: z.number() },
  }),
  kills: z.looseObject({
    ...{ total: z.number(), askedPerSecond: z.number(), reachedPerSecond: z.number(), deferred: z.number() },
    byMode: byMode(z.looseObject({ kills: z.number(), ...counts })),
  }),
  wills: z.looseObject({
    ...counts,
    missingByQos: z.tuple([z.number(), z.number(), z.number()]),
    ...{ eitherWay: z.number(), undecided: z.number(), unseeable: z.number().optional() },
  }),
  latencyMs: z.looseObject({ all: row, byMode: byMode(row) }),
  brokerLatencyMs: z.looseObject({ all: row, byMode: byMode(row) }).optional(),
  floorMs: row.optional(),
  willRate: z.looseObject({ ...willSpan, perSecond: z.number().optional() }).optional(),
  storms: z.looseObject({ due: z.number(), seen: z.number(), untilMs, each: z.array(storm) }).optional(),
  connects: z.looseObject({ latencyMs: row, underWayLimit: z.number(), mostUnderWay: z.number() }).optional(),
  slipMs: row,
  killTimeMs: row.optional(),
  retained: z.looseObject({ expected: z.number(), right: z.number(), wrong: z.number(), missing: z.number() })
    .optional(),
  presence: presence.optional(),
  sparkplug: sparkplug.optional(),
  restarts: restarts.optional(),
  telemetry: z.looseObject({ ...loadCounts, byGroup: z.record(z.string(), z.looseObject(loadCounts)) }).optional(),
  byGroup: z.array(z.looseObject({
    ...{ name: z.string().optional(), connected: z.number(), kills: z.number(), ...counts },
    ...{ presenceWrong: z.number(), latencyMs: row, brokerLatencyMs: row.optional() },
  })).optional(),
  byNode: z.array(z.looseObject({
    ...{ from: z.string(), at: z.string(), due: z.number(), seen: z.number() },
    ...{ missing: z.number(), duplicates: z.number(), latencyMs: row, brokerLatencyMs: row.optional() },
  })).optional(),
  stages: z.array(z.looseObject({
    name: z.string(),
    groups: z.array(z.string()).optional(),
    fromMs: z.number(),
    toMs: z.number().optional(),
  })).optional(),
  brokerDropped: z.looseObject({ before: z.number(), after: z.number() }).optional(),
  controls: z.looseObject({
    ...{ total: z.number(), blind: z.number(), lost: z.number(), altered: z.number().optional() },
  }).optional(),
  generatorBound: z.string().optional(),
  thresholds: z.array(z.looseObject({
    ...{ expression: z.string(), actual: z.number().optional(), unit: z.string().optional(), met: z.boolean() },
  })).optional(),
  faults: z.array(fault),
  faultKinds: z.array(z.looseObject({ verdict: faultVerdict, rule: z.string(), count: z.number() })).optional(),
  profile: z.looseObject({
    ...{ name: z.string(), broker: z.string(), versions: z.string() },
    deviations: z.array(z.looseObject({
      ...{ id: z.string(), what: z.string(), evidence: z.string(), source: z.string() },
      ...{ lives: z.number(), seen: z.number(), samples: z.array(fault) },
      rules: z.partialRecord(z.enum(["3.1.1", "5.0"]), z.string()),
    })),
  }).optional(),
  described: z.record(z.string(), z.number()).optional(),
  broker: z.string().optional(),
  slowest: z.array(z.looseObject({ ...life, mode: z.enum(killModes), latencyMs: z.number(), timeline })),
  series: z.array(point),
  warnings: z.array(z.string()),
  resources: z.looseObject({
    ...{ cpuMs: z.number(), rssBytes: z.number() },
    ...{ cpuMsPerLife: z.number().optional(), bytesPerClient: z.number().optional() },
  }),
  engine: z.enum(["epoll", "deno"]).optional(),
});

/** A report from its text. @throws UsageError when it is none, or of another schema */
export function parseReport(text: string, name: string): Report {
  return checkedReport(parsed(text), name);
}

/**
 * A report from the value of its JSON, which it may share.
 *
 * @param value undefined: the text is not JSON
 * @throws UsageError when it is none, or of another schema
 */
export function checkedReport(value: unknown, name: string): Report {
  const refuse = (fault: string): never => {
    throw new UsageError(`Cannot read report "${name}": ${fault}`);
  };
  if (value === undefined) refuse("it is not JSON; expected a file that mqtt-sim fleet --report wrote");
  const { schema } = Object(value) as { readonly schema?: unknown };
  if (schema === undefined) {
    refuse("it is not a report of mqtt-sim; expected a file that mqtt-sim fleet --report wrote");
  }
  if (schema !== reportSchema) refuse(`its schema is ${JSON.stringify(schema)}; expected "${reportSchema}"`);
  const { error } = document.safeParse(value);
  if (error === undefined) return completed(value as Earlier);
  return refuse(documentFault(error, "report"));
}

/** The fields that reports of earlier versions lack. */
type Earlier =
  & Omit<Report, "faultKinds" | "verdictText" | "controls">
  & Partial<Pick<Report, "faultKinds" | "verdictText" | "controls">>;

/** The report with the fields that its version did not write: they follow from the existing ones. */
function completed(report: Earlier): Report {
  const { wills, kills, faults, presence, verdict, restarts, run } = report;
  for (const counts of [wills, ...Object.values(kills.byMode)]) counts.deviating ??= 0;
  const unseeable = wills.unseeable ?? restarts?.unseeable ?? 0;
  const countOf = (name: FaultSample["verdict"]) => {
    if (name === "sparkplug") return report.sparkplug === undefined ? 0 : sparkplugFaults(report.sparkplug);
    if (name === "redelivery") return report.redeliveries?.withoutDup ?? 0;
    return name === "presence" ? presence?.wrong ?? 0 : wills[name];
  };
  return {
    ...report,
    verdictText: report.verdictText ?? verdictText(verdict, deviationsIn(report)),
    reason: withMaskedUrls(report.reason),
    warnings: report.warnings.map(withMaskedUrls),
    run: { ...run, target: withMaskedUrls(run.target), repeat: withMaskedUrls(run.repeat) },
    wills: { ...wills, ...unseeable > 0 && { unseeable } },
    controls: report.controls ?? { total: 0, blind: 0, lost: 0 },
    faultKinds: report.faultKinds ?? kindsOfSamples(faults, countOf),
  };
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return undefined;
  }
}
