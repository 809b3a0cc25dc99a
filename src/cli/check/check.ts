/**
 * `mqtt-sim check`: flags → cases → run → report → exit code.
 */
import { type Clock, monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import type { ConformanceCase } from "../../conformance/case/case.ts";
import { allCases } from "../../conformance/catalog.ts";
import type { ConformanceHooks, ConformanceRun } from "../../conformance/check/conformance_run.ts";
import type { Protocol } from "../../conformance/model/protocol.ts";
import type { ConformanceResult } from "../../conformance/case/result.ts";
import { runConformance } from "../../conformance/run_conformance.ts";
import { type CaseRun, selectCases, type Selection } from "../../conformance/check/select.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import { withCredentials } from "../../fleet/preflight/read_credentials.ts";
import { awaitBroker, triedText } from "../../fleet/preflight/await_broker.ts";
import type { Notice } from "../../fleet/result/result.ts";
import { isValidTopicName } from "../../mqtt/topic.ts";
import { type Endpoint, parseEndpoint } from "../../net/endpoint.ts";
import { chooseEngineFor, type EngineChoice } from "../../net/engine.ts";
import { securedEndpoint } from "../../net/secured_endpoint.ts";
import { profileOf } from "../../profiles/profiles.ts";
import { targetName } from "../../report/model/comparison.ts";
import { makeCheckReport } from "../../report/model/check_report.ts";
import { type Column, tableLines } from "../../report/terminal/table.ts";
import { type Interrupts, openInterrupts } from "../process/interrupt.ts";
import type { Output, Stream } from "../process/output.ts";
import { withAwsCredentials } from "../process/environment.ts";
import { tool } from "../process/tool.ts";
import { caseNames, type CheckAsked, ruleNumbers } from "./check_flags.ts";
import { meant } from "../options/similar.ts";
import { checkPlaces, openCheckOutputs } from "../report/check_outputs.ts";
import { withBrokerName } from "../report/comparison_outputs.ts";
import { printCheck } from "../report/print_report.ts";
import { type CheckTarget, startCheckTarget } from "./check_target.ts";
import { checkTlsFlags, passwordOf } from "../fleet/fleet_request.ts";
import { embedded } from "../fleet/broker_choice.ts";
import { restartBy } from "./check_restart.ts";
import { checkAuth } from "./check_auth.ts";
import { checkPassword } from "./check_password.ts";

/** The dependencies of the command; a test may replace them. */
export interface CheckDeps {
  runConformance(run: ConformanceRun, hooks: ConformanceHooks): Promise<ConformanceResult>;
  startTarget(engine: EngineChoice): Promise<CheckTarget>;
  openInterrupts(): Interrupts;
  readonly catalog: readonly ConformanceCase[];
}

const realDeps: CheckDeps = { runConformance, startTarget: startCheckTarget, openInterrupts, catalog: allCases };

/** Refuses options that our own broker does not need; a topic must be one that clients can publish to. */
function checkLogin(asked: CheckAsked): void {
  const { url, username, password, passwordFile, passwordCommand, deniedTopic, authMethod } = asked;
  const flags = {
    "--username": username,
    "--password": password,
    "--password-file": passwordFile,
    "--password-command": passwordCommand,
    "--denied-topic": deniedTopic,
    "--auth-method": authMethod,
  };
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (url === undefined && given !== undefined) {
    const why = "which has its own login";
    throw new UsageError(`Cannot use ${given[0]} with the embedded broker, ${why}: expected a --url`);
  }
  if (deniedTopic === undefined || isValidTopicName(deniedTopic)) return;
  const allowed = "a topic name: at least one character, no + # and NUL";
  throw new UsageError(`Cannot use --denied-topic ${JSON.stringify(deniedTopic)}: expected ${allowed}`);
}

/** How the clients log in. @throws UsageError for settings that cannot be used */
async function loginOf(asked: CheckAsked): Promise<Pick<ConformanceRun, "login" | "auth" | "casePassword">> {
  checkLogin(asked);
  const username = asked.username ?? asked.url?.username;
  const password = await passwordOf(asked) ?? asked.url?.password;
  return {
    login: withoutAbsent({ username, password }),
    auth: await checkAuth(asked, { username }),
    casePassword: await checkPassword(asked, password),
  };
}

/** An id and its beginnings up to a hyphen: `will/takeover` of `will/takeover-resumed`. */
function beginnings(id: string): string[] {
  const words = id.split("-");
  return words.map((_, place) => words.slice(0, place + 1).join("-"));
}

/** The selected cases; an unknown name or number gets a suggestion. @throws UsageError */
function selected(all: readonly ConformanceCase[], selection: Selection): CaseRun[] {
  try {
    return selectCases(all, selection);
  } catch (error) {
    const [, flag, word] = error instanceof UsageError
      ? /^Cannot use --(only|rule) "(.*?)"/.exec(error.message) ?? []
      : [];
    if (word === undefined) throw error;
    const known = flag === "only" ? caseNames(all).flatMap(beginnings) : ruleNumbers(all);
    throw new UsageError((error as UsageError).message + meant(word, known));
  }
}

/**
 * Checks a broker and writes the report; returns the exit code.
 *
 * @throws UsageError when the request cannot be carried out
 */
export async function check(given: CheckAsked, output: Output, deps: CheckDeps = realDeps): Promise<number> {
  const asked = withBrokerName(given, given.url === undefined ? embedded.name : targetName(given.url.url));
  const protocols = { "3.1.1": ["3.1.1"], "5": ["5.0"], "both": undefined } as const;
  const selection = {
    only: asked.only,
    rules: asked.rule,
    quick: asked.quick ?? false,
    protocols: protocols[asked.protocol ?? (asked.authMethod === undefined ? "both" : "5")] as
      | readonly Protocol[]
      | undefined,
  };
  const runs = selected(deps.catalog, selection);
  if (asked.list === true) return list(runs, output);
  const { login, auth, casePassword } = await loginOf(asked);
  const restart = await restartBy(asked);
  const named = await namedTarget(asked);
  const { engine = "auto" } = asked;
  const outputs = await openCheckOutputs(asked);
  const interrupts = deps.openInterrupts();
  let own: CheckTarget | undefined;
  try {
    own = named === undefined ? await deps.startTarget(engine) : undefined;
    const run: ConformanceRun = {
      ...selection,
      target: named ?? parseEndpoint(own!.url),
      login: own?.login ?? login,
      auth,
      casePassword,
      deniedTopic: own?.deniedTopic ?? asked.deniedTopic,
      slack: asked.slack,
      parallel: asked.parallel,
      engine,
      profile: profileOf(asked.profile ?? "strict")!,
      cases: deps.catalog,
    };
    if (named !== undefined) await awaitTarget(run, asked, output.err, interrupts.early);
    const onCase = asked.quiet === true ? () => {} : progressOn(output.err, monotonicClock);
    const hooks = { onCase, restart: own === undefined ? restart : () => own!.restart(), interrupt: interrupts.early };
    const report = makeCheckReport(await deps.runConformance(run, hooks), tool, own !== undefined);
    const stream = outputs.usesStandardOutput ? output.err : output.out;
    await printCheck(
      stream,
      report,
      checkPlaces(asked).length,
      asked,
      () => outputs.write(report, (form) => output.out.write(form)),
    );
    return report.exitCode;
  } finally {
    interrupts.close();
    await outputs.discard();
    await own?.stop();
  }
}

/** Waits for a broker that is still starting; the check then says what it found, or that the broker does not answer. */
async function awaitTarget(
  { target, login = {}, casePassword }: ConformanceRun,
  { wait = 0, quiet, engine, authMethod, authData, authCommand }: CheckAsked,
  err: Stream,
  interrupt: AbortSignal,
): Promise<void> {
  if (wait === 0) return;
  const password = await casePassword?.();
  const plan = await withCredentials(makePlan({
    ...{ seed: 0, run: "wait", ...login, ...password !== undefined && { password } },
    ...engine !== undefined && { engine },
    ...authMethod !== undefined && { authMethod },
    ...authData !== undefined && { authData },
    ...authCommand !== undefined && { authCommand },
  }));
  const tell = (text: string) => quiet ? undefined : err.write(`${text}\n`);
  const awaitHooks = { onNotice: ({ text }: Notice) => void tell(text), interrupt };
  const { name } = await chooseEngineFor(target, plan.engine);
  const run = { plan, target, brokerInProcess: false, engine: name };
  const awaited = await awaitBroker(run, wait, awaitHooks, monotonicClock);
  if (!awaited.answered) tell(`No answer${triedText(awaited)}.`);
}

/**
 * The named broker, with its TLS settings.
 *
 * @throws UsageError when a file is unusable, or TLS settings belong to a broker without TLS
 */
async function namedTarget(asked: CheckAsked): Promise<Endpoint | undefined> {
  if (asked.url !== undefined) return await securedEndpoint(withAwsCredentials(asked.url, asked), asked);
  checkTlsFlags(asked, embedded);
  return undefined;
}

/** 3.1.1 does not allow a password without a user name, so the client adds an empty user name. */
function withoutAbsent({ username, password }: { username: string | undefined; password: string | undefined }) {
  if (password === undefined) return username === undefined ? {} : { username };
  return { username: username ?? "", password };
}

/** Between two lines of progress where there is no terminal, in milliseconds. */
const plainEveryMs = 10_000;

/** The progress: a line that changes on a terminal, a line now and then elsewhere. */
export function progressOn(stream: Stream, clock: Pick<Clock, "nowMs">): NonNullable<ConformanceHooks["onCase"]> {
  const beganMs = clock.nowMs();
  let toldMs = beganMs;
  return ({ id, protocol }, done, total) => {
    const columns = stream.moves ? stream.columns() : undefined;
    const nowMs = clock.nowMs();
    const sofar = `${done} of ${total} cases after ${Math.round((nowMs - beganMs) / 1_000)} s`;
    if (columns === undefined) {
      if (done === total || nowMs - toldMs < plainEveryMs) return;
      toldMs = nowMs;
      return stream.write(`${sofar}\n`);
    }
    const line = done === total ? "" : `${sofar}, ${id} in ${protocol}`.slice(0, columns - 1);
    stream.draw(`\r${line.padEnd(columns - 1)}${done === total ? "\r" : ""}`);
  };
}

function list(runs: readonly CaseRun[], { out }: Output): number {
  const columns: Column<CaseRun>[] = [
    { head: "MQTT", align: "left", cell: ({ protocol }) => protocol },
    { head: "case", align: "left", cell: ({ one }) => one.id },
    { head: "rules", align: "left", cell: ({ one, protocol }) => one.rules[protocol]!.join(" ") },
    { head: "what the broker must do", align: "left", cell: ({ one }) => one.title },
  ];
  out.write(`${tableLines(columns, runs).join("\n")}\n`);
  return 0;
}
