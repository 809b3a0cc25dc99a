/**
 * A squad in the real world: sockets, the clock, and one timer for everything.
 */
import { nftCable } from "../../net/cable.ts";
import { engines } from "../../net/engine.ts";
import { type FleetWorld, fleetWorldOf } from "../client/fleet_world.ts";
import type { LifeRow } from "../ledger/life_row.ts";
import type { FaultBatch, FaultSample } from "../result/fault_sample.ts";
import { RecordBuffer } from "../recording/record_buffer.ts";
import { drawsMode } from "../plan/phases.ts";
import type { Progress } from "../result/result.ts";
import { KickCommands } from "./kick/kick_command.ts";
import { Squad } from "./squad.ts";
import { roomMs } from "./squad_settling.ts";
import type { SquadResult, SquadTask } from "../result/squad_task.ts";

/** The reports of a running squad. */
export interface SquadHooks {
  /** Every client is connected: `go` may be called. */
  onReady(): void;
  /** The squad is ready for an action on the broker or a node, by its number; call `stepDone` once it is done. */
  onStep(step: number): void;
  onProgress(progress: Progress): void;
  /** Lives that the squad judged since the last report; only where the task requests them. */
  onLives?(rows: readonly LifeRow[]): void;
  /** Faults since the last report; only where the task requests them. */
  onFaults?(batch: FaultBatch): void;
  /** Has the broker end the connection of a client; called for plans without a command of the user. */
  onKick(clientId: string): void;
  /** Lines of the recording, where the task requests one; the receiver calls `written` for them. */
  onRecord(lines: string): void;
}

const progressEveryMs = 200;
/** The same while no will can come. */
const quietProgressEveryMs = 1_000;
/** The most faults in one report; the squad counts further ones. */
const faultsPerReport = 1_000;
/** How often the timers of clients are handled, in milliseconds. */
const wakeEveryMs = 1;
/** After this time an overdue action is tried again, in milliseconds. */
const retryMs = 1;

