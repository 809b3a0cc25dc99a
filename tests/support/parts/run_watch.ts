/** The state of a run in parts, and of each of its processes, from their messages on NATS. */
import { connectNats, type NatsAddress } from "../../../src/parts/nats_rendezvous.ts";
import { decodeBeat, decodeToCoordinator, subjectsOf } from "../../../src/parts/message.ts";
import type { Beat, PartState, RunState } from "../../../src/parts/message.ts";
import type { Rendezvous } from "../../../src/parts/rendezvous.ts";

const runStates: readonly RunState[] = ["gather", "connect", "kill", "end", "over"];
const partStates: readonly PartState[] = ["check", "gathered", "connect", "ready", "kill", "done", "unfit", "failed"];

export class RunWatch implements AsyncDisposable {
  readonly #rendezvous: Rendezvous;
  readonly #waits = new Set<() => void>();
  readonly #pids = new Map<string, number>();
  readonly #parts = new Map<number, PartState>();
  #beat: Beat | undefined;

  private constructor(rendezvous: Rendezvous, run: string) {
    this.#rendezvous = rendezvous;
    const subjects = subjectsOf(run);
    rendezvous.listen(subjects.beat, (bytes) => {
      const beat = decodeBeat(bytes);
      if (beat !== undefined) this.#beat = beat;
      for (const wait of this.#waits) wait();
    });
    rendezvous.listen(subjects.coordinator, (bytes) => {
      const message = decodeToCoordinator(bytes);
      if (message?.type === "join") this.#pids.set(message.who.id, message.who.pid);
      if (message?.type === "status") this.#parts.set(this.#pids.get(message.id) ?? NaN, message.state);
      for (const wait of this.#waits) wait();
    });
  }

  static async open(address: NatsAddress, run: string): Promise<RunWatch> {
    return new RunWatch(await connectNats(address, "watch"), run);
  }

  /** The last beat of the coordinator. */
  get beat(): Beat | undefined {
    return this.#beat;
  }

  /** Waits until the run has a state, or a later one. */
  run(state: RunState, limitMs = 60_000): Promise<void> {
    const isThere = () => runStates.indexOf(this.#beat?.state ?? "gather") >= runStates.indexOf(state);
    return this.#until(() => this.#beat !== undefined && isThere(), limitMs, () => `run: ${this.#beat?.state}`);
  }

  /** Waits until the process has offered itself as a part. */
  offers(pid: number, limitMs = 60_000): Promise<void> {
    return this.#until(() => [...this.#pids.values()].includes(pid), limitMs, () => `process ${pid} does not join`);
  }

  /** Waits until the process has reported a state, or a later one. */
  part(pid: number, state: PartState, limitMs = 60_000): Promise<void> {
    const isThere = () => partStates.indexOf(this.#parts.get(pid) ?? "check") >= partStates.indexOf(state);
    return this.#until(
      () => this.#parts.has(pid) && isThere(),
      limitMs,
      () => `process ${pid}: ${this.#parts.get(pid)}, not ${state}`,
    );
  }

  async #until(isTrue: () => boolean, limitMs: number, text: () => string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${text()}`)), limitMs);
    const wait = () => isTrue() && resolve();
    this.#waits.add(wait);
    wait();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waits.delete(wait);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rendezvous.close();
  }
}
