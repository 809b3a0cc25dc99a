/**
 * Restarts the broker under test, by the command of the user or by the function that started it, and waits until it
 * accepts connections.
 */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell, runShell, shellFault } from "../../base/shell_command.ts";
import { formatMs } from "../../base/units.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { probeConnectNow } from "../preflight/probe_connect.ts";
import { phasesOf, restartsBroker } from "../plan/phases.ts";
import type { FleetPlan, FleetRun, RestartPhase } from "../plan/plan.ts";
import type { Restarted } from "../result/restart_result.ts";
import type { Notice } from "../result/result.ts";

/** Restarts a broker that the program runs, after so long a downtime; resolves when it has started again. */
export type RestartBroker = (downMs: number) => Promise<void>;
/** Between two looks whether the broker serves again: first, and at most, in milliseconds. */
const firstLookMs = 20;
const longestLookMs = 1_000;

/** @param stop ends the wait: the run is over */
async function restartBroker(
  run: FleetRun,
  version: ProtocolVersion,
  phase: RestartPhase,
  own: RestartBroker | undefined,
  stop: AbortSignal,
): Promise<Restarted> {
  const downMs = monotonicClock.nowMs();
  const { restartCommand, restartTimeoutMs } = run.plan;
  if (restartCommand === undefined) await own!(phase.downMs);
  else {
    const options = { clock: monotonicClock, limitMs: restartTimeoutMs, stop };
    const fault = shellFault(await runShell(restartCommand, "--restart-command", options));
    if (fault !== undefined) {
      return { kind: "failed", sentence: `--restart-command ${JSON.stringify(restartCommand)} ${fault}` };
    }
  }
  const commandMs = monotonicClock.nowMs() - downMs;
  const fault = await untilItServes(run, version, downMs + restartTimeoutMs, stop);
  if (fault !== undefined) {
    const within = `within ${restartTimeoutMs / 1_000} s of its restart (--restart-timeout)`;
    return { kind: "failed", sentence: `the broker did not accept connections ${within}: ${fault}` };
  }
  const backMs = monotonicClock.nowMs();
  return { kind: "back", downMs, backMs, ...restartCommand !== undefined && { commandMs } };
}

/** Retries a CONNECT at growing intervals; returns why the broker refused it until then, or undefined on success. */
async function untilItServes(
  run: FleetRun,
  version: ProtocolVersion,
  untilMs: number,
  stop: AbortSignal,
): Promise<string | undefined> {
  for (let waitMs = firstLookMs;; waitMs = Math.min(2 * waitMs, longestLookMs)) {
    const answer = await probeConnectNow(run, version);
    if (answer.kind === "accepted") return undefined;
    if (stop.aborted || monotonicClock.nowMs() + waitMs > untilMs) return answer.sentence;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Checks that the run has a way to restart the broker, before any phase depends on it. */
export async function checkRestart(
  plan: FleetPlan,
  hooks: { readonly restartBroker?: RestartBroker },
): Promise<void> {
  const { restartCommand } = plan;
  if (restartCommand !== undefined) {
    if (!restartsBroker(plan)) {
      const allowed = "a scenario with a phase that restarts the broker, such as --scenario restart";
      throw new UsageError(`Cannot use --restart-command ${JSON.stringify(restartCommand)}: expected ${allowed}`);
    }
    await checkShell("--restart-command", monotonicClock);
  } else if (restartsBroker(plan) && hooks.restartBroker === undefined) {
    throw new UsageError(
      "Cannot restart the broker: expected a --restart-command that restarts it, such as 'systemctl restart mosquitto'",
    );
  }
}

/** The restarts of one run, one after the other. */
export class Restarts {
  readonly #run: FleetRun;
  readonly #version: ProtocolVersion;
  readonly #own: RestartBroker | undefined;
  readonly #notify: (notice: Notice) => void;
  readonly #restarted: Restarted[] = [];

  constructor(
    run: FleetRun,
    version: ProtocolVersion,
    own: RestartBroker | undefined,
    notify: (notice: Notice) => void,
  ) {
    this.#run = run;
    this.#version = version;
    this.#own = own;
    this.#notify = notify;
  }

  /** Runs restart number `index` (0-based). Stops waiting when the caller aborts the run. */
  async restart(number: number, over: AbortSignal): Promise<Restarted> {
    const phases = phasesOf(this.#run.plan).filter((phase) => phase.kind === "restart");
    this.#notify({ level: "info", text: "Restarting the broker." });
    const how = await restartBroker(this.#run, this.#version, phases[number]!, this.#own, over);
    if (how.kind === "back") {
      this.#notify({
        level: "info",
        text: `The broker accepts connections again after ${formatMs(how.backMs - how.downMs)}.`,
      });
    }
    this.#restarted.push(how);
    return how;
  }

  /** The restarts in a result; none where the plan has none. */
  found(originMs: number): { readonly restarts?: readonly Restarted[]; readonly originMs?: number } {
    return restartsBroker(this.#run.plan) ? { restarts: this.#restarted, originMs } : {};
  }
}
