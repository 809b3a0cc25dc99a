/**
 * The schedule's own model of the fleet: the clients that are alive, away until an instant, or gone. It follows from
 * the scheduled orders alone, not from events.
 */
import type { Random } from "../../base/random.ts";
import type { Groups } from "../plan/groups.ts";
import { ClientList } from "./client_list.ts";
import { Returns } from "./returns.ts";

/** Beyond the plan's own wait, the model rests a client before the next draw may take it, in milliseconds. */
export const restMs = 250;

export class FleetModel {
  readonly #groups: Groups;
  readonly #alive: readonly ClientList[];
  readonly #gone: readonly ClientList[];
  readonly #away = new Returns();

  /** All clients are alive. */
  constructor(groups: Groups, clients: number) {
    this.#groups = groups;
    this.#alive = groups.sizes(clients).map((size) => new ClientList(size));
    this.#gone = this.#alive.map(() => new ClientList());
    for (let client = 0; client < clients; client++) this.#raise(client);
  }

  /** How many clients of these groups are alive. */
  alive(groups: readonly number[]): number {
    let count = 0;
    for (const group of groups) count += this.#alive[group]!.length;
    return count;
  }

  /** When the next client that is away reconnects; Infinity when none is. */
  get nextReturnMs(): number {
    return this.#away.nextMs;
  }

  /** Makes the clients alive again that are due by then, so many at most. Returns true where more are due. */
  comeBack(atMs: number, most = Infinity): boolean {
    for (let returned = 0; returned < most; returned++) {
      const client = this.#away.takeDue(atMs);
      if (client === undefined) return false;
      this.#raise(client);
    }
    return this.#away.nextMs <= atMs;
  }

  /** Takes one of the alive clients of these groups, each as likely as the other; there must be one. */
  takeAlive(groups: readonly number[], random: Random): number {
    let place = random.below(this.alive(groups));
    for (const group of groups) {
      const alive = this.#alive[group]!;
      if (place < alive.length) return alive.takeAt(place);
      place -= alive.length;
    }
    throw new RangeError("no client is alive");
  }

  /** Takes one of the gone clients of these groups, each as likely as the other; undefined when there is none. */
  takeGone(groups: readonly number[], random: Random): number | undefined {
    const filled = groups.filter((group) => this.#gone[group]!.length > 0);
    if (filled.length === 0) return undefined;
    let place = random.below(filled.reduce((sum, group) => sum + this.#gone[group]!.length, 0));
    for (const group of filled) {
      const gone = this.#gone[group]!;
      if (place < gone.length) return gone.takeAt(place);
      place -= gone.length;
    }
    return undefined;
  }

  /** How many clients of these groups are gone. */
  gone(groups: readonly number[]): number {
    return groups.reduce((sum, group) => sum + this.#gone[group]!.length, 0);
  }

  /** A client is away until then; Infinity is for good, or until a return phase. */
  sendAway(client: number, untilMs: number): void {
    if (untilMs === Infinity) this.#gone[this.#groups.indexOf(client)]!.add(client);
    else this.#away.add(untilMs, client);
  }

  /** All alive clients are away, each until its own instant. */
  sendAllAway(untilMs: (client: number) => number): void {
    for (const alive of this.#alive) {
      for (const client of alive.takeAll()) this.sendAway(client, untilMs(client));
    }
  }

  #raise(client: number): void {
    this.#alive[this.#groups.indexOf(client)]!.add(client);
  }
}
