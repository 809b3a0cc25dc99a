/**
 * The restarts of the broker under test, and the stops and starts of nodes of a cluster: the command of each, and the
 * wait until the broker or the node accepts connections again.
 */
import { monotonicClock } from "../../base/clock.ts";
import { formatMs } from "../../base/units.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import { hasOutage } from "../plan/phases.ts";
import type { FleetRun } from "../plan/plan.ts";
import { probeConnectNow } from "../preflight/probe_connect.ts";
import type { Restarted } from "../result/restart_result.ts";
import type { Notice } from "../result/result.ts";
import { outageSteps } from "../schedule/outage_steps.ts";
import type { Commanded, OutageRunner } from "./outage_commands.ts";

/** Between two looks whether the broker serves again: first, and at most, in milliseconds. */
const firstLookMs = 20;
const longestLookMs = 1_000;

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

/** The restarts of one run, one after the other. */
export class Restarts {
  readonly #run: FleetRun;
  readonly #version: ProtocolVersion;
  readonly #runner: OutageRunner;
  readonly #notify: (notice: Notice) => void;
  readonly #restarted: Restarted[] = [];
  /** The stop of the node that is stopped. */
  #stop: Extract<Commanded, { kind: "done" }> | undefined;

  constructor(run: FleetRun, version: ProtocolVersion, runner: OutageRunner, notify: (notice: Notice) => void) {
    this.#run = run;
    this.#version = version;
    this.#runner = runner;
    this.#notify = notify;
  }

  /**
   * Does action number `step` of the plan, counted from 0. Stops waiting when the caller aborts the run.
   *
   * @returns undefined once a node has stopped
   */
  async act(step: number, over: AbortSignal): Promise<Restarted | undefined> {
    const action = outageSteps(this.#run.plan)[step]!;
    const done = await this.#runner.run(step, over);
    if (done.kind === "failed") return done;
    if (action.act === "start") return await this.#nodeReturns(action.node, done, over);
    if (action.act === "restart") return await this.#brokerReturns(done, over);
    this.#stop = done;
    return undefined;
  }

  /** Starts a node that a run has stopped and that ended early; returns at once where there is none. */
  async restore(): Promise<void> {
    const started = await this.#runner.restore?.();
    if (started === undefined) return;
    const { node, done } = started;
    const how = done.kind === "failed" ? done : await this.#nodeReturns(node, done, new AbortController().signal);
    if (how.kind === "failed") this.#notify({ level: "warning", text: how.sentence });
  }

  async #nodeReturns(
    node: number,
    started: Extract<Commanded, { kind: "done" }>,
    over: AbortSignal,
  ): Promise<Restarted> {
    const { fromMs: downMs, commandMs } = this.#stop ?? started;
    this.#stop = undefined;
    const { name } = this.#run.plan.nodes![node]!;
    const fault = await this.#untilItServes(this.#run.nodes![node]!, started.fromMs, over);
    if (fault !== undefined) {
      return { kind: "failed", sentence: `node ${name} did not accept connections ${this.#within("start")}: ${fault}` };
    }
    const backMs = monotonicClock.nowMs();
    const text = `Node ${name} accepts connections again, ${formatMs(backMs - downMs)} after its stop.`;
    this.#notify({ level: "info", text });
    const how = { kind: "back", node: name, downMs, backMs, ...commandMs !== undefined && { commandMs } } as const;
    this.#restarted.push(how);
    return how;
  }

  async #brokerReturns(
    { fromMs: downMs, commandMs }: Extract<Commanded, { kind: "done" }>,
    over: AbortSignal,
  ): Promise<Restarted> {
    const fault = await this.#untilItServes(this.#run.target, downMs, over);
    if (fault !== undefined) {
      return { kind: "failed", sentence: `the broker did not accept connections ${this.#within("restart")}: ${fault}` };
    }
    const backMs = monotonicClock.nowMs();
    this.#notify({
      level: "info",
      text: `The broker accepts connections again after ${formatMs(backMs - downMs)}.`,
    });
    const how = { kind: "back", downMs, backMs, ...commandMs !== undefined && { commandMs } } as const;
    this.#restarted.push(how);
    return how;
  }

  async #untilItServes(target: FleetRun["target"], fromMs: number, over: AbortSignal): Promise<string | undefined> {
    const untilMs = fromMs + this.#run.plan.restartTimeoutMs;
    return await untilItServes({ ...this.#run, target }, this.#version, untilMs, over);
  }

  #within(what: string): string {
    return `within ${this.#run.plan.restartTimeoutMs / 1_000} s of its ${what} (--restart-timeout)`;
  }

  /** The restarts in a result; none where the plan has none. */
  found(originMs: number): { readonly restarts?: readonly Restarted[]; readonly originMs?: number } {
    return hasOutage(this.#run.plan) ? { restarts: this.#restarted, originMs } : {};
  }
}
