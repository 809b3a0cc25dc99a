/**
 * A run in several parts under a manual clock, by seed: the coordinator, its parts and some spare processes on a
 * rendezvous that loses, doubles and delays messages, and whose store is unavailable for a while. Processes die, pause,
 * come back and are asked to end. Each process has its own clock.
 */
import { Deadlines } from "../../../src/base/deadlines.ts";
import { mix, Random } from "../../../src/base/random.ts";
import { Coordinator } from "../../../src/parts/coordinator.ts";
import type { CoordinatorHost } from "../../../src/parts/coordinator_host.ts";
import type { RunLimits } from "../../../src/parts/limits.ts";
import type { PartsTask, ToPart } from "../../../src/parts/message.ts";
import { Part, type PartHost } from "../../../src/parts/part.ts";
import { aPlan } from "../../fleet/sample_life.ts";
import { anyNetwork, delaysOf, mildNetwork, type NetworkTrouble } from "./simulated_network.ts";
import { SimulatedProcess } from "./simulated_process.ts";

/** The step of the clock; a longer one once only long waits are left. */
const stepMs = 100;
const longStepMs = 1_000;
const longStepsFromMs = 150_000;
/** All processes have to end within this simulated time. */
export const longestMs = 1_800_000;
const version = "1";
const task: PartsTask = { plan: aPlan({}), url: "mqtt://sim", epochMs: 0, thresholds: [], detail: false };

/** What goes wrong in a run. */
export interface Trouble extends NetworkTrouble {
  /** Processes that start beyond the number of parts. */
  readonly spares: number;
  readonly deaths: number;
  readonly pauses: number;
  readonly longestPauseMs: number;
  /** Processes that get SIGTERM. */
  readonly terms: number;
  readonly outageMs: number;
  readonly coordinatorDies: boolean;
  readonly coordinatorPauseMs: number;
  readonly unfit: boolean;
  /** Void and lost parts that a threshold allows. */
  readonly allowed: number;
  /** Actions on the broker, such as restarts, in the plan; the last one fails. */
  readonly steps: number;
  readonly lastStepFails: boolean;
}

/** No process dies, and nothing takes longer than the limits allow. */
export const mildTrouble = (random: Random): Trouble => ({
  ...mildNetwork(random),
  ...{ spares: random.below(3), deaths: 0, pauses: random.below(3), longestPauseMs: 8_000, terms: 0 },
  ...{ outageMs: random.below(8_000), coordinatorDies: false, coordinatorPauseMs: random.below(5_000), unfit: false },
  ...{ allowed: 0, steps: random.below(3), lastStepFails: false },
});

/** Anything may happen. */
export const anyTrouble = (random: Random): Trouble => ({
  ...anyNetwork(random),
  ...{ spares: random.below(4), deaths: random.below(3), pauses: random.below(4), longestPauseMs: 120_000 },
  ...{ terms: random.below(5) === 0 ? 1 : 0, outageMs: random.below(4) === 0 ? random.below(400_000) : 0 },
  ...{ coordinatorDies: random.below(6) === 0, coordinatorPauseMs: random.below(6) === 0 ? random.below(90_000) : 0 },
  unfit: random.below(20) === 0,
  ...{ allowed: random.below(3), steps: random.below(3), lastStepFails: random.below(10) === 0 },
});

/** A fleet that only takes its time. */
interface SimulatedFleet {
  readonly number: number;
  readyMs: number;
  isReady: boolean;
  killMs: number;
  overMs: number;
  whole: boolean;
  /** The next action on the broker, when the fleet is ready for it, and whether it waits for it. */
  step: number;
  stepMs: number;
  waits: boolean;
}

/** One process of a part. */
class PartProcess extends SimulatedProcess {
  machine: Part | undefined;
  readonly id: string;
  readonly #run: SimulatedRun;
  readonly #random: Random;
  #fleet: SimulatedFleet | undefined;

  constructor(run: SimulatedRun, number: number, random: Random, startMs: number) {
    super(run, random, startMs);
    this.#run = run;
    this.#random = random;
    this.id = `p${number}`;
  }

