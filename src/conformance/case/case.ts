import type { KnownLimits } from "../model/known_limits.ts";
import type { Protocol } from "../model/protocol.ts";
import type { CaseContext } from "../context/case_context.ts";

/** The subject of a case. The first part of its id. */
export const areas = {
  will: "Last Wills",
  connect: "CONNECT and CONNACK",
  "keep-alive": "keep alive",
  session: "sessions",
  publish: "publishing at each QoS",
  retained: "retained messages",
  subscribe: "subscriptions and their options",
  shared: "shared subscriptions",
  properties: "properties of 5.0",
  limits: "limits",
  disconnect: "DISCONNECT and the end of a connection",
  /** Runs only where the selection names it: it is no part of MQTT. */
  sparkplug: "Sparkplug 3.0",
  /** Faults that show during cases about something else. */
  broker: "the broker as a whole",
} as const;

/** The name of an {@link areas area}. */
export type Area = keyof typeof areas;

/** A requirement of a case; where it is missing, the case is not testable. */
export type Need =
  /** A way to restart the broker. Such cases run alone, after all others. */
  | "restart"
  /** Credentials, so that wrong ones can be tried. */
  | "login"
  /** A topic that the client may subscribe to and not publish to. */
  | "denied-topic"
  | "retain"
  | "qos1"
  | "qos2"
  | "wildcard"
  | "shared"
  | "subscription-identifiers";

/** A case of the catalog. */
export interface ConformanceCase {
  /** Area, slash, and a name that is unique in the area: `will/reset`. Its meaning never changes. */
  readonly id: `${Area}/${string}`;
  /** The required behaviour of the broker, in one line. */
  readonly title: string;
  /** The steps of the case, in one line. */
  readonly does: string;
  /**
   * The statements that the case tests, by version; the case runs in those versions. An entry is a section's number
   * (`3.1.2.5`) where the standard gives the rule no number.
   */
  readonly rules: Readonly<Partial<Record<Protocol, readonly string[]>>>;
  /** `clock` for a case that waits for the standard's own seconds; `--quick` leaves it out. */
  readonly time?: "quick" | "clock";
  /** Features and inputs without which the case is not testable. Default: none. */
  readonly needs?: readonly Need[];
  /** Deviations, by their ids in profiles, under which a broker may fail this case. */
  readonly deviations?: readonly string[];
  /** Runs the case. Throws a CaseFailure or a NotTestable; the errors of its context and probes suffice for most. */
  readonly run: (context: CaseContext) => Promise<void>;
}

/** The findings of a version's control arm about a broker. */
export type BrokerFacts = {
  readonly spoken: true;
  readonly limits: KnownLimits;
  /** The control arm, with no other case at the time, saw the message and not the will. */
  readonly losesWills: boolean;
} | {
  readonly spoken: false;
  readonly losesWills?: undefined;
  /** How the control arm ended. */
  readonly outcome: "pass" | "fail" | "void" | "not spoken";
  /** Why no case can be tried. */
  readonly reason: string;
};

/** The area of a case. */
export function areaOf({ id }: Pick<ConformanceCase, "id">): Area {
  return id.slice(0, id.indexOf("/")) as Area;
}
