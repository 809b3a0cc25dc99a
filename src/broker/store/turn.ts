/**
 * Decides when the store commits. All changes of one turn of the event loop, of any number of clients, are one
 * transaction; links hold back their output until its commit. Owns the heartbeat, and handles links whose changes the
 * store failed to write.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Link } from "../../net/link.ts";
import type { Due } from "../due.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { CoreSettings } from "../options/options.ts";
import { type Gate, HeldLink } from "./commit_gated_link.ts";
import { signOfLifeIntervalMs, type Store, StoreError } from "./store.ts";

/** The dependencies of a turn. */
export interface TurnDeps {
  readonly store: Store;
  readonly deadlines: Deadlines<Due>;
  readonly metrics: Metrics;
  readonly settings: Pick<CoreSettings, "clock" | "log" | "endOfTurn">;
}

/** The owner of a link to a client. */
interface LinkOwner {
  /** Called if changes of the connection could not be stored; `unsent`: nothing has been sent on it yet. */
  unstored(reasonCode: number, unsent: boolean): void;
}

export class Turn implements Gate {
  readonly #deps: TurnDeps;
  #held = new Set<HeldLink>();
  #reasonCode: number = ReasonCode.quotaExceeded;
  #scheduled = false;
  #failing = false;
  #beat: Deadline<Due> | undefined;

  constructor(deps: TurnDeps) {
    this.#deps = deps;
    const { changes } = deps.store;
    if (changes !== undefined) changes.onFresh = () => this.#schedule();
  }

  /** Whether the store failed to write the last changes. Each heartbeat retries them. */
  get failing(): boolean {
    return this.#failing;
  }

  get closed(): boolean {
    return this.#deps.store.changes!.fresh;
  }

  hold(link: HeldLink): void {
    this.#held.add(link);
  }

  /** The link through which the broker must write. */
  guard(link: Link, owner: LinkOwner): Link {
    if (this.#deps.store.changes === undefined) return link;
    return new HeldLink(link, this, (unsent) => owner.unstored(this.#reasonCode, unsent));
  }

  /** Starts the heartbeat, if there is a persistent store. */
  start(nowMs: number): void {
    if (this.#deps.store.changes === undefined) return;
    this.#beat = this.#deps.deadlines.add(nowMs, this);
  }

  /** Writes a heartbeat. */
  beat(nowMs: number): void {
    this.commit(nowMs);
    this.#deps.deadlines.move(this.#beat!, nowMs + signOfLifeIntervalMs);
  }

  /** Commits the changes, and releases the held output. */
  commit(nowMs: number): void {
    const { store, metrics } = this.#deps;
    try {
      if (store.changes?.any) metrics.storeCommits++;
      store.commit(nowMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return this.#fail(error);
    }
    this.#recover();
    for (const link of this.#take()) link.flush();
  }

  /** Closes the store after a clean stop. */
  stop(nowMs: number): void {
    if (this.#beat !== undefined) this.#deps.deadlines.cancel(this.#beat);
    this.commit(nowMs);
    try {
      this.#deps.store.close(nowMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#deps.settings.log("warn", `Store "${store(this.#deps)}" was not closed cleanly: ${error.message}`);
    }
  }

  /** While the store fails, changes wait for the next heartbeat and not for the end of each turn. */
  #schedule(): void {
    if (this.#scheduled || this.#failing) return;
    this.#scheduled = true;
    const { clock, endOfTurn } = this.#deps.settings;
    endOfTurn(() => {
      this.#scheduled = false;
      if (this.closed && !this.#failing) this.commit(clock.nowMs());
    });
  }

  #fail(error: StoreError): void {
    const { metrics, settings } = this.#deps;
    metrics.storeFailures++;
    if (!this.#failing) {
      const what = `Store "${store(this.#deps)}" cannot save changes (${error.message})`;
      settings.log("warn", `${what}: the broker acknowledges none of them and refuses clients until it can`);
    }
    this.#failing = true;
    this.#reasonCode = error.full ? ReasonCode.quotaExceeded : ReasonCode.implementationSpecificError;
    for (const link of this.#take()) {
      metrics.storeRefusals++;
      link.drop();
    }
    this.#deps.store.changes!.attempted(); // the next attempt includes the changes of their ends
  }

  #recover(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#deps.settings.log("warn", `Store "${store(this.#deps)}" saves changes again`);
  }

  #take(): Set<HeldLink> {
    const held = this.#held;
    this.#held = new Set();
    return held;
  }
}

function store({ store: { place } }: TurnDeps): string {
  return place;
}
