/**
 * From the flags of `mqtt-sim fleet` to the run: the plan's request, and the user that logs in.
 */
import type { AuthSettings } from "../../auth/auth_settings.ts";
import { textOfBytes, withoutLineEnd } from "../../base/bytes.ts";
import { UsageError } from "../../base/failure.ts";
import { freshSeed } from "../../base/random.ts";
import { formatCount } from "../../base/units.ts";
import { losesNodes, restartsBroker } from "../../fleet/plan/phases.ts";
import type { ClusterNode, FleetPlan, PlanRequest } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { shardText } from "../../fleet/plan/shard.ts";
import { sharedRunId } from "./shared_run_id.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import { type ProxyAsked, type TlsAsked, tlsFlagOf, type WebAsked, webFlagOf } from "../../net/secured_endpoint.ts";
import { type BrokerChoice, embedded } from "./broker_choice.ts";
import { readInput } from "../process/input_file.ts";
import type { FleetFlags } from "./fleet_flags.ts";
import { overrule, readScenario, type Scenario, type Wishes } from "./scenario_file.ts";

/**
 * The plan's request from the flags and the scenario that they name; absent fields have no value there. This function
 * draws a missing seed and run id.
 *
 * @throws UsageError when the password's file is unreadable, or there are two passwords, or for the scenario
 */
export async function fleetRequest(flags: FlagsWithScenario, broker = flags.url[0] ?? embedded): Promise<PlanRequest> {
  const request = await requestOf(flags, broker);
  if (flags.shard === undefined || flags.run !== undefined) return request;
  // Runs of one plan at several instants have several ids.
  const marks = flags.startAt?.absolute === true ? [flags.startAt.at.toISOString()] : [];
  return { ...request, run: sharedRunId(request, ...marks) };
}

async function requestOf(flags: FlagsWithScenario, { endpoint }: BrokerChoice): Promise<PlanRequest> {
  // Drawn, not derived from the seed: the run must not mistake an earlier run's remains on a broker for its own.
  const run = flags.run ?? freshSeed().toString(36);
  const wishes = await wishesOf(flags);
  const login = given({ username: endpoint?.username, password: endpoint?.password });
  if (flags.scenario === undefined) return { seed: flags.seed ?? ownSeed(flags), run, ...login, ...wishes };
  const scenario = flags.read ?? await readScenario(flags.scenario);
  const seed = flags.seed ?? scenario.wishes.seed ?? ownSeed(flags);
  const { wishes: own } = scenario;
  const logsIn = [own, ...own.groups ?? []].some(({ username, password }) => (username ?? password) !== undefined);
  // The user of the URL logs in where the scenario names no user.
  const over = logsIn ? wishes : { ...login, ...wishes };
  return overrule({ ...scenario, wishes: { ...login, ...own, seed } }, over, { seed, run });
}

/** The parts of a run cannot each draw a seed. */
function ownSeed({ shard }: FleetFlags): number {
  if (shard === undefined) return freshSeed();
  throw new UsageError(`Cannot run --shard ${shardText(shard)} without --seed: expected the same one for each part`);
}

/** The parsed flags, with their scenario as the program read it: once, because it may be a pipe. */
export interface FlagsWithScenario extends FleetFlags {
  readonly read?: Scenario;
}

/**
 * The flags with their scenario, whose brokers and thresholds apply where no flag names any.
 *
 * @throws UsageError for the scenario
 */
export async function withScenario(flags: FleetFlags): Promise<FlagsWithScenario> {
  if (flags.scenario === undefined) return withNodes(flags);
  const read = await readScenario(flags.scenario);
  const { brokers, thresholds } = read;
  const [url, threshold] = [flags.url.length === 0 ? brokers : flags.url, flags.threshold];
  return withNodes({ ...flags, read, url, threshold: threshold.length === 0 ? thresholds : threshold });
}

/** The first node is the broker of a run on a cluster. @throws UsageError where there is a --url besides */
function withNodes<Flags extends FlagsWithScenario>(flags: Flags): Flags {
  const nodes = flags.nodes ?? flags.read?.wishes.nodes;
  return nodes === undefined ? flags : { ...flags, url: [firstNode(nodes, flags)] };
}

/** The broker of a run on a cluster: its first node. @throws UsageError where there is a --url besides */
export function firstNode(
  [first]: readonly ClusterNode[],
  { url }: { readonly url: readonly BrokerChoice[] },
): BrokerChoice {
  if (url.length > 0) {
    throw new UsageError("Cannot use --url together with --node: expected one --node for each address of the cluster");
  }
  return { name: first!.name, endpoint: parseEndpoint(first!.url) };
}

