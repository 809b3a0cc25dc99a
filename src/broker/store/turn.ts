/**
 * When the store commits. All changes of one turn of the event loop, of however many clients, are one transaction; what
 * was written meanwhile waits for it on its links. Owns the sign of life, and what becomes of links when the store
 * cannot keep what they speak of.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Link } from "../../net/link.ts";
import type { Due } from "../due.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { CoreSettings } from "../options/options.ts";
import { type Gate, HeldLink } from "./held_link.ts";
import { signOfLifeIntervalMs, type Store, StoreError } from "./store.ts";

/** What a turn works with. */
export interface TurnParts {
  readonly store: Store;
  readonly deadlines: Deadlines<Due>;
  readonly metrics: Metrics;
  readonly settings: Pick<CoreSettings, "clock" | "log" | "endOfTurn">;
}

/** Whoever speaks to a client through a link. */
export interface Hearer {
  /** What the connection was to hear could not be stored; `untold`: it has not heard anything yet. */
  unstored(reasonCode: number, untold: boolean): void;
}

export class Turn implements Gate {
  readonly #parts: TurnParts;
  #held = new Set<HeldLink>();
  #reasonCode: number = ReasonCode.quotaExceeded;
  #scheduled = false;
  #failing = false;
  #beat: Deadline<Due> | undefined;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    const { changes } = parts.store;
    if (changes !== undefined) changes.onFresh = () => this.#schedule();
  }

  /** Whether the store could not keep the last changes. They are tried again with each sign of life. */
  get failing(): boolean {
    return this.#failing;
  }

  get closed(): boolean {
    return this.#parts.store.changes!.fresh;
  }

  hold(link: HeldLink): void {
    this.#held.add(link);
  }

  /** The link as the broker is to write to it. */
  guard(link: Link, hearer: Hearer): Link {
    if (this.#parts.store.changes === undefined) return link;
    return new HeldLink(link, this, (untold) => hearer.unstored(this.#reasonCode, untold));
  }

  /** Begins to leave signs of life, where there is a store to leave them in. */
  start(nowMs: number): void {
    if (this.#parts.store.changes === undefined) return;
    this.#beat = this.#parts.deadlines.add(nowMs, this);
  }

  /** The time for a sign of life has come. */
  beat(nowMs: number): void {
    this.commit(nowMs);
    this.#parts.deadlines.move(this.#beat!, nowMs + signOfLifeIntervalMs);
  }

  /** Commits what has changed, and lets go what waits for it. */
  commit(nowMs: number): void {
    const { store, metrics } = this.#parts;
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

  /** The broker has stopped cleanly. */
  stop(nowMs: number): void {
    if (this.#beat !== undefined) this.#parts.deadlines.cancel(this.#beat);
    this.commit(nowMs);
    try {
      this.#parts.store.close(nowMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#parts.settings.log("warn", `Store "${store(this.#parts)}" was not closed cleanly: ${error.message}`);
    }
  }

  /** While the store fails, changes wait for the next sign of life and not for the end of each turn. */
  #schedule(): void {
    if (this.#scheduled || this.#failing) return;
    this.#scheduled = true;
    const { clock, endOfTurn } = this.#parts.settings;
    endOfTurn(() => {
      this.#scheduled = false;
      if (this.closed && !this.#failing) this.commit(clock.nowMs());
    });
  }

  #fail(error: StoreError): void {
    const { metrics, settings } = this.#parts;
    metrics.storeFailures++;
    if (!this.#failing) {
      const what = `Store "${store(this.#parts)}" cannot save changes (${error.message})`;
      settings.log("warn", `${what}: the broker acknowledges none of them and refuses clients until it can`);
    }
    this.#failing = true;
    this.#reasonCode = error.full ? ReasonCode.quotaExceeded : ReasonCode.implementationSpecificError;
    for (const link of this.#take()) {
      metrics.storeRefusals++;
      link.drop();
    }
    this.#parts.store.changes!.attempted(); // what their ends have changed is tried with the rest; a refusal need not wait
  }

  #recover(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#parts.settings.log("warn", `Store "${store(this.#parts)}" saves changes again`);
  }

  #take(): Set<HeldLink> {
    const held = this.#held;
    this.#held = new Set();
    return held;
  }
}

function store({ store: { place } }: TurnParts): string {
  return place;
}
