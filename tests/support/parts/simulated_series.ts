/**
 * Runs that follow one another on the same parts, under a manual clock, by seed: a search whose coordinator may be lost
 * and replaced by one of another name, parts of that search, and parts that stay for any run. Messages are lost, doubled
 * and late; processes die, pause and are asked to end. Each process has its own clock.
 */
import { Deadlines } from "../../../src/base/deadlines.ts";
import { mix, Random } from "../../../src/base/random.ts";
import { followingRun, NextRun } from "../../../src/cli/parts/next_run.ts";
import { Coordinator } from "../../../src/parts/coordinator.ts";
import { Dismissal } from "../../../src/parts/dismissal.ts";
import type { RunLimits } from "../../../src/parts/limits.ts";
import type { Beat, PartsTask, ToCoordinator, ToPart } from "../../../src/parts/message.ts";
import { Part, type PartHost } from "../../../src/parts/part.ts";
import { aPlan } from "../../fleet/sample_life.ts";
import { anyNetwork, delaysOf, mildNetwork, type NetworkTrouble } from "./simulated_network.ts";
import { SimulatedProcess } from "./simulated_process.ts";

const stepMs = 200;
/** All processes have to be free or to have ended within this simulated time. */
const longestMs = 4_000_000;
const version = "1";

/** What goes wrong in a series. */
export interface SeriesTrouble extends NetworkTrouble {
  readonly deaths: number;
  readonly terms: number;
  readonly pauses: number;
  readonly longestPauseMs: number;
  /** Times in which a part is cut off from the rendezvous: it misses beats, such as those of the end of a run. */
  readonly cuts: number;
  readonly longestCutMs: number;
  /** The coordinator dies, and one of another name begins. */
  readonly replaced: boolean;
}

/** No process dies, and nothing takes longer than the limits allow. */
export const mildSeries = (random: Random): SeriesTrouble => ({
  ...mildNetwork(random),
  ...{ deaths: 0, terms: 0, pauses: random.below(3), longestPauseMs: 8_000, replaced: false },
  ...{ cuts: random.below(4), longestCutMs: 8_000 },
});

/** Anything may happen. */
export const anySeries = (random: Random): SeriesTrouble => ({
  ...anyNetwork(random),
  ...{ deaths: random.below(4) === 0 ? 1 : 0, terms: random.below(5) === 0 ? 1 : 0, pauses: random.below(3) },
  ...{ longestPauseMs: 120_000, replaced: random.below(2) === 0 },
  ...{ cuts: random.below(3), longestCutMs: 100_000 },
});

/** A process of a series. */
abstract class Process extends SimulatedProcess {
  readonly series: SimulatedSeries;

  constructor(series: SimulatedSeries, startMs: number) {
    super(series, series.random, startMs);
    this.series = series;
  }

  turn(): void {
    this.wake();
    this.act();
  }

  abstract act(): void;
}

/** A fleet that only takes its time. */
interface SimulatedFleet {
  readonly run: string;
  readonly number: number;
  readyMs: number;
  overMs: number;
  whole: boolean;
}

/** A process of `mqtt-sim part`, with or without `--stay`. */
export class SeriesPart extends Process {
  readonly name: string;
  readonly #stays: NextRun | undefined;
  /** The run that it is in or waits for. */
  run: string | undefined;
  exitCode: number | undefined;
  /** The runs that its fleets were started for. */
  readonly ran: string[] = [];
  #machine: Part | undefined;
  #id = "";
  #fleet: SimulatedFleet | undefined;
  #joined = 0;
  cutUntilMs = 0;

  constructor(series: SimulatedSeries, number: number, stays: boolean, startMs: number) {
    super(series, startMs);
    this.name = `p${number}`;
    this.#stays = stays ? new NextRun("*") : undefined;
    this.run = stays ? undefined : "s";
  }

  get isFree(): boolean {
    return this.dead || this.exitCode !== undefined || this.run === undefined;
  }

  get state(): string {
    return `${this.name} ${this.run} ${this.#machine?.state}`;
  }

  hear(run: string, beat: Beat): void {
    this.#stays?.beat(beat);
    if (this.run === run) this.#machine?.beat(beat, this.localMs);
  }

