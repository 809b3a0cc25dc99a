/**
 * A squad on its own thread, for the thread that runs the fleet.
 */
import { InvariantError } from "../../base/failure.ts";
import { threadSource } from "../../base/thread_source.ts";
import type { SquadHooks } from "./run_squad.ts";
import type { FromSquad, ToSquad } from "./squad_messages.ts";
import type { SquadResult, SquadTask } from "../result/squad_task.ts";

export class SquadThread {
  readonly #worker: Worker;
  /** Resolves to the findings; rejects with an InvariantError when the thread itself failed. */
  readonly result: Promise<SquadResult>;
  #ended = false;

  constructor(task: SquadTask, hooks: SquadHooks) {
    this.#worker = new Worker(threadSource(new URL("./squad_worker.ts", import.meta.url)), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<SquadResult>();
    this.result = promise;
    this.#worker.onmessage = ({ data }: MessageEvent<FromSquad>) => {
      if (data.type === "ready") hooks.onReady();
      else if (data.type === "atStep") hooks.onStep(data.step);
      else if (data.type === "progress") hooks.onProgress(data.progress);
      else if (data.type === "lives") hooks.onLives?.(data.rows);
      else if (data.type === "faults") hooks.onFaults?.(data.batch);
      else if (data.type === "kick") hooks.onKick(data.clientId);
      else if (data.type === "record") hooks.onRecord(data.lines);
      else this.#over(() => data.type === "done" ? resolve(data.result) : reject(new InvariantError(data.message)));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#over(() => reject(new InvariantError(`squad ${task.number} failed: ${event.message}`)));
    };
    this.#post({ type: "start", task });
  }

  /** Lets killing begin, at this instant of the monotonic clock at the earliest. */
  go(killMs?: number): void {
    if (!this.#ended) this.#post({ type: "go", killMs });
  }

  /** Acknowledges `length` characters of recording as flushed. */
  written(length: number): void {
    if (!this.#ended) this.#post({ type: "written", length });
  }

  /** The action on the broker or a node is done. */
  stepDone(): void {
    this.#post({ type: "stepDone" });
  }

  /** The run is void, for a reason outside of every squad. */
  giveUp(sentence: string): void {
    this.#post({ type: "giveUp", sentence });
  }

  interrupt(): void {
    this.#post({ type: "interrupt" });
  }

  #post(message: ToSquad): void {
    this.#worker.postMessage(message);
  }

  #over(answer: () => void): void {
    this.#ended = true;
    this.#worker.terminate();
    answer();
  }
}
