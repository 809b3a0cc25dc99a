/** Waits for a broker that is still starting: a CONNECT from time to time, until one is answered. */
import type { Clock } from "../../base/clock.ts";
import { formatCount, formatDuration } from "../../base/units.ts";
import type { FleetRun } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";
import { versionsToAsk } from "./negotiate_protocol.ts";
import { type ProbeAnswer, probeConnectNow } from "./probe_connect.ts";

/** How the wait went. */
export interface Awaited {
  readonly answered: boolean;
  readonly attempts: number;
  readonly waitedMs: number;
}

/** What the wait needs of its caller. */
export interface AwaitHooks {
  /** A line for people, once. */
  onNotice(notice: Notice): void;
  /** How long it has waited, a few times a second. */
  onWait?(waitedMs: number): void;
  /** Ends the wait. */
  readonly interrupt?: AbortSignal | undefined;
}

/** Time and the network; a test replaces both. */
export interface AwaitDeps {
  readonly clock: Pick<Clock, "nowMs">;
  ask(): Promise<ProbeAnswer>;
  sleep(ms: number): Promise<void>;
}

/** Between two reports of the time that has passed, in milliseconds. */
const tellEveryMs = 200;
/** Between two attempts, in milliseconds. */
const retryEveryMs = 500;

/** Waits up to `waitMs` for an answer. */
export async function awaitBroker(run: FleetRun, waitMs: number, hooks: AwaitHooks, clock: Clock): Promise<Awaited> {
  const [version = 5] = versionsToAsk(run.plan);
  const ask = () => probeConnectNow(run, version);
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  return await awaitAnswer(run.target.url, waitMs, hooks, { clock, ask, sleep });
}

/** The same over any network. */
export async function awaitAnswer(
  url: string,
  waitMs: number,
  { onNotice, onWait, interrupt }: AwaitHooks,
  { clock, ask, sleep }: AwaitDeps,
): Promise<Awaited> {
  const startMs = clock.nowMs();
  const waitedMs = () => clock.nowMs() - startMs;
  for (let attempts = 1;; attempts++) {
    const answer = await ask();
    if (!isStarting(answer)) {
      if (attempts > 1) onNotice({ level: "info", text: `${url} answers after ${seconds(waitedMs())}.` });
      return { answered: true, attempts, waitedMs: waitedMs() };
    }
    if (attempts === 1) {
      onNotice({ level: "info", text: `Waiting up to ${formatDuration(waitMs)} for ${url}: ${answer.sentence}.` });
    }
    const nextMs = Math.min(waitedMs() + retryEveryMs, waitMs);
    while (waitedMs() < nextMs && interrupt?.aborted !== true) {
      onWait?.(waitedMs());
      await sleep(Math.min(tellEveryMs, nextMs - waitedMs()));
    }
    if (waitedMs() >= waitMs || interrupt?.aborted === true) return { answered: false, attempts, waitedMs: waitedMs() };
  }
}

/** No answer of MQTT, or a refusal that passes: a broker that is still starting answers so. */
function isStarting(
  answer: ProbeAnswer,
): answer is Extract<ProbeAnswer, { readonly kind: "unreachable" | "closed" | "refused" }> {
  return answer.kind === "unreachable" || answer.kind === "closed" || (answer.kind === "refused" && answer.passing);
}

/** What a wait without an answer tried, after the reason of a void run. */
export function triedText({ attempts, waitedMs }: Awaited): string {
  const times = attempts === 1 ? "1 attempt" : `${formatCount(attempts)} attempts`;
  return `; --wait made ${times} in ${seconds(waitedMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
