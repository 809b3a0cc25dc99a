/**
 * Makes the clients of one squad, and connects them for the first time: evenly at its share of the ramp's rate, and with
 * no more CONNECTs unanswered at once than, together with all other squads, a listener queues.
 */
import type { ClientHost } from "../client/client_host.ts";
import type { SquadTask } from "../result/squad_task.ts";
import { bucketOf } from "../watch/own_topics.ts";
import { VirtualClient } from "../client/virtual_client.ts";

export class Ramp {
  readonly #host: ClientHost;
  readonly #task: SquadTask;
  readonly #clients: VirtualClient[];
  readonly #perMs: number;
  readonly #limit: number;
  #started = 0;
  #mostUnderWay = 0;

  /** @param clients the list to fill, empty until the first step, so that the memory of the clients is measurable */
  constructor(host: ClientHost, task: SquadTask, clients: VirtualClient[]) {
    const { plan } = task;
    const share = task.clients / plan.clients;
    this.#host = host;
    this.#task = task;
    this.#clients = clients;
    this.#perMs = plan.rampPerSecond * share / 1_000;
    this.#limit = Math.max(1, Math.floor(plan.connectsUnderWay * share));
  }

  /** The most unanswered CONNECTs at once. */
  get mostUnderWay(): number {
    return this.#mostUnderWay;
  }

  /** Connects the clients that may; `connected` have an answer, and the ramp has run for so long. */
  step(connected: number, passedMs: number, nowMs: number): void {
    if (this.#clients.length === 0) this.#make();
    const allowed = Math.min(this.#clients.length, 1 + passedMs * this.#perMs);
    while (this.#started + 1 <= allowed && this.#started - connected < this.#limit) {
      this.#clients[this.#started++]!.connect(nowMs);
      this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#started - connected);
    }
  }

  #make(): void {
    const { firstClient, clients } = this.#task;
    for (let number = firstClient; number < firstClient + clients; number++) {
      const version = this.#host.groups.versionOf(number);
      this.#clients.push(new VirtualClient(this.#host, number, bucketOf(this.#task, number), version));
    }
  }
}
