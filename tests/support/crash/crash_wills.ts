/**
 * The book of wills over a broker's deaths: what was asked for, how each connection ended as its client knows it, what
 * came. It judges from the standard's rules alone, and where a client cannot know it allows either.
 */

export interface WillAsked {
  readonly clientId: string;
  readonly name: string;
  readonly delayS: number;
  readonly expiryS: number;
}

/** What is known of one connection with a will. */
export class WillLife {
  /** CONNACK came. */
  acknowledged = false;
  /** Milliseconds of the test's clock. */
  endedMs: number | undefined;
  /** DISCONNECT was sent; and its FIN came while the broker lived. */
  left: "no" | "perhaps" | "surely" = "no";
  /** The client asked for its session back; and got it, at that instant. */
  askedBack = false;
  backMs: number | undefined;
  readonly cameMs: number[] = [];

  constructor(readonly asked: WillAsked) {}

  /** From the end of the connection to the will, at least. */
  get waitMs(): number {
    return 1_000 * Math.min(this.asked.delayS, this.asked.expiryS);
  }

  /** How many wills there may be. */
  get allowed(): readonly [least: number, most: number] {
    if (this.left === "surely") return [0, 0];
    if (!this.acknowledged || this.left === "perhaps" || this.endedMs === undefined) return [0, 1];
    if (this.waitMs === 0 || !this.askedBack) return [1, 1];
    if (this.backMs !== undefined && this.backMs < this.endedMs + this.waitMs) return [0, 0];
    return [0, 1];
  }
}

/** What a broker may take longer than the delay: the second in which its death lies, and its start. Milliseconds. */
const patienceMs = 6_000;
/** Readings of two processes' clocks differ by no more. Milliseconds. */
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
    if (life === undefined) this.#strange.push(`a will that nobody asked for: ${name}`);
    else life.cameMs.push(atMs);
  }

  /** When the last will that is still to come has come. */
  get lastMs(): number {
    const due = [...this.lives.values()].map(({ endedMs = 0, waitMs }) => endedMs + waitMs);
    return Math.max(0, ...due) + patienceMs;
  }

  /** What is wrong by now. */
  faults(nowMs: number): string[] {
    const faults = [...this.#strange];
    for (const life of this.lives.values()) {
      const [least, most] = life.allowed;
      const count = life.cameMs.length;
      const dueMs = life.endedMs === undefined ? Infinity : life.endedMs + life.waitMs;
      if (count > most) faults.push(`${count} wills, at most ${most}: ${told(life)}`);
      if (count < least && nowMs > dueMs + patienceMs) faults.push(`no will: ${told(life)}`);
      if (count > 0 && life.cameMs[0]! < dueMs - clockMs && dueMs < Infinity) faults.push(`early: ${told(life)}`);
    }
    return faults;
  }
}

function told(life: WillLife): string {
  return JSON.stringify({ ...life, allowed: life.allowed });
}
