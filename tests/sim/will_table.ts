/**
 * Which wills are due, and when: a second reading of the standard, without a broker. Shares no code with src/broker,
 * and knows nothing but lives, their ends, and the clock.
 */

/** One connection of one client, and what it asked for. */
export interface LifeAsked {
  readonly clientId: string;
  readonly version: 4 | 5;
  readonly cleanStart: boolean;
  /** 5.0 only. */
  readonly sessionExpiryS: number;
  readonly keepAliveS: number;
  /** Tells this life's will from all others; undefined without a will. */
  readonly willName: string | undefined;
  /** 5.0 only. */
  readonly willDelayS: number;
}

interface Life extends LifeAsked {
  lastPacketMs: number;
}

/** A will that is out: its name and when. */
export interface DueWill {
  readonly name: string;
  readonly atMs: number;
}

export class WillTable {
  readonly due: DueWill[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #waiting = new Map<string, DueWill>();

  /** Client identifiers of those who are connected. */
  get connected(): readonly string[] {
    return [...this.#lives.keys()];
  }

  /** Time has come to `nowMs`: whoever was silent for too long is dead, and what waited until then is out. */
  reach(nowMs: number): void {
    for (const life of this.#lives.values()) {
      const deadMs = life.lastPacketMs + life.keepAliveS * 1_500;
      if (life.keepAliveS > 0 && deadMs <= nowMs) this.end(life.clientId, true, deadMs);
    }
    for (const [clientId, will] of this.#waiting) {
      if (will.atMs <= nowMs) this.#out(clientId, will.atMs);
    }
  }

  begin(asked: LifeAsked, nowMs: number): void {
    if (this.#lives.has(asked.clientId)) this.end(asked.clientId, true, nowMs);
    if (asked.cleanStart) this.#out(asked.clientId, nowMs);
    this.#waiting.delete(asked.clientId);
    this.#lives.set(asked.clientId, { ...asked, lastPacketMs: nowMs });
  }

  packet(clientId: string, nowMs: number): void {
    const life = this.#lives.get(clientId);
    if (life !== undefined) life.lastPacketMs = nowMs;
  }

  /** The connection is over; `withWill` is false for a proper goodbye. */
  end(clientId: string, withWill: boolean, nowMs: number, sessionExpiryS?: number): void {
    const life = this.#lives.get(clientId)!;
    this.#lives.delete(clientId);
    if (!withWill || life.willName === undefined) return;
    const waitS = life.version === 4 ? 0 : Math.min(life.willDelayS, sessionExpiryS ?? life.sessionExpiryS);
    this.#waiting.set(clientId, { name: life.willName, atMs: nowMs + waitS * 1_000 });
    if (waitS === 0) this.#out(clientId, nowMs);
  }

  #out(clientId: string, nowMs: number): void {
    const will = this.#waiting.get(clientId);
    this.#waiting.delete(clientId);
    if (will !== undefined) this.due.push({ name: will.name, atMs: nowMs });
  }
}