  begin(): void {
    const who = { id: this.id, host: `node-${this.id}`, pid: 1, version };
    this.machine = new Part(who, this.#host(), this.localMs);
  }

  #host(): PartHost {
    const run = this.#run;
    return {
      send: (message) => run.carry(run.lead, () => run.coordinator?.receive(message, run.leadMs())),
      check: (_, number) => {
        const fault = run.trouble.unfit && number === 1 ? "it has 10 open files" : undefined;
        run.later(this, 100, () => this.machine!.checked(fault, this.localMs));
      },
      run: (_, number) => {
        run.ran.push(`${number}`);
        const readyMs = run.nowMs + 200 + this.#random.below(4_000);
        this.#fleet = {
          ...{ number, readyMs, isReady: false, killMs: Infinity, overMs: Infinity, whole: false },
          ...{ step: 0, stepMs: Infinity, waits: false },
        };
      },
      go: (killMs) => {
        this.#fleet!.killMs = Math.max(run.nowMs, this.worldMs(killMs));
        this.#fleet!.whole = true;
        this.#goOn(this.#fleet!.killMs);
        run.kills.push({
          part: this.#fleet!.number,
          atMs: this.#fleet!.killMs,
          errorMs: this.machine!.offset!.errorMs,
        });
      },
      acted: (done) => {
        const fleet = this.#fleet!;
        if (!fleet.waits) return;
        fleet.waits = false;
        if ("fault" in done || done.step !== fleet.step) return this.#giveUp();
        fleet.step++;
        this.#goOn(run.nowMs);
      },
      interrupt: () => this.#giveUp(),
      save: () =>
        run.store(this, (isStored) => {
          if (isStored) run.reports.set(this.#fleet!.number, this.#fleet!.whole);
          this.machine!.saved(isStored, this.localMs);
        }),
    };
  }

  /** From now on until the next action on the broker, or to the end of the plan. */
  #goOn(fromMs: number): void {
    const [fleet, run] = [this.#fleet!, this.#run];
    if (fleet.step < run.trouble.steps) fleet.stepMs = fromMs + 1_000 + this.#random.below(1_000);
    else fleet.overMs = fromMs + run.durationMs;
  }

  #giveUp(): void {
    const [fleet, { nowMs }] = [this.#fleet!, this.#run];
    if (fleet.overMs <= nowMs) return;
    fleet.whole = fleet.waits = false;
    fleet.stepMs = Infinity;
    fleet.overMs = fleet.readyMs = nowMs + 500;
    fleet.isReady = true;
  }

  /** True while its fleet kills and has not come to this action. */
  isBefore(step: number): boolean {
    const fleet = this.#fleet;
    if (fleet === undefined || !fleet.whole || this.machine?.end !== undefined) return false;
    return fleet.step < step || fleet.step === step && !fleet.waits;
  }

  /** The part that its fleet carries out. */
  get number(): number | undefined {
    return this.#fleet?.number;
  }

  turn(): void {
    const { nowMs } = this.#run;
    if (this.machine === undefined) this.begin();
    this.wake();
    const fleet = this.#fleet;
    if (fleet !== undefined && !fleet.isReady && nowMs >= fleet.readyMs) {
      fleet.isReady = true;
      this.#run.ready.add(fleet.number);
      this.machine!.connected(this.localMs);
    }
    if (fleet !== undefined && nowMs >= fleet.stepMs) {
      fleet.stepMs = Infinity;
      fleet.waits = true;
      this.machine!.atStep(fleet.step, this.localMs);
    }
    if (fleet !== undefined && nowMs >= fleet.overMs) {
      fleet.overMs = Infinity;
      fleet.readyMs = Infinity;
      this.machine!.finished(undefined, this.localMs);
    }
    this.machine!.turn(this.localMs);
  }
}

export class SimulatedRun {
  nowMs = 0;
  readonly durationMs = 5_000;
  readonly trouble: Trouble;
  readonly of: number;
  readonly lead: SimulatedProcess;
  coordinator: Coordinator | undefined;
  readonly processes: PartProcess[];
  /** The part of each fleet that was started. */
  readonly ran: string[] = [];
  readonly ready = new Set<number>();
  readonly kills: { readonly part: number; readonly atMs: number; readonly errorMs: number }[] = [];
  /** The stored reports: whether each is of the whole plan. */
  readonly reports = new Map<number, boolean>();
  readonly found = new Set<number>();
  readonly #random: Random;
  readonly #events = new Deadlines<() => void>();
  readonly #outage: readonly [number, number];
  /** A kill, or an action on the broker, while a part was not ready. */
  early: string | undefined;
  /** The actions on the broker. */
  readonly acts: number[] = [];

