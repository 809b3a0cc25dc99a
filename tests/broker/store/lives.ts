/**
 * A broker with a store in a temporary file that is killed and restarted under a manual clock. Each life has its own
 * stage and monotonic clock; the time of day continues.
 */
import { ManualClock } from "../../../src/base/clock.ts";
import type { CoreOptions, SqliteOption } from "../../../src/broker/options/options.ts";
import { Stage } from "../stage.ts";

/** The time of day when the first life begins, in milliseconds since 1970. */
const firstMs = Date.UTC(2026, 0, 5, 8);

export class Lives implements Disposable {
  readonly path: string;
  stage: Stage;
  readonly #options: CoreOptions;
  readonly #store: Omit<SqliteOption, "path">;
  #beganMs = firstMs;

  constructor(options: CoreOptions = {}, store: Omit<SqliteOption, "path"> = { outlives: "process" }) {
    this.path = `${Deno.makeTempDirSync({ prefix: "mqtt-sim-store-" })}/store.db`;
    this.#options = options;
    this.#store = store;
    this.stage = this.#begin();
  }

  /** The current time of day. */
  get wallMs(): number {
    return this.#beganMs + this.stage.nowMs;
  }

  /** Kills the broker at once and restarts it `afterMs` later. */
  restart(afterMs = 0): Stage {
    this.stage.core.store.close();
    return this.#again(afterMs);
  }

  /** Starts a stopped broker. */
  again(afterMs = 0): Stage {
    return this.#again(afterMs);
  }

  [Symbol.dispose](): void {
    this.stage.core.store.close();
    Deno.removeSync(this.path.slice(0, -"/store.db".length), { recursive: true });
  }

  #again(afterMs: number): Stage {
    this.#beganMs = this.wallMs + afterMs;
    return this.stage = this.#begin();
  }

  #begin(): Stage {
    const clock = new ManualClock();
    const beganMs = this.#beganMs;
    const wallNowMs = () => beganMs + clock.nowMs();
    const stage = new Stage({ ...this.#options, clock, wallNowMs, store: { path: this.path, ...this.#store } });
    stage.advance(0);
    return stage;
  }
}
