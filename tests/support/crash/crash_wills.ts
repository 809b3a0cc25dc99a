/**
 * The record of wills over the kills of a broker: the requests, the end of each connection as its client knows it, and
 * the arrivals. It judges by the standard's rules only, and permits either outcome where a client cannot know it.
 */

export interface WillAsked {
  readonly clientId: string;
  readonly name: string;
  readonly delayS: number;
  readonly expiryS: number;
}

/** The known facts about one connection with a will. */
export class WillLife {
  /** The client received CONNACK. */
  acknowledged = false;
  /** Milliseconds of the test's clock. */
  endedMs: number | undefined;
  /** The client sent DISCONNECT; and its FIN arrived while the broker lived. */
  left: "no" | "perhaps" | "surely" = "no";
  /** The client requested its session; and the time at which it got it. */
  askedBack = false;
  backMs: number | undefined;
  readonly cameMs: number[] = [];

  constructor(readonly asked: WillAsked) {}

  /** The shortest time from the end of the connection to the will. */
  get waitMs(): number {
    return 1_000 * Math.min(this.asked.delayS, this.asked.expiryS);
  }

  /** The permitted numbers of wills. */
  get allowed(): readonly [least: number, most: number] {
    if (this.left === "surely") return [0, 0];
    if (!this.acknowledged || this.left === "perhaps" || this.endedMs === undefined) return [0, 1];
    if (this.waitMs === 0 || !this.askedBack) return [1, 1];
    if (this.backMs !== undefined && this.backMs < this.endedMs + this.waitMs) return [0, 0];
    return [0, 1];
  }
}

/** The permitted lateness beyond the delay: the second of the broker's kill, and its start. Milliseconds. */
const patienceMs = 6_000;
/** The largest difference between two processes' clocks. Milliseconds. */
const clockMs = 5;

export class WillBook {
  readonly lives = new Map<string, WillLife>();
  readonly #strange: string[] = [];

  begin(asked: WillAsked): WillLife {
    const life = new WillLife(asked);
    this.lives.set(asked.name, life);
    return life;
  }

  came(name: string, atMs: number): void {
    const life = this.lives.get(name);
    if (life === undefined) this.#strange.push(`an unknown will: ${name}`);
    else life.cameMs.push(atMs);
  }

  /** The time by which each will that is still due must have arrived. */
  get lastMs(): number {
    const due = [...this.lives.values()].map(({ endedMs = 0, waitMs }) => endedMs + waitMs);
    return Math.max(0, ...due) + patienceMs;
  }

  /** The faults so far. */
  faults(nowMs: number): string[] {
    const faults = [...this.#strange];
    for (const life of this.lives.values()) {
      const [least, most] = life.allowed;
      const count = life.cameMs.length;
      const dueMs = life.endedMs === undefined ? Infinity : life.endedMs + life.waitMs;
      if (count > most) faults.push(`${count} wills, at most ${most}: ${lifeText(life)}`);
      if (count < least && nowMs > dueMs + patienceMs) faults.push(`no will: ${lifeText(life)}`);
      if (count > 0 && life.cameMs[0]! < dueMs - clockMs && dueMs < Infinity) faults.push(`early: ${lifeText(life)}`);
    }
    return faults;
  }
}

function lifeText(life: WillLife): string {
  return JSON.stringify({ ...life, allowed: life.allowed });
}
