/** Authenticates an open connection again at an interval. */
import type { ConnectAuth } from "../../auth/connect_auth.ts";
import type { Deadline } from "../../base/deadlines.ts";
import type { FleetWorld, Wakeable } from "./fleet_world.ts";

export class Renewal implements Wakeable {
  readonly #world: FleetWorld;
  readonly #auth: ConnectAuth;
  readonly #everyMs: number;
  readonly #next: Deadline<Wakeable>;
  #stopped = false;

  constructor(world: FleetWorld, auth: ConnectAuth, everyMs: number) {
    this.#world = world;
    this.#auth = auth;
    this.#everyMs = everyMs;
    this.#next = world.wakes.add(world.clock.nowMs() + everyMs, this);
  }

  wake(nowMs: number): void {
    this.#auth.renew();
    // A failed attempt has ended the connection.
    if (!this.#stopped) this.#world.wakes.move(this.#next, nowMs + this.#everyMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#world.wakes.cancel(this.#next);
  }
}
