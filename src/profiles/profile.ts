/**
 * The known deviations of brokers from the standard: pure data, independent of the fleet and of conformance cases. Both
 * compare their findings with it: the fleet by a deviation's signs, a case by the rule's number.
 */

import type { VersionRange } from "./version_range.ts";

/** A version of the standard, as rules name it. */
export type StandardVersion = "3.1.1" | "5.0";

/** The violated rule, by version: the same number names different rules in the two. */
export type RuleNumbers = Readonly<Partial<Record<StandardVersion, string>>>;

/**
 * The evidence of a deviation: `run`, observed by mqtt-sim on the version that the source names; `documented` by the
 * broker's authors, in its documentation or its own tests; `read` in its source, and not run; `reported` by others, and
 * not run.
 */
export type Evidence = "run" | "documented" | "read" | "reported";

/** The faults of a will that a fleet can observe. */
export type SignFault = "missing" | "late" | "early" | "duplicate" | "unwanted" | "altered";

/**
 * The appearance of a deviation in a fleet: the affected lives, and the fault. Every part that is present must match,
 * so that a fault which the deviation's text does not describe stays a fault.
 */
export interface Sign {
  /** What is observed in a fleet. */
  readonly fault: SignFault;
  /** How the life ended, by the fleet's kill modes; `restart` where the broker's restart ended it. */
  readonly endings: readonly string[];
  /** The drawn variants of an ending. */
  readonly details?: readonly string[];
  /** Why the will was due, or was not, according to the fleet's oracle. */
  readonly grounds?: readonly string[];
  /** Only for clients that fell silent and kept their connection. */
  readonly silent?: true;
  /** Whether the session outlives its connection (5.0: Session Expiry above 0; 3.1.1: Clean Session 0). */
  readonly session?: "ends" | "lasts";
  /** Clean Start (3.1.1: Clean Session) of the next CONNECT: 1, or 0. */
  readonly next?: "clean" | "resumes";
  /** Whether the will has a delay. */
  readonly delay?: "none" | "some";
  /** Keep alive in whole seconds is an odd number. */
  readonly keepAlive?: "odd";
  /** The parts of the will that may differ, each property by its name, such as `content type`; no other part may. */
  readonly altered?: readonly string[];
  /** Maximum deviation of a late or early will from its due time, beyond the normal tolerance; the sum of its parts. */
  readonly within?: {
    readonly s?: number;
    /** This many times the keep alive. */
    readonly keepAlives?: number;
    /** This many times the will delay. */
    readonly delays?: number;
  };
  /** Late only while other clients with delayed wills die: it arrives at the latest with the last of theirs. */
  readonly whileOthersDie?: true;
  /** Missing only if its client was back after the due time, within the tolerance of `within` and `whileOthersDie`. */
  readonly overdueWhenBack?: true;
  /**
   * Only if a restart of the broker ended the life, or fell between its end and the next event of its will (its due
   * time, or the session's resumption). Early then means between the broker's stop and its return.
   */
  readonly restart?: true;
  /**
   * Only for a will of another node that was due while a node of the cluster was stopped, until it was back: `any`, or
   * as the watchers of the stopped node alone received it.
   */
  readonly nodeDown?: "any" | "at its watchers";
  /** Early, but no sooner than its delay after the CONNECT. */
  readonly delayFromConnect?: true;
}

/** The faults of a case of `check`. */
export type CaseFaultKind =
  /** A message or packet that was due did not arrive while the case waited for it. */
  | "missing"
  /** It arrived, or the connection was closed, after the last time within the bounds. */
  | "late"
  /** It arrived before it was due. */
  | "early"
  /** A message arrived although none was due. */
  | "unwanted"
  /** A message arrived with other parts than those that were sent. */
  | "altered"
  /** The connection stayed open although the broker must close it. */
  | "not closed"
  /** The connection ended although it must stay open. */
  | "closed"
  /** The broker accepted what it must refuse. */
  | "accepted"
  /** The broker refused what it must accept. */
  | "refused"
  /** An answer arrived with a wrong code. */
  | "wrong code"
  /** The broker sent bytes that are not a valid packet. */
  | "malformed"
  /** The fault that the case's own sentence describes. */
  | "other";

/** The appearance of a deviation in a case of `check`: a failure without a matching sign stays a failure. */
export interface CaseSign {
  /** What is observed in a case. */
  readonly fault: CaseFaultKind;
  /** `late` and `early`: maximum seconds beyond the normal tolerance. */
  readonly withinS?: number;
  /** The same, as a multiple of the keep alive; both are added. */
  readonly withinKeepAlives?: number;
  /** `altered`: the parts that may differ, by the beginnings of their names; no other part may. */
  readonly parts?: readonly string[];
  /** `refused` and `wrong code`: the codes; any code if none is named. */
  readonly codes?: readonly number[];
}

/** One known deviation of a broker from the standard. */
export interface Deviation {
  /** Lower case, unique in its profile. */
  readonly id: string;
  /** The statements of the standard, by version. */
  readonly rules: RuleNumbers;
  /** One plain sentence. */
  readonly what: string;
  /** Where the deviation is documented or was observed. */
  readonly evidence: Evidence;
  /** The source: a document, a test, a source, an issue, or the version on which it was observed. */
  readonly source: string;
  /** The affected versions of the profile; all of them if absent. */
  readonly only?: VersionRange;
  /** It leaves a will as the retained message of a client that is online, and has published its presence since. */
  readonly stalePresence?: true;
  /** Its appearance in a fleet; empty if a fleet cannot observe it. */
  readonly signs: readonly Sign[];
  /** Its appearance in a case of `check`; derived from {@link signs} if absent. See `case_sign.ts`. */
  readonly shows?: readonly CaseSign[];
}

/**
 * A limit that the operator of a service documents, as the range of a setting of a fleet. With the profile, a fleet
 * outside of it does not start.
 */
export interface ServiceLimit {
  /** The name of the setting in a plan. */
  readonly setting: string;
  /** The default of the setting with this profile; that of all plans if absent. */
  readonly usual?: number | boolean;
  /** The least value, in the unit of the plan. */
  readonly min?: number;
  /** The largest value: a number, the bytes of a text, or kills a second. */
  readonly max?: number;
  /** The most slashes of a topic. */
  readonly slashes?: number;
  /** A text that must not begin the value. */
  readonly notFirst?: string;
  /** One plain sentence: what the operator documents. */
  readonly what: string;
  /** The page of the operator. */
  readonly source: string;
}

/** The known deviations of one broker. */
export interface Profile {
  /** The value for `--profile`. */
  readonly name: string;
  readonly broker: string;
  /** The versions that were examined. */
  readonly versions: string;
  /** The broker's name in `$SYS/broker/version`, in lower case; absent if it gives none. */
  readonly sysName?: string;
  /** The versions that this profile covers, if another profile covers other versions of the same broker. */
  readonly range?: VersionRange;
  readonly deviations: readonly Deviation[];
  /** The limits of a service; absent for a broker that its user configures. */
  readonly limits?: readonly ServiceLimit[];
}
