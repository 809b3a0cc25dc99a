/**
 * Kills that wait until their victim is connected: of one client, in the order in which they were asked for.
 */
import type { KillMode } from "../plan/kill_mode.ts";

/** A kill that waits. */
export interface PendingKill {
  readonly mode: KillMode;
  readonly reconnectAfterMs: number | "never";
}

/** Most clients never have one: there is no list until there is. */
export class PendingKills {
  #kills: PendingKill[] | undefined;

  push(kill: PendingKill): void {
    (this.#kills ??= []).push(kill);
  }

  /** The next one, which waits no longer. */
  shift(): PendingKill | undefined {
    return this.#kills?.shift();
  }

  /** Who dies of them comes back at once. */
  callBack(): void {
    this.#kills = this.#kills?.map((kill) => ({ ...kill, reconnectAfterMs: 0 }));
  }

  /** They are given up. */
  clear(): void {
    this.#kills = undefined;
  }
}