/**
 * Refuses settings of TLS, WebSocket and enhanced authentication for the embedded broker, before it starts.
 *
 * @throws UsageError when there are any
 */
export function checkTlsFlags(
  { authMethod, proxy, ...tls }: TlsAsked & WebAsked & ProxyAsked & AuthSettings,
  { endpoint }: BrokerChoice,
): void {
  if (endpoint !== undefined) return;
  if (authMethod !== undefined) {
    throw new UsageError(
      `Cannot use --auth-method ${JSON.stringify(authMethod)} with the embedded broker, which has no enhanced ` +
        "authentication: expected a --url",
    );
  }
  if (proxy !== undefined) {
    throw new UsageError("Cannot use --proxy with the embedded broker, which is in this process: expected a --url");
  }
  const webFlag = webFlagOf(tls);
  if (webFlag !== undefined) {
    throw new UsageError(`Cannot use ${webFlag} with the embedded broker: expected a --url with ws:// or wss://`);
  }
  const flag = tlsFlagOf(tls);
  if (flag === undefined) return;
  throw new UsageError(
    `Cannot use ${flag} with the embedded broker, which does not use TLS: expected a --url with mqtts:// or wss://`,
  );
}

/** The flags' values for the plan, except seed and run id. */
async function wishesOf(flags: FlagsWithScenario): Promise<Wishes> {
  const { seed: _seed, run: _run, ...values } = { ...flags, password: await passwordOf(flags) };
  return given(Object.fromEntries(optionList.map(([name]) => [name, (values as Wishes)[name]])));
}

/**
 * Checks that the restart settings fit the plan and the broker.
 *
 * @throws UsageError when they do not
 */
export function checkRestartFlags(
  { url: all, restartCommand, restartTimeoutMs }: FleetFlags,
  { endpoint: url }: BrokerChoice,
  plan: FleetPlan,
): void {
  const shown = JSON.stringify(restartCommand);
  if (!restartsBroker(plan)) {
    const flag = restartCommand !== undefined
      ? `--restart-command ${shown}`
      : restartTimeoutMs !== undefined && !losesNodes(plan)
      ? "--restart-timeout"
      : undefined;
    if (flag === undefined) return;
    throw new UsageError(
      `Cannot use ${flag}: expected a scenario that restarts the broker, such as --scenario restart`,
    );
  }
  if (all.length > 1 && restartCommand !== undefined) {
    throw new UsageError(
      `Cannot use --restart-command ${shown} on ${all.length} brokers, because it restarts one broker: expected one --url`,
    );
  }
  if (url === undefined && restartCommand !== undefined) {
    throw new UsageError(
      `Cannot use --restart-command ${shown} with the embedded broker, which needs no command: expected a --url`,
    );
  }
  if (url !== undefined && restartCommand === undefined && all.length > 1) {
    throw new UsageError(
      `Cannot restart the broker at ${url.url}, one of ${all.length}: expected the embedded broker, or one --url with ` +
        "--restart-command; report compare puts their reports side by side",
    );
  }
  if (url !== undefined && restartCommand === undefined) {
    throw new UsageError(
      `Cannot restart the broker at ${url.url}: expected --restart-command with a command that restarts it, such as ` +
        "'systemctl restart mosquitto'",
    );
  }
}

type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };

/** Without undefined fields, so that defaults apply. */
function given<T extends object>(request: T): Given<T> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** The longest password that a CONNECT can carry, in bytes. */
const longestPasswordBytes = 65_535;

/**
 * The password that flags name; `bytes.ts` defines how bytes of a file that are not UTF-8 are kept.
 *
 * @throws UsageError when its file is unreadable, or there are two
 */
export async function passwordOf(
  flags: Pick<FleetFlags, "password" | "passwordFile">,
): Promise<string | undefined> {
  if (flags.passwordFile === undefined) return flags.password;
  if (flags.password !== undefined) {
    throw new UsageError("Cannot take both --password and --password-file: expected one of them");
  }
  const { passwordFile: path } = flags;
  const bytes = await passwordBytes(path);
  if (bytes.length <= longestPasswordBytes) return textOfBytes(bytes);
  throw new UsageError(
    `Cannot use --password-file "${path}": it has ${formatCount(bytes.length)} bytes, and a ` +
      `password has ${formatCount(longestPasswordBytes)} at most`,
  );
}

/** The bytes of the file, without a line end after them. */
async function passwordBytes(passwordFile: string): Promise<Uint8Array> {
  try {
    return withoutLineEnd(await readInput(passwordFile));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read --password-file "${passwordFile}": ${fault}`);
  }
}
