/**
 * Clients that leave a node of the cluster before it stops, evenly over a time, each with a proper DISCONNECT: no will
 * of theirs is due. They connect to other nodes.
 */
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { VirtualClient } from "../client/virtual_client.ts";

export class NodeDrain {
  readonly #clients: readonly VirtualClient[];
  readonly #node: number;
  readonly #everyMs: number;
  readonly #fromMs: number;
  #left = 0;

  /** @param clients those on the node, in the order in which they leave */
  constructor(clients: readonly VirtualClient[], node: number, durationMs: number, fromMs: number) {
    this.#clients = clients;
    this.#node = node;
    this.#everyMs = durationMs / Math.max(1, clients.length);
    this.#fromMs = fromMs;
  }

  turn(recorder: SquadRecorder, nowMs: number): void {
    for (; this.#left < this.#clients.length; this.#left++) {
      const dueMs = this.#fromMs + this.#left * this.#everyMs;
      if (dueMs > nowMs) return;
      const client = this.#clients[this.#left]!;
      // A kill of the schedule may have moved it already.
      if (!client.isOn(this.#node)) continue;
      const atMs = dueMs - recorder.phaseFromMs;
      recorder.order({ client: client.number, mode: "leave", atMs, reconnectAfterMs: 0 }, nowMs);
      client.kill("leave", dueMs, nowMs, 0);
    }
  }
}
