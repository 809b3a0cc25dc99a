/**
 * A fleet and the test broker that makes open choices, on links in memory under a clock that advances to the next
 * instant with due work: the preflight, then the run. A referee reads each link; the test records each run and judges
 * its recording again.
 */
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { UsageError } from "../../../src/base/failure.ts";
import type { FleetWorld, Wakeable } from "../../../src/fleet/client/fleet_world.ts";
import { probeConnectIn, type ProbeWorld } from "../../../src/fleet/preflight/probe_connect.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { mergeResults } from "../../../src/fleet/merge/merge.ts";
import { phasesOf, restartsBroker } from "../../../src/fleet/plan/phases.ts";
import type { FleetPlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { Preflight } from "../../../src/fleet/preflight/preflight.ts";
import type { Restarted } from "../../../src/fleet/result/restart_result.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { tasksOf } from "../../../src/fleet/run_fleet.ts";
import { negotiateVersions } from "../../../src/fleet/preflight/negotiate_versions.ts";
import { Squad } from "../../../src/fleet/squad/squad.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import type { DialReceiver, Link } from "../../../src/net/link.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";
import { Recording } from "../recording.ts";
import { OpenBroker, type OpenFaults } from "./open_broker.ts";
import { Choices, type OpenChoice } from "./open_choices.ts";
import { Referee } from "./referee.ts";

/** The options of a fleet on the test broker. */
export interface OpenFleet {
  readonly seed: number;
  readonly plan: Partial<PlanRequest>;
  readonly without?: readonly OpenChoice[];
  readonly only?: readonly OpenChoice[];
  readonly faults?: OpenFaults;
  /** Receives each packet, for a trace. */
  readonly trace?: (line: string) => void;
}

/** The outcome: a result, or the reason why the fleet did not run. */
export type OpenFound =
  | { readonly kind: "run"; readonly result: FleetResult; readonly choices: Choices }
  | { readonly kind: "void" | "refused"; readonly reason: string; readonly choices: Choices };

const startedAt = "2026-01-01T00:00:00.000Z";
/** The longest time between two turns, in milliseconds. */
const longestStepMs = 10;
/** The simulated time within which each run must end, in milliseconds. */
const longestMs = 7_200_000;

const target = parseEndpoint("mqtt://open:1883");

/** Runs a fleet on the broker of a seed. */
export async function openFleet(asked: OpenFleet): Promise<OpenFound> {
  const stage = new OpenStage(asked);
  const { choices } = stage;
  const flight = await stage.preflight();
  if (flight.kind === "ready") return { kind: "run", result: stage.run(flight), choices };
  return { kind: flight.kind, reason: flight.reason, choices };
}

class OpenStage {
  readonly choices: Choices;
  readonly #clock = new ManualClock();
  readonly #tasks: (() => void)[] = [];
  readonly #plan: FleetPlan;
  readonly #broker: OpenBroker;
  readonly #referee: Referee;
  readonly #recording = new Recording();
  readonly #trace: ((line: string) => void) | undefined;
  #links = 0;

  constructor({ seed, plan, without, only, faults, trace }: OpenFleet) {
    this.choices = new Choices(seed, without, only);
    this.#plan = makePlan({ seed, run: "open", ...plan });
    this.#broker = new OpenBroker(this.#clock, this.choices, {}, faults);
    this.#referee = new Referee(() => this.#clock.nowMs(), trace);
    this.#trace = trace;
  }

  get #nowMs(): number {
    return this.#clock.nowMs();
  }

  #dial(receiver: DialReceiver): Link {
    const [near, far] = memoryLinkPair((task) => this.#tasks.push(task));
    near.receiver = receiver;
    if (this.#broker.isDown) {
      const refused = { kind: "error", code: "ECONNREFUSED", message: "connection refused" } as const;
      this.#tasks.push(() => near.open && receiver.onEnd(refused));
      return near;
    }
    this.#broker.accept(this.#referee.watch(far, `link ${++this.#links}`));
    this.#tasks.push(() => near.open && receiver.onOpen());
    return near;
  }

  #world(): FleetWorld {
    return {
      clock: this.#clock,
      wakes: new Deadlines<Wakeable>(),
      canReset: true,
      dial: (receiver) => this.#dial(receiver),
    };
  }

  #settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }

  #advanceTo(ms: number): void {
    this.#clock.advance(Math.max(0, Math.min(ms, this.#nowMs + longestStepMs, this.#broker.nextMs) - this.#nowMs));
    this.#broker.turn(this.#nowMs);
    this.#settle();
  }

  /** The preflight of a fleet. */
  async preflight(): Promise<Preflight | { readonly kind: "refused"; readonly reason: string }> {
    const world: ProbeWorld = {
      ...this.#world(),
      after: (ms, act) => {
        let isOff = false;
        this.#broker.after(ms, () => void (isOff || act()));
        return () => void (isOff = true);
      },
    };
    let done = false;
    const run = { plan: this.#plan, target, brokerInProcess: false };
    const settled = negotiateVersions(run, () => {}, (version) => probeConnectIn(world, this.#plan, version))
      .catch((error) => {
        if (!(error instanceof UsageError)) throw error;
        return { kind: "refused" as const, reason: error.message };
      }).finally(() => done = true);
    settled.catch(() => {}); // awaited below
    while (!done) {
      this.#advanceTo(Infinity);
      // deno-lint-ignore no-await-in-loop
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return await settled;
  }

  /** Runs the fleet. */
  run({ plan, protocol }: Extract<Preflight, { kind: "ready" }>): FleetResult {
    const run = { plan, target, brokerInProcess: false };
    this.#recording.begin(plan, protocol);
    const squads = tasksOf(run, protocol).map((task) => {
      const world = this.#world();
      return { world, squad: new Squad(task, world, this.#noteOf(task.number)) };
    });
    for (const { squad } of squads) squad.start(this.#nowMs);
    const restarts = new OpenRestarts(plan, this.#broker);
    while (!squads.every(({ squad }) => squad.done)) this.#turn(squads, restarts);
    const found = {
      ...{ plan, target: "sim", protocol, startedAt, durationMs: this.#nowMs, warnings: [] },
      ...restartsBroker(plan) && { restarts: restarts.done },
      resources: { cpuMs: 0, rssBytes: 0 },
    };
    const results = squads.map(({ squad }) => squad.result());
    const merged = mergeResults(found, results);
    this.#recording.end(found, results);
    this.#recording.mustReplay(merged);
    return merged;
  }

  #noteOf(squad: number) {
    const note = this.#recording.noteOf(squad);
    const trace = this.#trace;
    if (trace === undefined) return note;
    return ((...event: Parameters<typeof note>) => {
      trace(`${this.#nowMs} fleet ${JSON.stringify(event).slice(0, 240)}`);
      note(...event);
    }) as typeof note;
  }

  #turn(squads: readonly { readonly squad: Squad; readonly world: FleetWorld }[], restarts: OpenRestarts): void {
    const nowMs = this.#nowMs;
    const nextMs = Math.min(
      ...squads.filter(({ squad }) => !squad.done)
        .map(({ squad, world }) => Math.min(squad.nextMs(nowMs), world.wakes.nextMs)),
    );
    this.#advanceTo(Math.max(nowMs + 1, nextMs));
    if (this.#nowMs > longestMs) throw new Error(`still in phase ${squads[0]!.squad.phase} after two hours`);
    for (const { squad } of squads) if (!squad.done) squad.turn(this.#nowMs);
    this.#settle();
    const all = squads.map(({ squad }) => squad);
    if (all.every(({ ready }) => ready)) { for (const squad of all) squad.go(); }
    restarts.turn(all, this.#nowMs, (restarted) => this.#recording.restarted(restarted));
  }
}

/** Restarts the broker where the plan requires it. */
class OpenRestarts {
  readonly done: Extract<Restarted, { kind: "back" }>[] = [];
  readonly #broker: OpenBroker;
  readonly #downMs: readonly number[];

  constructor(plan: FleetPlan, broker: OpenBroker) {
    this.#broker = broker;
    this.#downMs = phasesOf(plan).flatMap((phase) => phase.kind === "restart" ? [phase.downMs] : []);
  }

  turn(squads: readonly Squad[], nowMs: number, tell: (restarted: Restarted) => void): void {
    const [at] = squads.map(({ atStep }) => atStep);
    if (at === undefined || !squads.every(({ atStep }) => atStep === at)) return;
    if (this.done.length === at) {
      this.#broker.kill();
      this.done.push({ kind: "back", downMs: nowMs, backMs: nowMs + this.#downMs[at]! });
    } else if (nowMs >= this.done[at]!.backMs) {
      this.#broker.begin();
      tell(this.done[at]!);
      for (const squad of squads) squad.stepDone(nowMs);
    }
  }
}
