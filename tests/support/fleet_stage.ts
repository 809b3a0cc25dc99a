/**
 * A squad and a scripted broker on memory links: the clock stops until all work of an instant is done, then advances to
 * the next deadline. The result is the same in each run. The stage records each run, and judges its recording again.
 */
import { textOfBytes } from "../../src/base/bytes.ts";
import { wrongLogin } from "../../src/fleet/client/refused_login.ts";
import type { ConnectPacket } from "../../src/mqtt/packet.ts";
import { memoryCable } from "./memory_cable.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import type { FleetWorld, Wakeable } from "../../src/fleet/client/fleet_world.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { mergeResults } from "../../src/fleet/merge/merge.ts";
import type { FleetPlan, PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { tasksOf } from "../../src/fleet/run_fleet.ts";
import { Squad } from "../../src/fleet/squad/squad.ts";
import type { StartInstants } from "../../src/fleet/plan/start_at.ts";
import type { WillCounts } from "../../src/fleet/result/will_counts.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import type { DialReceiver, Link } from "../../src/net/link.ts";
import { memoryLinkPair } from "../../src/net/memory_link.ts";
import { Recording } from "./recording.ts";
import { type HeldWill, type Script, ScriptedBroker } from "./brokers/scripted_broker.ts";

/** The options of a stage. */
export interface StageOptions extends Partial<PlanRequest> {
  readonly protocolSpoken?: "3.1.1" | "5" | "mix";
  readonly script?: Script;
  readonly startMs?: StartInstants;
  /** True for a dial that fails. */
  readonly refuse?: (dialled: number) => boolean;
  /** How long the system call of a reset takes. */
  readonly resetTakesMs?: number;
  /** How long bytes have been at the fleet's sockets when it reads them, by their stamps; undefined without stamps. */
  readonly unreadMs?: number;
  readonly recording?: Recording;
  /** The longest time between two turns: events between two turns count as events of the first. */
  readonly longestStepMs?: number;
  /** True where the progress has the counts for metrics. */
  readonly detail?: boolean;
  /** What the command of a kick does; by default the broker closes at once. */
  readonly kick?: (clientId: string, broker: ScriptedBroker) => void;
}

const startedAt = "2026-01-01T00:00:00.000Z";

/** The simulated time within which each run must end, in milliseconds. */
const longestMs = 600_000;

export class FleetStage {
  readonly clock = new ManualClock();
  readonly plan: FleetPlan;
  readonly broker: ScriptedBroker;
  readonly squad: Squad;
  readonly #world: FleetWorld;
  readonly #tasks: (() => void)[] = [];
  readonly #refuse: (dialled: number) => boolean;
  readonly #protocol: "3.1.1" | "5" | "mix";
  readonly #recording: Recording;
  readonly #resetTakesMs: number;
  readonly #unreadMs: number | undefined;
  readonly #longestStepMs: number;
  #dialled = 0;
  /** The turns of the squad so far, and those in which a timer of a client was due. */
  turns = 0;
  timerTurns = 0;

  constructor(options: StageOptions = {}) {
    const {
      protocolSpoken = "5",
      script = {},
      refuse = () => false,
      recording = new Recording(),
      resetTakesMs = 0,
      unreadMs,
      startMs,
      longestStepMs = 10,
      detail = false,
      kick = (clientId, broker) => broker.online(clientId)?.close("gone", false),
      ...request
    } = options;
    this.#recording = recording;
    this.#refuse = refuse;
    this.#resetTakesMs = resetTakesMs;
    this.#unreadMs = unreadMs;
    this.#longestStepMs = longestStepMs;
    this.#protocol = protocolSpoken;
    this.plan = makePlan({
      seed: 1,
      run: "stage",
      clients: stageClients,
      watchers: 1,
      keepAliveS: 4,
      kickCommand: "{client}",
      ...request,
    });
    this.broker = new ScriptedBroker(this.clock, { ...script, connack: (connect) => connackOf(connect, script) });
    this.#world = {
      clock: this.clock,
      wakes: new Deadlines<Wakeable>(),
      canReset: true,
      dial: (receiver) => this.#dial(receiver),
      cable: memoryCable,
      kick: ({ clientId }) => kick(clientId, this.broker),
    };
    const run = { plan: this.plan, target: parseEndpoint("mqtt://stage:1883"), brokerInProcess: false };
    recording.begin(this.plan, this.#protocol);
    const task = { ...tasksOf(run, this.#protocol)[0]!, detail, ...startMs && { startMs } };
    this.squad = new Squad(task, this.#world, recording.noteOf(0));
    this.squad.start(this.nowMs);
    this.squad.go();
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Runs until the condition is true, or the squad is done. */
  runUntil(condition: () => boolean): this {
    while (!this.squad.done && !condition()) this.#step();
    return this;
  }

  /** Runs for this time, or until the squad is done. */
  runFor(ms: number): this {
    const untilMs = this.nowMs + ms;
    while (!this.squad.done && this.#nextMs <= untilMs) this.#step();
    this.clock.advance(Math.max(0, untilMs - this.nowMs));
    return this;
  }

  /** Runs to the end. */
  finish(): FleetResult {
    this.runUntil(() => false);
    const facts = { plan: this.plan, target: "stage", protocol: this.#protocol, startedAt, durationMs: this.nowMs };
    const found = { ...facts, warnings: [], resources: { cpuMs: 0, rssBytes: 0 } };
    const result = this.squad.result();
    const merged = mergeResults(found, [result]);
    this.#recording.end(found, [result]);
    this.#recording.mustReplay(merged);
    return merged;
  }

  get #nextMs(): number {
    const { squad, broker, nowMs } = this;
    const wanted = Math.min(squad.nextMs(nowMs), this.#world.wakes.nextMs, broker.nextMs, nowMs + this.#longestStepMs);
    return Math.max(nowMs, wanted);
  }

  #step(): void {
    this.clock.advance(this.#nextMs - this.nowMs);
    if (this.nowMs > longestMs) throw new Error(`still in phase ${this.squad.phase} after ${longestMs / 1_000} s`);
    this.broker.turn(this.nowMs);
    this.#settle();
    this.turns++;
    if (this.#world.wakes.nextMs <= this.nowMs) this.timerTurns++;
    this.squad.turn(this.nowMs);
    this.#settle();
  }

  #settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }

  /** Its resets take time on the clock. */
  #slowReset(link: Link): void {
    const reset = link.reset.bind(link);
    link.reset = () => {
      if (link.open) this.clock.advance(this.#resetTakesMs);
      reset();
    };
  }

  /** Its bytes have stamps of the kernel. */
  #stamp(link: Link, unreadMs: number): void {
    Object.defineProperty(link, "arrivedMs", { get: () => this.nowMs - unreadMs });
  }

  #dial(receiver: DialReceiver): Link {
    const [near, far] = memoryLinkPair((task) => this.#tasks.push(task));
    near.receiver = receiver;
    if (this.#resetTakesMs > 0) this.#slowReset(near);
    if (this.#unreadMs !== undefined) this.#stamp(near, this.#unreadMs);
    if (this.#refuse(this.#dialled++)) {
      const refused = { kind: "error", code: "ECONNREFUSED", message: "connection refused" } as const;
      this.#tasks.push(() => near.open && receiver.onEnd(refused));
      return near;
    }
    this.broker.accept(far);
    this.#tasks.push(() => near.open && receiver.onOpen());
    return near;
  }
}

/** The counts of faults only. */
export function faultsOf({ wills }: FleetResult): Partial<WillCounts> {
  const { missing, late, early, altered, duplicate, unwanted } = wills;
  const all = Object.entries({ missing, late, early, altered, duplicate, unwanted });
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

/** Default number of clients of a stage. */
export const stageClients = 20;

/** Picks one in N wills of the fleet, and counts them; ignores canaries. */
export class EveryNth {
  picked = 0;
  #asked = 0;

  constructor(readonly nth: number, readonly limit = Infinity) {}

  pick({ clientId }: HeldWill): boolean {
    if (Number(clientId.split("-").at(-1)) >= stageClients || this.picked >= this.limit) return false;
    if (++this.#asked % this.nth !== 0) return false;
    this.picked++;
    return true;
  }
}

/** The script's answer; a wrong password is refused by default. */
function connackOf(connect: ConnectPacket, script: Script): number | undefined {
  if (script.connack !== undefined) return script.connack(connect);
  const { password, protocolVersion } = connect;
  if (password === undefined || textOfBytes(password) !== wrongLogin.password) return 0;
  return protocolVersion === 5 ? 0x86 : 4;
}
