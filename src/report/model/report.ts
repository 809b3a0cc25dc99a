/**
 * The report of a run: the JSON document, under names that keep their meaning, and the input of all other writers. The
 * fleet owns the findings; this file names them, and leaves out secrets.
 */
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { withoutPasswords } from "../../fleet/recording/record_header.ts";
import type { FleetResult } from "../../fleet/result/result.ts";
import { deviationsIn, verdictText } from "../../fleet/merge/verdict.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import type { PartsResult } from "./parts/parts_result.ts";
import { repeatCommand } from "./repeat.ts";

/** The form of the document; the number changes when a name changes its meaning or disappears. */
export const reportSchema = "mqtt-sim/report/1";

/** The program that wrote a report. */
export interface Tool {
  /** The name of the program. */
  readonly name: "mqtt-sim";
  /** The version of the program. */
  readonly version: string;
}

/** The inputs of a report besides the result. */
export interface ReportContext {
  /** The program that writes the report. */
  readonly tool: Tool;
  /** True when the broker under test was the embedded one. */
  readonly embedded: boolean;
  /** True when the scenario's file names brokers: to repeat a run on the embedded one takes a word then. */
  readonly scenarioHasBrokers?: boolean;
  /** How the program is called on this machine, such as `deno task mqtt-sim`. */
  readonly program: string;
  /** True when the user gave the run id; false when it was drawn. */
  readonly runIdAsked?: boolean;
  /** Where the password came from, if it came from a file. */
  readonly passwordFile?: string;
  /** Thresholds as they were written. */
  readonly thresholds?: readonly string[];
}

/** A run's report: the JSON that `--report` writes. Milliseconds unless a name says otherwise. */
export interface Report extends Omit<FleetResult, "plan" | "protocol" | "startedAt" | "durationMs" | "target"> {
  /** The name of the schema. */
  readonly schema: typeof reportSchema;
  /** The program that wrote the report. */
  readonly tool: Tool;
  /** The run. */
  readonly run: {
    readonly id: string;
    readonly seed: number;
    /** The broker's URL, without login and with its query masked, or `embedded`. */
    readonly target: string;
    readonly protocol: "3.1.1" | "5" | "mix";
    /** ISO 8601, UTC. */
    readonly startedAt: string;
    readonly durationMs: number;
    /** The command that repeats the run, without a password, and with the query of a URL masked. */
    readonly repeat: string;
  };
  /** The whole plan, without passwords. */
  readonly plan: Omit<FleetPlan, "password">;
  /** The processes of a run in several parts, which a coordinator gathered; absent for other runs. */
  readonly parts?: PartsResult;
  /** The run's thresholds, and whether it met them; absent where there are none. */
  readonly thresholds?: readonly ThresholdResult[];
}

/** The URL for `--url`, if any. */
function repeatTarget(target: string, { embedded, scenarioHasBrokers }: ReportContext): string | undefined {
  if (!embedded) return target;
  return scenarioHasBrokers ? "embedded" : undefined;
}

/**
 * Makes the report of a result. The writers turn it into text: {@link reportText}, {@link reportJson},
 * {@link reportHtml}, {@link reportJunit}, {@link reportMarkdown}, {@link modeCsv}, {@link livesCsv} and
 * {@link reportHdrLog}.
 *
 * @example The report of a run as text, JUnit XML and an HTML page
 * ```ts ignore
 * import { Broker, makePlan, makeReport, parseEndpoint, reportHtml, reportJunit, reportText, runFleet } from
 * "mqtt-sim";
 *
 * await using broker = await Broker.start();
 * const killRate = { kind: "count", perSecond: 40 } as const;
 * const plan = makePlan({ run: "demo", seed: 1, clients: 20, killRate, durationMs: 500 });
 * const hooks = { onProgress() {}, onNotice() {} };
 * const result = await runFleet({ plan, target: parseEndpoint(broker.url), brokerInProcess: true }, hooks);
 * const tool = { name: "mqtt-sim", version: "1.2.3" } as const;
 * const report = makeReport(result, { tool, embedded: true, program: "mqtt-sim" });
 * console.log(reportText(report, { width: 80 }));
 * console.log(reportJunit(report).length, reportHtml(report).length);
 * ```
 */
export function makeReport(result: FleetResult, context: ReportContext): Report {
  const { plan, protocol, startedAt, durationMs, target, ...found } = result;
  const shown = withoutPasswords(plan);
  const { verdict, verdictText: _, reason, exitCode, ...counts } = found;
  return {
    schema: reportSchema,
    tool: context.tool,
    verdict,
    verdictText: verdictText(verdict, deviationsIn(counts)),
    reason: withMaskedUrls(reason),
    exitCode,
    run: {
      id: plan.run,
      seed: plan.seed,
      target: context.embedded ? "embedded" : withMaskedUrls(target),
      protocol,
      startedAt,
      durationMs: Math.round(durationMs),
      repeat: withMaskedUrls(repeatCommand(plan, repeatTarget(target, context), context)),
    },
    plan: shown,
    ...counts,
    ...counts.voidReason !== undefined && { voidReason: withMaskedUrls(counts.voidReason) },
    warnings: counts.warnings.map(withMaskedUrls),
  };
}

/** The result of a threshold. */
export interface ThresholdResult {
  /** The threshold as it was given. */
  readonly expression: string;
  /** The value that the report has at its path; absent where the run measured nothing for it, which is not met. */
  readonly actual?: number;
  /** The unit of the value: `ms`, `s`, `B`, `/s`, or such as `% of wills.expected`; absent for a count. */
  readonly unit?: string;
  /** Whether the run meets the threshold. */
  readonly met: boolean;
}
