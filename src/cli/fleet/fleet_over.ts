/** `mqtt-sim fleet --over`: the same command for a run that several processes carry out. */
import { monotonicClock, wallTime } from "../../base/clock.ts";
import { quoteShell } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { mergeResults } from "../../fleet/merge/merge.ts";
import { Groups } from "../../fleet/plan/groups.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import type { FleetPlan, PlanRequest } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { sharedByBucket } from "../../fleet/plan/will_topic.ts";
import { rampNotice } from "../../fleet/preflight/wait_text.ts";
import { checkOutage } from "../../fleet/squad/outage_commands.ts";
import { applyThresholds } from "../../report/model/threshold.ts";
import { repeatCommand } from "../../report/model/repeat.ts";
import { makeReport, type Report, type ReportContext } from "../../report/model/report.ts";
import { refusePartsThresholds } from "../over/allowed_losses.ts";
import { gatheredReport } from "../over/gathered_report.ts";
import { foreignFlag, ownCommands, withoutCommands } from "../over/foreign_values.ts";
import { openRendezvous } from "../over/open_rendezvous.ts";
import { type PartsHooks, runParts } from "../over/run_parts.ts";
import { checkedReport } from "../report/saved_report.ts";
import type { BrokerChoice } from "./broker_choice.ts";
import type { FleetFlags } from "./fleet_flags.ts";

/** Files of lives and events, which each part writes. */
const flagsOfEachPart = { record: "--record", csvLives: "--csv-lives" } as const;

/** Flags of runs in one process, or in several without a coordinator. */
const flagsOfOneProcess = {
  shard: "--shard",
  startAt: "--start-at",
} as const satisfies Partial<Record<keyof FleetFlags, string>>;

/** Secrets, which stay with the parts. */
const flagsOfParts = {
  password: "--password",
  passwordFile: "--password-file",
  wsHeaders: "--ws-header",
  proxy: "--proxy",
  authMethod: "--auth-method",
  authData: "--auth-data",
  authCommand: "--auth-command",
  reauthEveryMs: "--reauth-every",
} as const satisfies Partial<Record<keyof FleetFlags, string>>;

/**
 * Checks the flags of a run in several parts.
 *
 * @throws UsageError for a flag that such a run cannot have
 */
export function checkOver(flags: FleetFlags): void {
  const { over, parts } = flags;
  if (over === undefined) {
    refusePartsThresholds(flags.threshold);
    const [name] = (["parts", "gather", "partSilence", "overCreds", "overTlsCa"] as const)
      .filter((each) => flags[each] !== undefined);
    if (name === undefined) return;
    const shown = { parts: "--parts", gather: "--gather", partSilence: "--part-silence" };
    const flag = { ...shown, overCreds: "--over-creds", overTlsCa: "--over-tls-ca" }[name];
    throw new UsageError(`Cannot use ${flag} without --over: expected the URL of NATS with it`);
  }
  if (parts === undefined) throw new UsageError("Cannot use --over without --parts: expected the number of parts");
  if (flags.url.length !== 1 || flags.url[0]!.endpoint === undefined) {
    throw new UsageError(
      "Cannot use --over without one --url: expected a broker that all parts can reach, as one --url",
    );
  }
  for (const [name, flag] of Object.entries(flagsOfOneProcess)) {
    if (flags[name as keyof typeof flagsOfOneProcess] === undefined) continue;
    throw new UsageError(
      `Cannot use ${flag} with --over: the clients are in other processes; expected a run without it`,
    );
  }
  for (const [name, flag] of Object.entries(flagsOfEachPart)) {
    if (flags[name as keyof typeof flagsOfEachPart] === undefined) continue;
    throw new UsageError(
      `Cannot use ${flag} with --over: each part has the events of its clients; give it to mqtt-sim part, with {part} in ` +
        "the name of the file",
    );
  }
  const own = [...Object.entries(flagsOfParts), ...filesOfParts];
  const given = own.find(([name]) => flags[name as keyof FleetFlags] !== undefined);
  if (given !== undefined || flags.url[0]!.endpoint.password !== undefined) {
    const what = given === undefined ? "a password in --url" : given[1];
    throw new UsageError(
      `Cannot use ${what} with --over: secrets and files stay with the parts; give it to mqtt-sim part`,
    );
  }
}

