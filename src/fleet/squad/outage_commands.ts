/**
 * The commands of the actions of a run on the broker or on nodes of its cluster, carried out in this process: the
 * command of the user, or the function that restarts the embedded broker.
 */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell, filledCommand, runShell, shellFault } from "../../base/shell_command.ts";
import { hasOutage, losesNodes, restartsBroker } from "../plan/phases.ts";
import type { FleetPlan, RestartPhase } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";
import { outageSteps } from "../schedule/outage_steps.ts";

/** Restarts a broker that the program runs, after so long a downtime; resolves when it has started again. */
export type RestartBroker = (downMs: number) => Promise<void>;

/** The command of an action: when it began, by the monotonic clock, and its duration; or why it failed. */
export type Commanded =
  | {
    readonly kind: "done";
    readonly fromMs: number;
    /** Absent where the program restarts its own broker. */
    readonly commandMs?: number;
  }
  | { readonly kind: "failed"; readonly sentence: string };

/** Carries out the actions of a plan on the broker: in this process, or in the one that coordinates the run. */
export interface OutageRunner {
  /** Carries out action number `step` of the plan, counted from 0. @param over ends the wait: the run is over */
  run(step: number, over: AbortSignal): Promise<Commanded>;
  /** Starts a node that is stopped; undefined where none is. */
  restore?(): Promise<{ readonly node: number; readonly done: Commanded } | undefined>;
}

/** How a process restarts the broker, or which runner does it in another process. */
interface OutageHooks {
  readonly restartBroker?: RestartBroker;
  readonly outage?: OutageRunner;
}

/** Checks that the run has a way to restart the broker and to stop nodes, before any phase depends on it. */
export async function checkOutage(plan: FleetPlan, hooks: OutageHooks): Promise<void> {
  if (hooks.outage !== undefined) return;
  if (plan.shard !== undefined && hasOutage(plan)) {
    const what = restartsBroker(plan) ? "restart the broker" : "stop nodes";
    throw new UsageError(
      `Cannot use --shard with phases that ${what}: expected one process, with --workers, or several with --over`,
    );
  }
  await checkRestart(plan, hooks);
  await checkNodeCommands(plan);
}

async function checkRestart(plan: FleetPlan, hooks: OutageHooks): Promise<void> {
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

/** Checks that the run has the commands that stop and start a node. */
async function checkNodeCommands(plan: FleetPlan): Promise<void> {
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

/** The commands in this process. */
export class OutageCommands implements OutageRunner {
  readonly #plan: FleetPlan;
  readonly #own: RestartBroker | undefined;
  readonly #notify: (notice: Notice) => void;
  /** The node that is stopped, by its place in the plan. */
  #stopped: number | undefined;

  constructor(plan: FleetPlan, own: RestartBroker | undefined, notify: (notice: Notice) => void) {
    this.#plan = plan;
    this.#own = own;
    this.#notify = notify;
  }

  async run(step: number, over: AbortSignal): Promise<Commanded> {
    const action = outageSteps(this.#plan)[step]!;
    if (action.act === "restart") return await this.#restart(action.phase, over);
    // Also a command that fails may have stopped the node.
    this.#stopped = action.act === "stop" ? action.node : undefined;
    return await this.#onNode(action.act, action.node, over);
  }

  async restore(): Promise<{ readonly node: number; readonly done: Commanded } | undefined> {
    const node = this.#stopped;
    if (node === undefined) return undefined;
    this.#stopped = undefined;
    return { node, done: await this.#onNode("start", node, new AbortController().signal) };
  }

  async #restart({ downMs }: RestartPhase, over: AbortSignal): Promise<Commanded> {
    this.#notify({ level: "info", text: "Restarting the broker." });
    const { restartCommand } = this.#plan;
    if (restartCommand !== undefined) return await this.#command("--restart-command", restartCommand, {}, "", over);
    const fromMs = monotonicClock.nowMs();
    await this.#own!(downMs);
    return { kind: "done", fromMs };
  }

  async #onNode(act: "stop" | "start", place: number, over: AbortSignal): Promise<Commanded> {
    const { nodes, nodeStop, nodeStart } = this.#plan;
    const node = nodes![place]!.name;
    this.#notify({ level: "info", text: `${act === "stop" ? "Stopping" : "Starting"} node ${node}.` });
    const command = act === "stop" ? nodeStop! : nodeStart!;
    return await this.#command(`--node-${act}`, command, { node }, ` for node ${node}`, over);
  }

  async #command(
    flag: string,
    command: string,
    values: Readonly<Record<string, string>>,
    what: string,
    stop: AbortSignal,
  ): Promise<Commanded> {
    const fromMs = monotonicClock.nowMs();
    const options = { clock: monotonicClock, limitMs: this.#plan.restartTimeoutMs, stop };
    const fault = shellFault(await runShell(filledCommand(command, values), flag, options));
    if (fault !== undefined) return { kind: "failed", sentence: `${flag} ${JSON.stringify(command)}${what} ${fault}` };
    return { kind: "done", fromMs, commandMs: monotonicClock.nowMs() - fromMs };
  }
}