  receive(id: string, message: ToPart): void {
    if (id === this.#id) this.#machine?.receive(message, this.localMs);
  }

  askedToEnd(): void {
    if (this.#machine === undefined) this.exitCode = 0;
    else this.#machine.askedToEnd(this.localMs);
  }

  act(): void {
    if (this.exitCode !== undefined) return;
    this.run ??= this.#stays?.take();
    if (this.run === undefined) return;
    if (this.#machine === undefined) this.#begin(this.run);
    const [fleet, machine, { nowMs }] = [this.#fleet, this.#machine!, this.series];
    if (fleet !== undefined && nowMs >= fleet.readyMs) {
      fleet.readyMs = Infinity;
      machine.connected(this.localMs);
    }
    if (fleet !== undefined && nowMs >= fleet.overMs) {
      fleet.overMs = Infinity;
      machine.finished(undefined, this.localMs);
    }
    machine.turn(this.localMs);
    if (machine.end !== undefined) this.#ends(machine);
  }

  #ends({ end, seat }: Part): void {
    this.#machine = this.#fleet = undefined;
    this.run = followingRun(end!, seat?.task.next);
    const isLast = this.run === undefined && (this.#stays === undefined || end!.exitCode === 130);
    if (isLast) this.exitCode = end!.exitCode;
  }

  #begin(run: string): void {
    this.#id = `${this.name}.${++this.#joined}`;
    this.#machine = new Part({ id: this.#id, host: this.name, pid: 1, version }, this.#host(run), this.localMs);
  }

  #host(run: string): PartHost {
    const { series } = this;
    const own = (act: (machine: Part) => void) => {
      const machine = this.#machine;
      return () => machine !== undefined && machine === this.#machine ? act(machine) : undefined;
    };
    return {
      send: (message) => series.toLead(run, message, this),
      check: () => series.later(this, 100, own((machine) => machine.checked(undefined, this.localMs))),
      run: (_, number) => {
        this.ran.push(run);
        series.started.push(`${run} ${number}`);
        const readyMs = series.nowMs + 200 + series.random.below(2_000);
        this.#fleet = { run, number, readyMs, overMs: Infinity, whole: false };
      },
      go: (killMs) => {
        this.#fleet!.whole = true;
        this.#fleet!.overMs = Math.max(series.nowMs, this.worldMs(killMs)) + 3_000;
      },
      acted: () => {},
      interrupt: () => {
        const fleet = this.#fleet!;
        fleet.whole = false;
        fleet.readyMs = Infinity;
        fleet.overMs = series.nowMs + 500;
      },
      save: () => {
        const { number, whole } = this.#fleet!;
        series.later(
          this,
          20,
          own((machine) => {
            series.reports.set(`${run} ${number}`, whole);
            machine.saved(true, this.localMs);
          }),
        );
      },
    };
  }
}

/** The verdict of a run. */
interface SeriesVerdict {
  readonly run: string;
  readonly why: string | undefined;
  /** The report of a part that was interrupted is void, and so is the run. */
  readonly passes: boolean;
  readonly coordinator: Coordinator;
}

/** A run of a coordinator, or the one that never comes. */
interface LeadRun {
  readonly run: string;
  readonly machine: Coordinator | Dismissal;
}

/** A coordinator of a search: one run after the other, then the dismissal. */
class Lead extends Process {
  readonly #name: string;
  readonly #runs: number;
  #begun = 0;
  #nextMs = 0;
  #current: LeadRun | undefined;
  /** The reports that it has: whether each is of the whole plan. */
  #found: boolean[] = [];
  over = false;

  constructor(series: SimulatedSeries, name: string, runs: number, startMs: number) {
    super(series, startMs);
    this.#name = name;
    this.#runs = runs;
  }

  receive(run: string, message: ToCoordinator): void {
    if (this.#current?.run === run) this.#current.machine.receive(message, this.localMs);
  }

  act(): void {
    const { series } = this;
    if (this.over || series.nowMs < this.#nextMs) return;
    this.#current ??= this.#next();
    const { run, machine } = this.#current;
    machine.turn(this.localMs);
    if (!machine.isOver(this.localMs)) return;
    this.#current = undefined;
    if (machine instanceof Dismissal) this.over = true;
    else {
      const { end: { why } } = machine;
      const passes = why === undefined && !this.#found.includes(false);
      series.verdicts.push({ run, why, passes, coordinator: machine });
      this.#found = [];
      this.#nextMs = series.nowMs + series.random.below(5_000);
    }
  }

  #next(): LeadRun {
    const nameOf = (step: number) => step === 0 ? this.#name : `${this.#name}.${step + 1}`;
    const [run, next] = [nameOf(this.#begun), nameOf(this.#begun + 1)];
    const { series } = this;
    const host = {
      beat: (beat: Beat) => series.toParts((part) => part.hear(run, { run, ...beat })),
      answer: (id: string, message: ToPart) =>
        series.toParts((part) => part.receive(id, message), id.slice(0, id.indexOf("."))),
    };
    if (this.#begun++ === this.#runs) {
      const dismissed = { ...host, beat: (beat: Beat) => series.toParts((part) => part.hear(run, beat)) };
      return { run, machine: new Dismissal("the search is over", series.of, dismissed, this.localMs) };
    }
    const task: PartsTask = { plan: aPlan({}), url: "mqtt://sim", epochMs: 0, thresholds: [], detail: false, next };
    const machine: Coordinator = new Coordinator(
      { parts: series.of, version, task, limits: series.limits, steps: 0 },
      {
        ...host,
        seek: (part) =>
          series.later(this, 20, () => {
            if (this.#current?.machine === machine && series.reports.has(`${run} ${part}`)) {
              const { reported } = machine.roster.seats[part - 1]!;
              if (!reported) this.#found.push(series.reports.get(`${run} ${part}`)!);
              machine.found(part, this.localMs);
            }
          }),
        act() {},
        notice() {},
      },
      this.localMs,
    );
    return { run, machine };
  }
}

export class SimulatedSeries {
  nowMs = 0;
  readonly random: Random;
  readonly trouble: SeriesTrouble;
  readonly of: number;
  readonly runs: number;
  readonly limits: RunLimits;
  readonly parts: readonly SeriesPart[];
  readonly #leads: readonly Lead[];
  /** Each fleet that was started: the run and the number of the part. */
  readonly started: string[] = [];
  /** The stored reports, by run and part: whether each is of the whole plan. */
  readonly reports = new Map<string, boolean>();
  readonly verdicts: SeriesVerdict[] = [];
  readonly #events = new Deadlines<() => void>();

  constructor(seed: number, troubleOf: (random: Random) => SeriesTrouble, limits: RunLimits, stays: boolean) {
    const random = this.random = new Random(mix(seed, 29));
    this.limits = limits;
    this.trouble = troubleOf(random);
    this.of = 2 + random.below(4);
    this.runs = 2 + random.below(3);
    const { deaths, terms, pauses, longestPauseMs, cuts, longestCutMs, replaced } = this.trouble;
    const first = new Lead(this, "s", this.runs, random.below(10_000));
    const diesMs = random.below(60_000);
    this.#leads = replaced ? [first, new Lead(this, "t", this.runs, diesMs + random.below(60_000))] : [first];
    if (replaced) this.#at(diesMs, () => first.dead = true);
    this.parts = Array.from(
      { length: this.of },
      (_, number) => new SeriesPart(this, number, stays, random.below(10_000)),
    );
    const any = () => this.parts[random.below(this.of)]!;
    for (let each = 0; each < deaths; each++) this.#at(random.below(60_000), () => any().dead = true);
    for (let each = 0; each < pauses; each++) {
      this.#at(random.below(60_000), () => any().pausedUntilMs = this.nowMs + random.below(longestPauseMs));
    }
    for (let each = 0; each < cuts; each++) {
      this.#at(random.below(40_000), () => any().cutUntilMs = this.nowMs + random.below(longestCutMs));
    }
    for (let each = 0; each < terms; each++) {
      this.#at(random.below(60_000), () => {
        const part = any();
        part.take(() => part.askedToEnd());
      });
    }
  }

  /** Runs until each coordinator and each part has ended or is free. Returns false where one is not in time. */
  run(): boolean {
    while (this.nowMs < longestMs) {
      this.nowMs += stepMs;
      for (let act = this.#events.takeDue(this.nowMs); act !== undefined; act = this.#events.takeDue(this.nowMs)) act();
      for (const process of [...this.#leads, ...this.parts]) if (process.runs) process.turn();
      if (this.#leads.every(({ dead, over }) => dead || over) && this.parts.every(({ isFree }) => isFree)) return true;
    }
    return false;
  }

  toLead(run: string, message: ToCoordinator, from: SeriesPart): void {
    if (this.nowMs < from.cutUntilMs) return;
    for (const lead of this.#leads) this.#carry(lead, () => lead.receive(run, message));
  }

  toParts(act: (part: SeriesPart) => void, name?: string): void {
    for (const part of this.parts) {
      const isFor = name === undefined || part.name === name;
      if (isFor && this.nowMs >= part.cutUntilMs) this.#carry(part, () => act(part));
    }
  }

  later(process: Process, ms: number, act: () => void): void {
    this.#at(this.nowMs + ms, () => process.take(act));
  }

  /** Carries a message to a process, or loses it, or doubles it. */
  #carry(to: Process, act: () => void): void {
    for (const afterMs of delaysOf(this.trouble, this.random)) this.#at(this.nowMs + afterMs, () => to.take(act));
  }

  #at(atMs: number, act: () => void): void {
    this.#events.add(atMs, act);
  }
}
