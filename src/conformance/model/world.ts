/**
 * What cases need of the world: a clock, timers, and links to the broker under test. Tests hand over a clock that is
 * moved by hand and links in memory.
 */
import { type Clock, monotonicClock } from "../../base/clock.ts";
import { canResetOver, dial } from "../../net/dial.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineName } from "../../net/engine.ts";
import type { DialReceiver, Link } from "../../net/link.ts";

/** The clock, the links and the random numbers of a check. */
export interface World {
  /** The clock that every bound uses. */
  readonly clock: Clock;
  /** True where `Link.reset` sends RST. */
  readonly canReset: boolean;
  /** Starts to open a link to the broker. */
  dial(receiver: DialReceiver): Link;
  /** Calls once after so many milliseconds; what it answers calls that off. */
  after(ms: number, act: () => void): () => void;
}

/** The real world, and a broker in it. */
export function worldOf(target: Endpoint, engine: EngineName): World {
  return {
    clock: monotonicClock,
    canReset: canResetOver(target, engine),
    dial: (receiver) => dial(target, { engine }, receiver),
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  };
}
