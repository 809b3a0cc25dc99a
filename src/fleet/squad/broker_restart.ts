/**
 * Restarts the broker under test, by the command of the user or by the function that started it, and waits until it
 * accepts connections; stops and starts nodes of a cluster by the commands of the user.
 */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell, filledCommand, runShell, shellFault } from "../../base/shell_command.ts";
import { formatMs } from "../../base/units.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { probeConnectNow } from "../preflight/probe_connect.ts";
import { hasOutage, losesNodes, restartsBroker } from "../plan/phases.ts";
import type { FleetPlan, FleetRun, RestartPhase } from "../plan/plan.ts";
import { outageSteps } from "../schedule/outage_steps.ts";
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

/** Checks that the run has the commands that stop and start a node, before any phase depends on them. */
export async function checkNodeCommands(plan: FleetPlan): Promise<void> {
  const { nodeStop, nodeStart } = plan;
  const given = ([["--node-stop", nodeStop], ["--node-start", nodeStart]] as const).find(([, text]) => text);
  if (!losesNodes(plan)) {
    if (given === undefined) return;
    const allowed = "a scenario that stops nodes, such as --scenario node-loss";
    throw new UsageError(`Cannot use ${given[0]} ${JSON.stringify(given[1])}: expected ${allowed}`);
  }
  if (nodeStop === undefined || nodeStart === undefined) {
    const lacking = nodeStop === undefined ? "--node-stop" : "--node-start";
    const act = nodeStop === undefined ? "stop" : "start";
    throw new UsageError(
      `Cannot ${act} nodes: expected ${lacking} with a command that does, such as 'docker ${act} {node}'`,
    );
  }
  for (const [flag, text] of [["--node-stop", nodeStop], ["--node-start", nodeStart]] as const) {
    if (text.includes("{node}")) continue;
    throw new UsageError(`Cannot use ${flag} ${JSON.stringify(text)}: expected {node} in it, to name the node`);
  }
  await checkShell("--node-stop", monotonicClock);
}

/** The restarts of one run, one after the other. */
export class Restarts {
  readonly #run: FleetRun;
  readonly #version: ProtocolVersion;
  readonly #own: RestartBroker | undefined;
  readonly #notify: (notice: Notice) => void;
  readonly #restarted: Restarted[] = [];
  /** The node that is stopped, and since when. */
  #stopped: { readonly node: number; readonly downMs: number; readonly commandMs: number } | undefined;

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

  /**
   * Does action number `step` of the plan, counted from 0. Stops waiting when the caller aborts the run.
   *
   * @returns undefined once a node has stopped
   */
  async act(step: number, over: AbortSignal): Promise<Restarted | undefined> {
    const action = outageSteps(this.#run.plan)[step]!;
    if (action.act === "restart") return await this.#restart(action.phase, over);
    if (action.act === "stop") return await this.#stop(action.node, over);
    return await this.#start(over);
  }

  /** Starts a node that a run has stopped and that ended early; returns at once where there is none. */
  async restore(): Promise<void> {
    if (this.#stopped === undefined) return;
    const how = await this.#start(new AbortController().signal);
    if (how.kind === "failed") this.#notify({ level: "warning", text: how.sentence });
  }

  async #stop(node: number, over: AbortSignal): Promise<Restarted | undefined> {
    const name = this.#nameOf(node);
    this.#notify({ level: "info", text: `Stopping node ${name}.` });
    const downMs = monotonicClock.nowMs();
    // Also a command that fails may have stopped the node.
    this.#stopped = { node, downMs, commandMs: 0 };
    const fault = await this.#command("--node-stop", this.#run.plan.nodeStop!, name, over);
    if (fault !== undefined) return { kind: "failed", sentence: fault };
    this.#stopped = { node, downMs, commandMs: monotonicClock.nowMs() - downMs };
    return undefined;
  }

  async #start(over: AbortSignal): Promise<Restarted> {
    const { node, downMs, commandMs } = this.#stopped!;
    this.#stopped = undefined;
    const name = this.#nameOf(node);
    this.#notify({ level: "info", text: `Starting node ${name}.` });
    const { restartTimeoutMs, nodeStart } = this.#run.plan;
    const untilMs = monotonicClock.nowMs() + restartTimeoutMs;
    const failed = await this.#command("--node-start", nodeStart!, name, over);
    if (failed !== undefined) return { kind: "failed", sentence: failed };
    const target = this.#run.nodes![node]!;
    const fault = await untilItServes({ ...this.#run, target }, this.#version, untilMs, over);
    if (fault !== undefined) {
      const within = `within ${restartTimeoutMs / 1_000} s of its start (--restart-timeout)`;
      return { kind: "failed", sentence: `node ${name} did not accept connections ${within}: ${fault}` };
    }
    const backMs = monotonicClock.nowMs();
    const text = `Node ${name} accepts connections again, ${formatMs(backMs - downMs)} after its stop.`;
    this.#notify({ level: "info", text });
    const how = { kind: "back", node: name, downMs, backMs, commandMs } as const;
    this.#restarted.push(how);
    return how;
  }

  #nameOf(node: number): string {
    return this.#run.plan.nodes![node]!.name;
  }

  async #command(flag: string, command: string, node: string, stop: AbortSignal): Promise<string | undefined> {
    const options = { clock: monotonicClock, limitMs: this.#run.plan.restartTimeoutMs, stop };
    const fault = shellFault(await runShell(filledCommand(command, { node }), flag, options));
    return fault && `${flag} ${JSON.stringify(command)} for node ${node} ${fault}`;
  }

  async #restart(phase: RestartPhase, over: AbortSignal): Promise<Restarted> {
    this.#notify({ level: "info", text: "Restarting the broker." });
    const how = await restartBroker(this.#run, this.#version, phase, this.#own, over);
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
    return hasOutage(this.#run.plan) ? { restarts: this.#restarted, originMs } : {};
  }
}