  constructor(seed: number, troubleOf: (random: Random) => Trouble) {
    this.#random = new Random(mix(seed, 17));
    const random = this.#random;
    this.trouble = troubleOf(random);
    this.of = 2 + random.below(19);
    const { spares, outageMs, coordinatorPauseMs, coordinatorDies, deaths, pauses, longestPauseMs, terms } =
      this.trouble;
    const outageFromMs = random.below(30_000);
    this.#outage = [outageFromMs, outageFromMs + outageMs];
    this.lead = new SimulatedProcess(this, random, random.below(20_000));
    this.processes = Array.from(
      { length: this.of + spares },
      (_, number) => new PartProcess(this, number, random, random.below(20_000)),
    );
    const any = () => this.processes[random.below(this.processes.length)]!;
    if (coordinatorPauseMs > 0) this.#at(random.below(30_000), () => this.#pause(this.lead, coordinatorPauseMs));
    if (coordinatorDies) this.#at(random.below(40_000), () => this.lead.dead = true);
    for (let each = 0; each < deaths; each++) this.#at(random.below(45_000), () => any().dead = true);
    for (let each = 0; each < pauses; each++) {
      this.#at(random.below(45_000), () => this.#pause(any(), random.below(longestPauseMs)));
    }
    for (let each = 0; each < terms; each++) {
      this.#at(random.below(45_000), () => {
        const process = any();
        process.take(() => process.machine?.askedToEnd(process.localMs));
      });
    }
  }

  leadMs(): number {
    return this.lead.localMs;
  }

  /** Carries a message to a process, or loses it, or doubles it. */
  carry(to: SimulatedProcess, act: () => void): void {
    for (const afterMs of delaysOf(this.trouble, this.#random)) this.#at(this.nowMs + afterMs, () => to.take(act));
  }

  later(process: SimulatedProcess, ms: number, act: () => void): void {
    this.#at(this.nowMs + ms, () => process.take(act));
  }

  /** An operation of the store: it fails while the store is unavailable, after a time-out. */
  store(process: SimulatedProcess, done: (isStored: boolean) => void): void {
    const isUp = this.nowMs < this.#outage[0] || this.nowMs >= this.#outage[1];
    this.later(process, isUp ? 20 : 1_500, () => done(isUp));
  }

  /** Runs until every process has ended. Returns false where one did not end in time. */
  run(limits: RunLimits): boolean {
    while (this.nowMs < longestMs) {
      this.nowMs += this.nowMs < longStepsFromMs ? stepMs : longStepMs;
      this.#deliver();
      if (this.lead.runs) this.#turnLead(limits);
      for (const process of this.processes) {
        if (process.runs && process.machine?.end === undefined) process.turn();
      }
      this.#watchKills();
      if (this.#isOver()) return true;
    }
    return false;
  }

  #turnLead(limits: RunLimits): void {
    this.coordinator ??= new Coordinator(
      {
        ...{ parts: this.of, version, task, limits, steps: this.trouble.steps },
        allows: ({ voids, lost }) => voids + lost <= this.trouble.allowed,
      },
      this.#leadHost(),
      this.leadMs(),
    );
    this.lead.wake();
    if (!this.coordinator.isOver(this.leadMs())) this.coordinator.turn(this.leadMs());
  }

  #leadHost(): CoordinatorHost {
    const toPart = (process: PartProcess, act: (part: Part) => void) =>
      this.carry(process, () => process.machine === undefined ? undefined : act(process.machine));
    return {
      beat: (beat) => {
        for (const each of this.processes) toPart(each, (part) => part.beat(beat, each.localMs));
      },
      answer: (id: string, message: ToPart) => {
        const process = this.processes.find((each) => each.id === id)!;
        toPart(process, (part) => part.receive(message, process.localMs));
      },
      seek: (number) =>
        this.store(this.lead, (isUp) => {
          if (!isUp || !this.reports.has(number)) return;
          this.found.add(number);
          this.coordinator!.found(number, this.leadMs());
        }),
      act: (step) => {
        this.#watchAct(step);
        const fromMs = this.leadMs();
        const fails = this.trouble.lastStepFails && step === this.trouble.steps - 1;
        const done = fails ? { step, fault: "the command failed" } : { step, fromMs, commandMs: 800 };
        this.later(this.lead, 800, () => this.coordinator!.acted(done));
      },
      notice() {},
    };
  }

  /** An action comes once, in its order, and when each fleet that goes on waits for it. */
  #watchAct(step: number): void {
    if (step !== this.acts.length) this.early ??= `action ${step} comes after ${this.acts.length} actions`;
    this.acts.push(step);
    const lost = new Set(this.coordinator!.roster.seats.filter(({ gone }) => gone === "lost").map(({ part }) => part));
    const moving = this.processes.find((each) => !each.dead && !lost.has(each.number ?? 0) && each.isBefore(step));
    if (moving !== undefined) this.early ??= `action ${step} comes while part ${moving.number} is not ready for it`;
  }

  #watchKills(): void {
    const begun = this.kills.find(({ atMs }) => atMs <= this.nowMs);
    if (begun !== undefined && this.ready.size < this.of) {
      this.early ??= `part ${begun.part} kills while ${this.ready.size} of ${this.of} parts are ready`;
    }
  }

  #isOver(): boolean {
    const leadEnds = this.lead.dead || this.coordinator?.isOver(this.leadMs());
    return leadEnds === true && this.processes.every(({ dead, machine }) => dead || machine?.end !== undefined);
  }

  #pause(process: SimulatedProcess, ms: number): void {
    process.pausedUntilMs = this.nowMs + ms;
  }

  #at(atMs: number, act: () => void): void {
    this.#events.add(atMs, act);
  }

  #deliver(): void {
    for (let act = this.#events.takeDue(this.nowMs); act !== undefined; act = this.#events.takeDue(this.nowMs)) act();
  }
}
