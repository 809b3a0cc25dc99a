/**
 * A check and a broker on memory links, under a clock that advances when no task is left: a whole catalog without real
 * waits, with the same result in each run.
 */
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { startCore } from "../../../src/broker/serve/start_core.ts";
import { type CoreOptions, coreSettings } from "../../../src/broker/options/options.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { runDue } from "../../../src/broker/serve/tick.ts";
import type { ConformanceHooks, ConformanceRun } from "../../../src/conformance/check/conformance_run.ts";
import type { TimedWorld } from "../../../src/net/world.ts";
import { runConformance } from "../../../src/conformance/run_conformance.ts";
import type { ConformanceResult } from "../../../src/conformance/case/result.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import type { DialReceiver, Link } from "../../../src/net/link.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";

/** A broker on links in memory. */
export interface MemoryBroker {
  /** When the broker's next deadline is due. */
  readonly nextMs: number;
  /** Performs the due work. */
  turn(nowMs: number): void;
  accept(link: Link): void;
  /** True while the broker is down. */
  readonly isDown?: boolean;
}

/** Makes the broker under test; `later` runs a task when this turn is over. */
export type BrokerMaker = (clock: ManualClock, later: (task: () => void) => void) => MemoryBroker;

/** The users of our own broker's core, and the topic that refuses publishing: the run's options. */
export const givenRun = {
  login: { username: "check", password: "right" },
  deniedTopic: "mqtt-sim/denied",
} as const satisfies Partial<ConformanceRun>;

const givenCore: CoreOptions = {
  authenticate: ({ username, password }) =>
    username === givenRun.login.username && new TextDecoder().decode(password) === givenRun.login.password
      ? "accept"
      : "bad-credentials",
  authorize: (_, action, topic) => action !== "publish" || topic !== givenRun.deniedTopic,
};

/** Our own broker's core, with these options and the login and topic of {@link givenRun}. */
export function ourCore(options: CoreOptions = {}): BrokerMaker {
  return (clock, later) => {
    let drawn = 0;
    const core = startCore(
      coreSettings({ ...givenCore, clock, endOfTurn: later, ...options }, () => `drawn${++drawn}`),
    );
    return {
      get nextMs() {
        return core.deadlines.nextMs;
      },
      turn: (nowMs) => void runDue(core, nowMs),
      accept: (link) => serve(core, link, () => {}),
    };
  };
}

/** The longest step: the test treats events within a step as if they occurred at its start. */
const longestStepMs = 50;

/** Checks a broker in memory, with the login and topic of {@link givenRun}. */
export async function checkInMemory(
  maker: BrokerMaker,
  run: Partial<ConformanceRun> = {},
  hooks: Omit<ConformanceHooks, "world"> = {},
): Promise<ConformanceResult> {
  const clock = new ManualClock();
  const tasks: (() => void)[] = [];
  const timers = new Deadlines<() => void>();
  const broker = maker(clock, (task) => tasks.push(task));
  const dial = (receiver: DialReceiver): Link => {
    const [near, far] = memoryLinkPair((task) => tasks.push(task));
    if (broker.isDown === true) {
      const refused = { kind: "error", code: "ECONNREFUSED", message: "Connection refused" } as const;
      near.receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
      far.receiver = near.receiver;
      tasks.push(() => receiver.onEnd(refused));
      return near;
    }
    near.receiver = receiver;
    broker.accept(far);
    tasks.push(() => near.open && receiver.onOpen());
    return near;
  };
  const after = (ms: number, act: () => void) => {
    const deadline = timers.add(clock.nowMs() + ms, act);
    return () => timers.cancel(deadline);
  };
  const world: TimedWorld = { clock, canReset: true, dial, after };
  let done = false;
  const result = runConformance({ ...givenRun, target: parseEndpoint("mqtt://memory:1883"), ...run }, {
    ...hooks,
    world,
  })
    .finally(() => done = true);
  result.catch(() => {}); // awaited below; it may end earlier
  const settle = async () => {
    do {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
      await new Promise<void>((resolve) => setImmediate(resolve)); // pending promises continue first
    } while (tasks.length > 0);
  };
  while (!done) {
    await settle();
    if (done) break;
    const nextMs = Math.min(timers.nextMs, broker.nextMs, clock.nowMs() + longestStepMs);
    clock.advance(Math.max(0, nextMs - clock.nowMs()));
    broker.turn(clock.nowMs());
    await settle();
    for (let act = timers.takeDue(clock.nowMs()); act !== undefined; act = timers.takeDue(clock.nowMs())) act();
  }
  return await result;
}
