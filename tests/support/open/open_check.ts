import type { ConformanceRun } from "../../../src/conformance/check/conformance_run.ts";

/** A check of the test broker that makes open choices, with a referee on each of its links. */
import type { ConformanceResult } from "../../../src/conformance/case/result.ts";
import { checkInMemory, givenRun } from "../brokers/checked_broker.ts";
import { OpenBroker, type OpenFaults } from "./open_broker.ts";
import { Choices, type OpenChoice } from "./open_choices.ts";
import { Referee } from "./referee.ts";

/** The options of a check of the test broker. */
export interface OpenCheck {
  readonly seed: number;
  readonly run?: Partial<ConformanceRun>;
  readonly without?: readonly OpenChoice[];
  readonly only?: readonly OpenChoice[];
  readonly faults?: OpenFaults;
}

/** The result of the check, and the seed's choices. */
export interface OpenChecked {
  readonly result: ConformanceResult;
  readonly choices: Choices;
  /** The number of packets that the referee read. */
  readonly looked: number;
}

/** How long the broker is down when a case restarts it, in milliseconds. */
const downMs = 300;

/** Checks the broker of a seed. */
export async function openCheck({ seed, run = {}, without, only, faults }: OpenCheck): Promise<OpenChecked> {
  const choices = new Choices(seed, without, only);
  let broker!: OpenBroker;
  let referee!: Referee;
  const result = await checkInMemory(
    (clock) => {
      broker = new OpenBroker(clock, choices, givenRun, faults);
      referee = new Referee(() => clock.nowMs());
      return {
        get nextMs() {
          return broker.nextMs;
        },
        turn: (nowMs) => broker.turn(nowMs),
        accept: (link) => broker.isDown ? link.reset() : broker.accept(referee.watch(link)),
      };
    },
    run,
    {
      restart: () =>
        new Promise((resolve) => {
          broker.kill();
          broker.after(downMs, () => {
            broker.begin();
            resolve();
          });
        }),
    },
  );
  return { result, choices, looked: referee.looked };
}