/** A squad that runs on this thread. */
export class SquadRun {
  readonly #squad: Squad;
  readonly #world: FleetWorld;
  readonly #hooks: SquadHooks;
  readonly #record: RecordBuffer | undefined;
  readonly #finished: (result: SquadResult) => void;
  readonly #failed: (error: unknown) => void;
  /** Resolves to the findings, once the squad is done. */
  readonly result: Promise<SquadResult>;
  #reportedReady = false;
  #reportedStep = -1;
  #memory: { before?: number; after?: number } = {};
  #reportedMs = 0;
  #lives: LifeRow[] = [];
  #faults: FaultSample[] = [];
  #faultsDropped = 0;
  /** When the squad needs its next turn; Infinity once it is done. */
  #nextMs = 0;
  /** Whether the engine calls each turn at its instant: while it has a link. */
  #driven = false;
  /** Kills happen at their instants. Timers of clients wait until this time, so that one turn handles several. */
  #mayWakeMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(task: SquadTask, hooks: SquadHooks) {
    this.#world = worldOfSquad(task, hooks);
    this.#hooks = hooks;
    if (task.record) this.#record = new RecordBuffer(task.number, task.originMs, (lines) => hooks.onRecord(lines));
    this.#squad = new Squad(task, this.#world, this.#record?.note);
    const { references } = this.#world;
    if (references !== undefined) {
      references.onFollow = (address) => this.#squad.lives.refer(address, this.#world.clock.nowMs());
    }
    if (task.lives) this.#squad.ledger.onLife = (row) => this.#lives.push(row);
    if (task.faults) this.#squad.ledger.tally.onFault = (sample) => this.#keepFault(sample);
    const { promise, resolve, reject } = Promise.withResolvers<SquadResult>();
    this.result = promise;
    this.#finished = resolve;
    this.#failed = reject;
    this.#squad.start(this.#world.clock.nowMs());
    this.#drive(task);
    this.#turn();
  }

  go(killMs?: number): void {
    this.#squad.go(killMs);
  }

  /** Acknowledges `length` characters of recording as flushed. */
  written(length: number): void {
    this.#record?.written(length);
  }

  /** The action on the broker or a node is done. */
  stepDone(): void {
    this.#squad.stepDone(this.#world.clock.nowMs());
  }

  /** The run is void, for a reason outside of this squad. */
  giveUp(sentence: string): void {
    this.#squad.giveUp(sentence, this.#world.clock.nowMs());
  }

  interrupt(): void {
    this.#squad.interrupt(this.#world.clock.nowMs());
  }

  /**
   * Lets the engine call each turn at its instant, if all links are the engine's: the runtime's timer fires up to two
   * milliseconds late.
   */
  #drive({ target, engine = "deno" }: SquadTask): void {
    if (target.transport === "tls" || target.transport === "wss") return;
    const { clock, wakes } = this.#world;
    engines[engine].drive({
      dueMs: () => Math.min(this.#nextMs, Math.max(wakes.nextMs, this.#mayWakeMs)),
      preciseMs: () => this.#squad.nextOrderMs,
      act: () => {
        if (!this.#driven) clearTimeout(this.#timer);
        this.#driven = true;
        this.#turn();
      },
      actPrecisely: () => this.#squad.killDue(clock.nowMs()),
      rest: () => {
        this.#driven = false;
        this.#sleep();
      },
      nowMs: () => clock.nowMs(),
    });
  }

  #keepFault(sample: FaultSample): void {
    if (this.#faults.length < faultsPerReport) this.#faults.push(sample);
    else this.#faultsDropped++;
  }

  #turn(): void {
    if (this.#nextMs === Infinity) return;
    try {
      const nowMs = this.#world.clock.nowMs();
      this.#squad.turn(nowMs);
      this.#markMemory();
      this.#report(nowMs);
      if (this.#squad.done) return this.#finish();
      const nextMs = this.#squad.nextMs(nowMs);
      // An action that has to wait, such as a restart during a presence check, is overdue: it is tried again later.
      this.#nextMs = nextMs > nowMs ? nextMs : nowMs + retryMs;
      this.#mayWakeMs = nowMs + wakeEveryMs;
      this.#sleep();
    } catch (error) {
      this.#nextMs = this.#mayWakeMs = Infinity;
      this.#world.cable?.close();
      this.#failed(error);
    }
  }

  /** Sets the timer of the next turn, unless the engine calls it. */
  #sleep(): void {
    if (this.#driven || this.#nextMs === Infinity) return;
    const nextMs = Math.min(this.#nextMs, this.#world.wakes.nextMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#turn(), Math.max(0, nextMs - this.#world.clock.nowMs()));
  }

  /** Samples memory before the first connect and again once all clients are connected. */
  #markMemory(): void {
    if (this.#squad.phase === "connect") this.#memory.before ??= Deno.memoryUsage().rss;
    if (this.#squad.ready) this.#memory.after ??= Deno.memoryUsage().rss;
  }

  #finish(): void {
    this.#nextMs = this.#mayWakeMs = Infinity;
    this.#world.cable?.close();
    const result = this.#squad.result();
    // A recorded run reports only the content of the recording, so judging it again gives the same report.
    if (this.#record !== undefined) return this.#finished({ ...result, recorded: this.#record.counts });
    const { before, after } = this.#memory;
    this.#finished({
      ...result,
      ...this.#squad.rampFacts,
      ...before !== undefined && after !== undefined && { memory: { before, after } },
    });
  }

  /** Whether the next progress is due, and no kill would be late for it; with wills it waits for one interval more. */
  #mayReport(nowMs: number): boolean {
    const overdueMs = nowMs - this.#reportedMs - progressEveryMs;
    if (overdueMs < 0) return false;
    if (this.#squad.isQuiet) return overdueMs >= quietProgressEveryMs - progressEveryMs;
    return overdueMs >= progressEveryMs || this.#squad.nextOrderMs - this.#world.clock.nowMs() >= roomMs;
  }

  #report(nowMs: number): void {
    if (this.#squad.ready && !this.#reportedReady) {
      this.#reportedReady = true;
      this.#hooks.onReady();
    }
    const { atStep = -1 } = this.#squad;
    if (atStep > this.#reportedStep) this.#hooks.onStep(this.#reportedStep = atStep);
    if (!this.#squad.done && !this.#mayReport(nowMs)) return;
    this.#reportedMs = nowMs;
    this.#record?.flush();
    this.#hooks.onProgress(this.#squad.progress(nowMs));
    if (this.#lives.length > 0) this.#hooks.onLives?.(this.#lives.splice(0));
    if (this.#faults.length === 0) return;
    this.#hooks.onFaults?.({ faults: this.#faults.splice(0), dropped: this.#faultsDropped });
    this.#faultsDropped = 0;
  }
}

/** The real world, with what the kill modes of the plan need beside links. */
function worldOfSquad(task: SquadTask, hooks: SquadHooks): FleetWorld {
  const { plan, number } = task;
  const kicks = plan.kickCommand === undefined ? undefined : new KickCommands(plan.kickCommand);
  return {
    ...fleetWorldOf(task),
    ...drawsMode(plan, "vanish") && { cable: nftCable(number) },
    kick: (client, onFault) => kicks === undefined ? hooks.onKick(client.clientId) : kicks.kick(client, onFault),
  };
}
