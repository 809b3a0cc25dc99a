/**
 * The request of a check, and its callbacks.
 */
import type { Authenticator } from "../../auth/exchange.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineChoice } from "../../net/engine.ts";
import type { Deviation } from "../../profiles/profile.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { CaseResult } from "../case/result.ts";
import type { Selection } from "./select.ts";
import type { CheckLogin } from "../context/case_context.ts";
import type { TimedWorld } from "../../net/world.ts";

/** Deviations that a broker documents; as much of a profile as a check needs. */
export interface DeviationProfile {
  /** The name of the profile. */
  readonly name: string;
  /** The deviations that do not fail the check. */
  readonly deviations: readonly (Pick<Deviation, "id"> & Partial<Pick<Deviation, "rules" | "signs" | "shows">>)[];
}

/**
 * The cases that a check runs, and the broker that it runs them against.
 *
 * @example The cases of one rule
 * ```ts ignore
 * import { Broker, type ConformanceRun, parseEndpoint, runConformance } from "mqtt-sim";
 *
 * await using broker = await Broker.start();
 * const run: ConformanceRun = { target: parseEndpoint(broker.url), rules: ["3.1.1:3.1.2-8"], only: ["will/close"] };
 * const { verdict, cases } = await runConformance(run);
 * console.log(verdict, cases.length);
 * ```
 */
export interface ConformanceRun extends Selection {
  /** The broker. */
  readonly target: Endpoint;
  /** The login of each client. Default: none. */
  readonly login?: CheckLogin | undefined;
  /**
   * The password of the clients of a case that begins, in place of that of `login`. A case is not testable where the
   * promise rejects.
   */
  readonly casePassword?: (() => Promise<string>) | undefined;
  /** The enhanced authentication of each client of MQTT 5.0. Default: none. */
  readonly auth?: Authenticator | undefined;
  /** Multiplies every time bound. Default: 1. */
  readonly slack?: number | undefined;
  /** Cases at a time. Default: 40. */
  readonly parallel?: number | undefined;
  /** A topic that the login may subscribe to and not publish to. Default: none; its cases are not testable. */
  readonly deniedTopic?: string | undefined;
  /** The profile of the broker. Default: strict, without deviations. */
  readonly profile?: DeviationProfile | undefined;
  /** The engine for the TCP of the probes. Default: `auto`. */
  readonly engine?: EngineChoice | undefined;
  /** The cases. Default: the catalog. */
  readonly cases?: readonly ConformanceCase[];
}

/** The environment and the callbacks of a run. */
export interface ConformanceHooks {
  /** Called with each finished case. */
  readonly onCase?: (result: CaseResult, done: number, total: number) => void;
  /** Restarts the broker; fulfilled when it accepts connections again. Cases that need it are not testable without. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Its `abort` starts no further case and aborts the running ones. */
  readonly interrupt?: AbortSignal;
  /** In place of the real one, for tests. */
  readonly world?: TimedWorld;
}
