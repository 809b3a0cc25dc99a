/**
 * How a squad leaves at the end of a run: its online clients properly, some each turn, with their sessions; and then,
 * where wills are retained, a late subscriber looks at their topics and clears them.
 */
import type { FleetWorld } from "../client/fleet_world.ts";
import type { Groups } from "../plan/groups.ts";
import { RetainedCheck } from "../watch/retained_check.ts";
import { clientIdOf } from "../plan/client_id.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";
import { SessionSweep } from "../watch/session_sweep.ts";
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { SquadTask } from "../result/squad_task.ts";
import type { VirtualClient } from "../client/virtual_client.ts";

/** The dependencies of the teardown: objects of its squad. */
export interface SquadTeardownDeps {
  readonly task: SquadTask;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly recorder: SquadRecorder;
  readonly watchers: WatcherPool;
}

const leavesPerTurn = 200;

export class SquadTeardown {
  readonly #deps: SquadTeardownDeps;
  readonly #clients: readonly VirtualClient[];
  readonly #patienceMs: number;
  #left = 0;
  #sweep: SessionSweep | undefined;
  #look: RetainedCheck | undefined;

  /** @param patienceMs how long the sweep of sessions may take */
  constructor(deps: SquadTeardownDeps, clients: readonly VirtualClient[], patienceMs: number) {
    this.#deps = deps;
    this.#clients = clients;
    this.#patienceMs = patienceMs;
  }

  /** All online clients leave properly; true after a silence beyond which no will can be an answer to their leave. */
  leave(fromMs: number, nowMs: number): boolean {
    const { task: { plan }, world, recorder } = this.#deps;
    if (this.#left < this.#clients.length) {
      const until = Math.min(this.#left + leavesPerTurn, this.#clients.length);
      while (this.#left < until) this.#clients[this.#left++]!.retire(nowMs);
      recorder.wait(nowMs);
      return false;
    }
    if (!this.#clients.every((client) => client.retired)) {
      recorder.wait(nowMs);
      return false;
    }
    const left = this.#clients.filter((client) => client.keepsSession);
    this.#sweep ??= new SessionSweep(plan, world, left.map(({ number }) => clientIdOf(plan, number)));
    const swept = this.#sweep.done || nowMs > fromMs + this.#patienceMs;
    return swept && nowMs >= fromMs + plan.lateAfterMs;
  }

  /** True where a late subscriber has retained wills to look for. */
  get looksLate(): boolean {
    return this.#deps.groups.plans.some((plan) => plan.willRetain && !plan.presence);
  }

  /** The look begins. */
  look(nowMs: number): void {
    const { task, groups, world, recorder, watchers } = this.#deps;
    this.#look = new RetainedCheck(
      task,
      groups,
      world,
      watchers.version,
      watchers.topicFilters,
      recorder.ledger.lastOnTopic,
      nowMs,
    );
    this.#look.onFound = (topic, found, nowMs) => recorder.find(topic, found, nowMs);
  }

  /** True once all was looked at. The watchers leave before the topics are cleared: they would take that for wills. */
  looked(nowMs: number): boolean {
    const { recorder, watchers } = this.#deps;
    if (!this.#look!.done(nowMs)) return false;
    if (this.#look!.looked) recorder.looked(nowMs);
    else recorder.makeVoid(`a late subscriber could not check the retained wills: ${this.#look!.refusal}`, nowMs);
    watchers.retire(nowMs);
    this.#look!.clear(nowMs);
    return true;
  }
}
