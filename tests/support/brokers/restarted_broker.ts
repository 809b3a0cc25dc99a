/**
 * Our own broker's core on links in memory with a restart: every link ends, and another core continues with the store's
 * content, or with nothing.
 */
import type { ManualClock } from "../../../src/base/clock.ts";
import type { Core } from "../../../src/broker/core/core.ts";
import { startCore } from "../../../src/broker/serve/start_core.ts";
import { type CoreOptions, coreSettings } from "../../../src/broker/options/options.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { beginStop, finishStop } from "../../../src/broker/serve/shutdown.ts";
import { runDue } from "../../../src/broker/serve/tick.ts";
import type { BrokerMaker } from "./checked_broker.ts";

/** The time of day at which the clock begins, in milliseconds since 1970. */
const firstMs = Date.UTC(2026, 0, 5, 8);

/** A broker with a restart. */
export interface Restarted {
  readonly maker: BrokerMaker;
  restart(): Promise<void>;
}

/**
 * Makes a broker with a restart.
 *
 * @param store the path of its store; undefined keeps nothing
 * @param options options of its core
 * @param afterwards called with the new core
 */
export function restarted(
  store: string | undefined,
  options: CoreOptions = {},
  afterwards: (core: Core, nowMs: number) => void = () => {},
): Restarted {
  let core: Core;
  let clock: ManualClock;
  let begin: () => void = () => {};
  const maker: BrokerMaker = (given, later) => {
    clock = given;
    let drawn = 0;
    begin = () => {
      const wallNowMs = () => firstMs + clock.nowMs();
      const kept = store === undefined ? {} : { store: { path: store, outlives: "process" } as const };
      const settings = { clock, wallNowMs, endOfTurn: later, ...kept, ...options };
      core = startCore(coreSettings(settings, () => `drawn${++drawn}`));
    };
    begin();
    return {
      get nextMs() {
        return core.deadlines.nextMs;
      },
      turn: (nowMs) => void runDue(core, nowMs),
      accept: (link) => serve(core, link, () => {}),
    };
  };
  // The loop of the check continues meanwhile, and delivers pending data.
  const breath = async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    maker,
    async restart() {
      beginStop(core, clock.nowMs());
      await breath(); // the watchers read the rest
      finishStop(core, clock.nowMs());
      await breath();
      core.turn.stop(clock.nowMs());
      begin();
      afterwards(core, clock.nowMs());
    },
  };
}
