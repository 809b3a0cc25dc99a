/**
 * How a squad leaves at the end of a run: its living clients properly, some each turn, with their sessions; and then,
 * where wills are retained, the look of a late subscriber, after which their topics are cleared.
 */
import type { FleetWorld } from "../client/fleet_world.ts";
import type { Groups } from "../plan/groups.ts";
import { LateLook } from "../watch/late_look.ts";
import { clientIdOf } from "../life/life.ts";
import type { Lookout } from "../watch/lookout.ts";
import { SessionSweep } from "../watch/session_sweep.ts";
import type { SquadBooks } from "../ledger/squad_books.ts";
import type { SquadTask } from "../result/squad_task.ts";
import type { VirtualClient } from "../client/virtual_client.ts";

/** What of its squad the farewell works with. */
export interface FarewellParts {
  readonly task: SquadTask;
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly books: SquadBooks;
  readonly lookout: Lookout;
}

const leavesPerTurn = 200;

export class SquadFarewell {
  readonly #parts: FarewellParts;
  readonly #clients: readonly VirtualClient[];
  readonly #patienceMs: number;
  #left = 0;
  #sweep: SessionSweep | undefined;
  #look: LateLook | undefined;

  /** @param patienceMs how long the sweep of sessions may take */
  constructor(parts: FarewellParts, clients: readonly VirtualClient[], patienceMs: number) {
    this.#parts = parts;
    this.#clients = clients;
    this.#patienceMs = patienceMs;
  }

  /** All who live leave properly; true once it was quiet until no will can be blamed on their leaving. */
  leave(fromMs: number, nowMs: number): boolean {
    const { task: { plan }, world, books } = this.#parts;
    if (this.#left < this.#clients.length) {
      const until = Math.min(this.#left + leavesPerTurn, this.#clients.length);
      while (this.#left < until) this.#clients[this.#left++]!.retire(nowMs);
      books.wait(nowMs);
      return false;
    }
    if (!this.#clients.every((client) => client.retired)) {
      books.wait(nowMs);
      return false;
    }
    const left = this.#clients.filter((client) => client.keepsSession);
    this.#sweep ??= new SessionSweep(plan, world, left.map(({ number }) => clientIdOf(plan, number)));
    const swept = this.#sweep.done || nowMs > fromMs + this.#patienceMs;
    return swept && nowMs >= fromMs + plan.lateAfterMs;
  }

  /** True where a late subscriber has retained wills to look for. */
  get looksLate(): boolean {
    return this.#parts.groups.plans.some((plan) => plan.willRetain && !plan.presence);
  }

  /** The look begins. */
  look(nowMs: number): void {
    const { task, world, books, lookout } = this.#parts;
    this.#look = new LateLook(task, world, lookout.version, lookout.topicFilters, books.ledger.lastOnTopic, nowMs);
    this.#look.onFound = (topic, found, nowMs) => books.find(topic, found, nowMs);
  }

  /** True once all was looked at. The watchers leave before the topics are cleared: they would take that for wills. */
  looked(nowMs: number): boolean {
    const { books, lookout } = this.#parts;
    if (!this.#look!.done(nowMs)) return false;
    if (this.#look!.looked) books.looked(nowMs);
    else books.makeVoid(`a late subscriber could not check the retained wills: ${this.#look!.refusal}`, nowMs);
    lookout.retire(nowMs);
    this.#look!.clear(nowMs);
    return true;
  }
}
