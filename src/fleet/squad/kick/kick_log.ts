/** The clients that a command has the broker disconnect, and that are still connected. */
import type { FleetWorld } from "../../client/fleet_world.ts";
import type { VirtualClient } from "../../client/virtual_client.ts";
import { clientIdOf } from "../../plan/client_id.ts";
import type { Groups } from "../../plan/groups.ts";

/** How long the command and the close that it causes may take, in milliseconds. */
export const kickWithinMs = 15_000;

export class KickLog {
  readonly #groups: Groups;
  readonly #world: FleetWorld;
  readonly #client: (number: number) => VirtualClient;
  readonly #fail: (sentence: string, nowMs: number) => void;
  readonly #open: { readonly number: number; readonly sinceMs: number }[] = [];

  /** @param fail receives why a client was not disconnected */
  constructor(
    groups: Groups,
    world: FleetWorld,
    client: (number: number) => VirtualClient,
    fail: (sentence: string, nowMs: number) => void,
  ) {
    this.#groups = groups;
    this.#world = world;
    this.#client = client;
    this.#fail = fail;
  }

  begin(number: number, nowMs: number): void {
    const clientId = this.#nameOf(number);
    this.#open.push({ number, sinceMs: nowMs });
    this.#world.kick!({ number, clientId }, (sentence) => this.#fail(sentence, this.#world.clock.nowMs()));
  }

  #nameOf(number: number): string {
    return clientIdOf(this.#groups.planOf(number), number);
  }

  /** True while a client waits for the close of its connection. */
  underWay(nowMs: number): boolean {
    for (let first = this.#open[0]; first !== undefined; first = this.#open[0]) {
      if (this.#client(first.number).kicking) {
        if (nowMs < first.sinceMs + kickWithinMs) return true;
        const name = this.#nameOf(first.number);
        this.#fail(
          `the broker did not close the connection of ${name} within ${kickWithinMs / 1_000} s of the kick`,
          nowMs,
        );
      }
      this.#open.shift();
    }
    return false;
  }
}
