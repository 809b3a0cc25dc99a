/** The network of the simulation: it loses, doubles and delays messages. */
import type { Random } from "../../../src/base/random.ts";

/** What goes wrong with the messages. */
export interface NetworkTrouble {
  /** The share of messages that are lost. */
  readonly loss: number;
  /** The share of messages that arrive twice. */
  readonly double: number;
  /** The longest delay of a message, in milliseconds. */
  readonly delayMs: number;
}

/** Nothing takes longer than the limits allow. */
export const mildNetwork = (random: Random): NetworkTrouble => networkOf(random, 0.3, 0.3, 400);

/** Anything may happen. */
export const anyNetwork = (random: Random): NetworkTrouble => networkOf(random, 0.6, 0.5, 2_000);

function networkOf(random: Random, loss: number, double: number, delayMs: number): NetworkTrouble {
  return {
    loss: random.fraction() * loss,
    double: random.fraction() * double,
    delayMs: random.fraction() * delayMs,
  };
}

/** The delay of each copy of a message that arrives, in milliseconds. */
export function* delaysOf({ loss, double, delayMs }: NetworkTrouble, random: Random): Generator<number> {
  if (random.fraction() < loss) return;
  const copies = random.fraction() < double ? 2 : 1;
  for (let copy = 0; copy < copies; copy++) yield random.fraction() * delayMs;
}
