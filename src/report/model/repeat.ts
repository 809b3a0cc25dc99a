/**
 * How to repeat a run: the command line that asks for the same plan. Only what differs from the defaults is written,
 * and never a password.
 */
import { quoteShell } from "../../base/escape.ts";
import { formatDuration, formatMix, formatRate } from "../../base/units.ts";
import { killModes, type KillShare } from "../../fleet/plan/kill_mode.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { sourceAddressesText } from "../../net/source_addresses.ts";
import { shardText } from "../../fleet/plan/shard.ts";

type Written = { readonly [Name in keyof FleetPlan]?: (value: NonNullable<FleetPlan[Name]>) => readonly string[] };

const one = (flag: string) => (value: string | number): readonly string[] => [flag, String(value)];
const seconds = (flag: string) => (value: number): readonly string[] => [flag, `${value}s`];
const duration = (flag: string) => (value: number): readonly string[] => [flag, formatDuration(value)];

/** One writer for each part of a plan but the seed, the run id and the login, in the order of `--help`. */
const written = {
  protocol: one("--protocol"),
  sourceAddresses: (addresses) => addresses.length === 0 ? [] : ["--source-address", sourceAddressesText(addresses)],
  sourcePorts: one("--source-ports"),
  tlsCa: one("--tls-ca"),
  tlsCert: one("--tls-cert"),
  tlsKey: one("--tls-key"),
  tlsServerName: one("--tls-server-name"),
  tlsInsecure: (value) => value ? ["--tls-insecure"] : [],
  engine: one("--engine"),
  clients: one("--clients"),
  rampPerSecond: (value) => ["--ramp-rate", `${value}/s`],
  connectsUnderWay: one("--connects-under-way"),
  keepAliveS: seconds("--keepalive"),
  sessionExpiryS: seconds("--session-expiry"),
  cleanStart: one("--clean-start"),
  clientPrefix: one("--client-prefix"),
  workers: one("--workers"),
  shard: (shard) => ["--shard", shardText(shard)],
  killRate: (rate) => ["--kill-rate", formatRate(rate)],
  killShares: (shares) => ["--kill-mode", killMix(shares)],
  durationMs: duration("--duration"),
  reconnectAfterMs: (value) => ["--reconnect-after", value === "never" ? value : formatDuration(value)],
  willQos: one("--will-qos"),
  willRetain: (value) => value ? ["--will-retain"] : [],
  presence: (value) => value ? ["--presence"] : [],
  willDelayS: seconds("--will-delay"),
  willTopic: one("--will-topic"),
  willPayloadSizeBytes: one("--will-payload-size"),
  watchers: one("--watchers"),
  fanOut: one("--fan-out"),
  lateAfterMs: duration("--late-after"),
  drainMs: duration("--drain"),
  profile: one("--profile"),
  restartTimeoutMs: duration("--restart-timeout"),
  restartCommand: one("--restart-command"),
} as const satisfies Written;

function killMix(shares: readonly KillShare[]): string {
  const mix = formatMix(shares.map(({ mode, weight }) => ({ name: mode, weight })));
  return mix === killModes.join(",") ? "all" : mix;
}

/** What the command needs beside the plan. */
export interface RepeatContext {
  readonly program: string;
  readonly runIdAsked?: boolean;
  readonly passwordFile?: string;
  readonly thresholds?: readonly string[];
}

/** The command that repeats a run on `url`, or on the embedded broker without one. */
export function repeatCommand(plan: FleetPlan, url: string | undefined, context: RepeatContext): string {
  const words = [
    ...(url === undefined ? [] : ["--url", url]),
    ...(plan.scenario === undefined ? [] : ["--scenario", plan.scenario]),
    ...login(plan, context),
    "--seed",
    String(plan.seed),
    ...(context.runIdAsked ? ["--run-id", plan.run] : []),
    ...asked(plan),
    ...(context.thresholds ?? []).flatMap((expression) => ["--threshold", expression]),
  ];
  return [context.program, "fleet", ...words.map(quoteShell)].join(" ");
}

function login(plan: FleetPlan, { passwordFile }: RepeatContext): string[] {
  return [
    ...(plan.username === undefined || inScenario(plan, "username") ? [] : ["--username", plan.username]),
    ...(plan.password === undefined || inScenario(plan, "password")
      ? []
      : ["--password-file", passwordFile ?? "PASSWORD_FILE"]),
  ];
}

function asked(plan: FleetPlan): string[] {
  return Object.entries(written).flatMap(([name, write]) => {
    const key = name as keyof typeof written;
    if (inScenario(plan, key)) return [];
    // What overrules a scenario is written even where it is what is usual.
    const overrules = plan.scenario !== undefined && plan[key] !== undefined;
    if (!overrules && JSON.stringify(usually(plan, key)) === JSON.stringify(plan[key])) return [];
    return (write as (value: unknown) => readonly string[])(plan[key]);
  });
}

/** True for what a plan has of its scenario, by that one's word or silence. */
function inScenario({ scenario, overruled = [] }: FleetPlan, field: string): boolean {
  return scenario !== undefined && !overruled.includes(field);
}

/** What the plan would say of one thing if that thing had not been asked for: some defaults follow from others. */
function usually(plan: FleetPlan, name: keyof typeof written): unknown {
  const { seed, run, clients, workers, shard, willTopic, sessionExpiryS, presence } = plan;
  const said = { ...shard && { shard }, ...presence !== undefined && { presence } };
  const others = { clients, workers, willTopic, sessionExpiryS, ...said };
  const derived = name === "watchers" || name === "cleanStart" || name === "willRetain";
  return makePlan({ seed, run, ...(derived ? others : {}) })[name];
}
