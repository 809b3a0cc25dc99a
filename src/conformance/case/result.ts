/**
 * The findings of a run: plain data, which a report writes down.
 */
import type { EngineName } from "../../net/engine.ts";
import type { Bounds } from "../model/bounds.ts";
import type { Area } from "./case.ts";
import type { CaseFault } from "../model/outcome.ts";
import type { Protocol } from "../model/protocol.ts";
import type { TranscriptLine } from "../probe/transcript.ts";

/** How a case came out. */
export type CaseOutcome =
  | "pass"
  | "fail"
  /** The case failed, and the profile describes this failure. */
  | "deviation"
  /** It could not be tried, or not on this broker; the report has the reason. */
  | "not testable";

/** One case in one version. */
export interface CaseResult {
  /** The id of the case. */
  readonly id: string;
  /** The area of the case. */
  readonly area: Area;
  /** The required behaviour of the broker. */
  readonly title: string;
  /** The steps of the case. */
  readonly does: string;
  /** The MQTT version. */
  readonly protocol: Protocol;
  /** Numbers of the statements, in this version. */
  readonly rules: readonly string[];
  /** The observed behaviour. */
  readonly outcome: CaseOutcome;
  /** Why it failed or was not tested, in a sentence. */
  readonly reason?: string;
  /** The fault, by kind and bound, where the case failed. */
  readonly fault?: CaseFault;
  /** Where the entry is a fault that showed during other cases: those, as `id in version`. */
  readonly seenIn?: readonly string[];
  /** The deviation under which it failed; or under which it was to fail, and passed. */
  readonly deviation?: string;
  /** Observations that change no outcome. */
  readonly notes: readonly string[];
  /** How long the case took. */
  readonly durationMs: number;
  /** Why it ran again: the result of the first run. */
  readonly again?: Again;
  /** The packets on the links, where the case failed. */
  readonly transcript?: readonly TranscriptLine[];
}

/** A case failed beside others or while this process was late, and ran again, once, alone, with another outcome. */
export interface Again {
  /** Why it failed then. */
  readonly reason: string;
  /** How late this process was meanwhile, at the worst; 0 where it was in time. */
  readonly lateMs: number;
}

/** How often each outcome came. */
export type OutcomeCounts = Readonly<Record<CaseOutcome, number>>;

/** The findings of a run. */
export interface ConformanceResult {
  /** `void`: the check proves nothing: the broker could not be reached or refused the login, or no message was seen. */
  readonly verdict: "pass" | "fail" | "void";
  /** One sentence. */
  readonly reason: string;
  /** The exit code of `mqtt-sim check`. */
  readonly exitCode: 0 | 1 | 3 | 130;
  /** The broker's URL. */
  readonly target: string;
  /** The engine of the probes' TCP, where they used sockets. */
  readonly engine?: EngineName;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** How long the check took. */
  readonly durationMs: number;
  /** The time bounds of the check. */
  readonly bounds: Bounds;
  /** True where cases that wait for the standard's own seconds were left out. */
  readonly quick: boolean;
  /** The profile's name, if there was one. */
  readonly profile?: string;
  /** The number of cases by outcome. */
  readonly counts: OutcomeCounts;
  /** The control arms, by version. */
  readonly controls: readonly ControlResult[];
  /** The result of each case. */
  readonly cases: readonly CaseResult[];
  /** Notes for the reader. */
  readonly warnings: readonly string[];
}

/** The control arm of one version. */
export interface ControlResult {
  /** The MQTT version. */
  readonly protocol: Protocol;
  /**
   * `fail`: the message came and the will did not, or the CONNACK is malformed. `void`: nothing is proved. `not
   * spoken`: the broker does not speak the version.
   */
  readonly outcome: "pass" | "fail" | "void" | "not spoken";
  /** Set where no CONNACK accepted a client: no connection, or a login that the broker refused. */
  readonly cause?: "unreachable" | "login";
  /** Why the control failed, if it did. */
  readonly reason?: string;
  /** The packets sent and received. */
  readonly transcript?: readonly TranscriptLine[];
}