/** Flags of files, which each part has on its own machine. */
const filesOfParts = optionList.flatMap(([name, { value, ownToShard, flag }]) =>
  ownToShard && value.kind === "file" ? [[name, `--${flag}`] as const] : []
);

/** The plan of a run in several parts. @throws UsageError for a plan that parts cannot carry out */
export function planOver(request: PlanRequest, parts: number): FleetPlan {
  const { shard: _, ...plan } = makePlan({ ...request, shard: { number: 1, of: parts } });
  const foreign = foreignFlag(withoutCommands(plan));
  if (foreign !== undefined) {
    throw new UsageError(
      `Cannot use ${foreign} with --over: commands and files stay with the parts; expected it as a flag of mqtt-sim part, ` +
        "or the content of the file in its place",
    );
  }
  const open = new Groups(plan, "mix").plans.find(({ willTopic }) => !sharedByBucket(willTopic));
  if (parts > 1 && open !== undefined) {
    throw new UsageError(
      `Cannot use --will-topic ${JSON.stringify(open.willTopic)} with --parts ${formatCount(parts)}: each part would ` +
        "receive the wills of all parts; expected a topic with a level {bucket}",
    );
  }
  return Object.freeze(plan);
}

/** Coordinates the run, and joins the reports of its parts. @throws UsageError when no part of it is possible */
export async function runOver(
  plan: FleetPlan,
  { endpoint }: BrokerChoice,
  flags: FleetFlags,
  hooks: PartsHooks,
  context: ReportContext,
): Promise<Report> {
  await checkOutage(plan, {});
  const [of, startedAt, startMs] = [flags.parts!, wallTime(), monotonicClock.nowMs()];
  const rendezvous = await openRendezvous(flags.over!, flags, `mqtt-sim fleet ${plan.run}`);
  try {
    const call = `${context.program} part --over ${flags.over!.shown} --run ${plan.run}`;
    const waiting = { level: "info", text: `Waiting for ${formatCount(of)} parts: ${call}` } as const;
    const asked = { name: plan.run, plan, url: endpoint!.url, parts: of, notices: [waiting, rampNotice(plan)] };
    const { end, stored, seats, interrupted } = await runParts(rendezvous, { ...flags, ...asked }, hooks);
    const gathered = gatheredReport(stored, { of, why: end.why, interrupted, seats }, flags.threshold, checkedReport);
    if (gathered !== undefined) return asOver(gathered, plan, endpoint!.url, flags, context);
    const facts = {
      ...{ plan, target: endpoint!.url, protocol: plan.protocol === "auto" ? "mix" : plan.protocol, warnings: [] },
      ...{ startedAt: startedAt.toISOString(), durationMs: monotonicClock.nowMs() - startMs },
      resources: { cpuMs: 0, rssBytes: 0 },
    } as const;
    const report = applyThresholds(makeReport(mergeResults(facts, [], end.why), context), flags.threshold);
    return interrupted ? { ...report, exitCode: 130 } : report;
  } finally {
    await rendezvous.close();
  }
}

/** The report with the commands of the coordinator, and the command that repeats the run in as many parts. */
function asOver(
  report: Report,
  plan: FleetPlan,
  url: string,
  { over, parts }: FleetFlags,
  context: ReportContext,
): Report {
  const commands = ownCommands.flatMap((name) => plan[name] === undefined ? [] : [[name, plan[name]]]);
  const words = repeatCommand(plan, url, { ...context, runIdAsked: false });
  const repeat = `${words} --over ${quoteShell(over!.shown)} --parts ${parts}`;
  return { ...report, plan: { ...report.plan, ...Object.fromEntries(commands) }, run: { ...report.run, repeat } };
}
