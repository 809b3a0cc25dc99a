/**
 * When a CONNECT that a limit of the broker refused is tried again.
 */

const firstMs = 500;
const longestMs = 8_000;
/** The retries of clients that the broker refused together spread over so many steps. */
const spreadOver = 16;

/**
 * How long to wait before the next try, in milliseconds: twice as long after each, up to a limit.
 *
 * @param place sets the tries of several clients apart
 */
export function retryAfterMs(tries: number, place = 0): number {
  return Math.min(longestMs, firstMs * 2 ** (tries - 1)) * (1 + (place % spreadOver) / spreadOver);
}

/** The pause after a CONNECT that failed for another reason, in milliseconds. */
const usualRetryMs = 1_000;
/** A client with so many failures while the fleet connects voids the run. */
const connectTries = 5;
/** A client that a limit of the broker refuses for so long while the fleet is connected voids the run too. */
const refusedPatienceMs = 60_000;

/** The failed CONNECTs of one client since its last success. */
export class Failures {
  /** How many had another reason than a limit of the broker. */
  #count = 0;
  /** Since when a limit of the broker has refused them; undefined where it does not. */
  #refusedSinceMs: number | undefined;
  #refusals = 0;

  /** One more. @param isLimit whether a limit of the broker is the reason, so that a later CONNECT may succeed */
  add(isLimit: boolean, nowMs: number): void {
    this.#refusals = isLimit ? this.#refusals + 1 : 0;
    if (isLimit) this.#refusedSinceMs ??= nowMs;
    else this.#count++;
  }

  /** A CONNECT succeeded. */
  clear(): void {
    this.#count = this.#refusals = 0;
    this.#refusedSinceMs = undefined;
  }

  /** Why the client stops trying, as a text that follows "could not connect"; undefined while it tries. */
  tooMany(sentence: string, nowMs: number): string | undefined {
    if (this.#count >= connectTries) return `in ${connectTries} tries: ${sentence}`;
    const refusedForMs = nowMs - (this.#refusedSinceMs ?? nowMs);
    if (refusedForMs < refusedPatienceMs) return undefined;
    const cure = "a lower --ramp-rate may stay below its limit";
    return `within ${Math.round(refusedForMs / 1_000)} s: ${sentence}; ${cure}`;
  }

  /** How long to wait before the next try. @param place sets clients apart that a limit refused together */
  retryAfterMs(place: number): number {
    return this.#refusals === 0 ? usualRetryMs : retryAfterMs(this.#refusals, place);
  }
}
