/** The world of a client of a broker: a clock, links and timers. Tests pass a manual clock and links in memory. */
import { type Clock, monotonicClock } from "../base/clock.ts";
import { canResetOver, dial, type DialOptions } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EngineName } from "./engine.ts";
import type { DialReceiver, Link } from "./link.ts";

/** A clock, and links to one broker. */
export interface World {
  /** The clock that every bound uses. */
  readonly clock: Clock;
  /** Whether `Link.reset` sends RST. */
  readonly canReset: boolean;
  /**
   * Starts to open a link to the broker. `place` spreads links over several source addresses.
   *
   * @param client the client that connects, where each has a certificate of its own
   */
  dial(receiver: DialReceiver, place?: number, client?: number): Link;
}

/** A world with timers. */
export interface TimedWorld extends World {
  /** Calls `act` once after `ms` milliseconds; the returned function cancels the call. */
  after(ms: number, act: () => void): () => void;
}

/** The certificate and the key of a client, in PEM. */
export type PairOf = (client: number) => { readonly cert: string; readonly key: string } | undefined;

/**
 * The real world, with links to one broker.
 *
 * @param pairOf the certificate and key of a client, in PEM; undefined where it has those of the target
 * @param sourceAddresses the source addresses of links; empty: the operating system chooses
 */
export function worldOf(
  target: Endpoint,
  engine: EngineName | undefined,
  sourceAddresses: readonly string[] = [],
  pairOf?: PairOf,
): TimedWorld {
  const usual: DialOptions = { engine };
  const optionsOf = (place: number, client: number | undefined): DialOptions => {
    const sourceAddress = sourceAddresses[place % sourceAddresses.length];
    const pair = client === undefined ? undefined : pairOf?.(client);
    return { sourceAddress, engine, ...pair && { tls: { ...target.tls, ...pair } } };
  };
  const isUsual = sourceAddresses.length === 0 && pairOf === undefined;
  return {
    clock: monotonicClock,
    canReset: canResetOver(target, engine),
    dial: (receiver, place = 0, client) => dial(target, isUsual ? usual : optionsOf(place, client), receiver),
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  };
}
