/**
 * What is known of brokers that part from the standard: pure data, which knows no fleet and no conformance case. Both
 * hold what they find against it: the fleet by a deviation's signs, a case by the rule's number.
 */

import type { VersionRange } from "./version_range.ts";

/** A version of the standard, as rules name it. */
export type StandardVersion = "3.1.1" | "5.0";

/** The rule that is broken, by version: the same number names different rules in the two. */
export type RuleNumbers = Readonly<Partial<Record<StandardVersion, string>>>;

/**
 * How a deviation is known: `run`, seen by mqtt-sim on the version that the source names; `documented` by the broker's
 * makers, in its documentation or its own tests; `read` in its source, and not run; `reported` by others, and not run.
 */
export type Evidence = "run" | "documented" | "read" | "reported";

/** What can be wrong with a will, as a fleet tells it. */
export type SignFault = "missing" | "late" | "early" | "duplicate" | "unwanted" | "altered";

/**
 * What a deviation looks like to a fleet: the lives in which it may show, and how. Every part that is there must hold,
 * so that a fault which the deviation's text does not describe stays a fault.
 */
export interface Sign {
  /** What is observed in a fleet. */
  readonly fault: SignFault;
  /** How the life ended, by the fleet's kill modes; `restart` where the broker's restart ended it. */
  readonly endings: readonly string[];
  /** What was drawn among the ways of an ending. */
  readonly details?: readonly string[];
  /** Why the will was due, or was not, by the fleet's oracle. */
  readonly grounds?: readonly string[];
  /** Only of clients that fell silent and kept their connection. */
  readonly silent?: true;
  /** Whether the session outlives its connection (5.0: Session Expiry above 0; 3.1.1: Clean Session 0). */
  readonly session?: "ends" | "lasts";
  /** What the CONNECT that followed asked for: Clean Start (3.1.1: Clean Session) 1, or 0. */
  readonly next?: "clean" | "resumes";
  /** Whether the will asked for a delay. */
  readonly delay?: "none" | "some";
  /** Keep alive in whole seconds: an odd number of them. */
  readonly keepAlive?: "odd";
  /** The parts of the will that differ, each property by its name, such as `content type`; no other may. */
  readonly altered?: readonly string[];
  /** How far a late or early will may be off its instant, beyond what counts as late anyway; the sum of its parts. */
  readonly within?: {
    readonly s?: number;
    /** So many times the keep alive. */
    readonly keepAlives?: number;
    /** So many times the will delay. */
    readonly delays?: number;
  };
  /** Late only while others die whose wills are delayed too: it comes with the last of theirs, at the latest. */
  readonly whileOthersDie?: true;
  /** Missing, its client being back when it was due, but need not have come yet by `within` and `whileOthersDie`. */
  readonly overdueWhenBack?: true;
  /**
   * Only where a restart of the broker ended the life, or fell between its end and what was to come of its will (the
   * will's instant, or the session's resumption). Early then is from the broker's going down until it was back.
   */
  readonly restart?: true;
  /** Early, but no sooner than its delay after the CONNECT. */
  readonly delayFromConnect?: true;
}

/** What can go wrong in a case of `check`. */
export type CaseFaultKind =
  /** A message or packet that was due did not come while the case looked for it. */
  | "missing"
  /** It came, or the connection was closed, after the last instant that the bounds allow. */
  | "late"
  /** It came before it was due. */
  | "early"
  /** A message came where none was due. */
  | "unwanted"
  /** A message came with other parts than it was sent with. */
  | "altered"
  /** The connection stayed open where the broker has to close it. */
  | "not closed"
  /** The connection ended where it has to stay. */
  | "closed"
  /** The broker took what it has to refuse. */
  | "accepted"
  /** The broker refused what it has to take. */
  | "refused"
  /** An answer came with another code than is due. */
  | "wrong code"
  /** The broker sent what cannot be read as a packet. */
  | "malformed"
  /** What the case's own sentence says. */
  | "other";

/** What a deviation looks like to a case of `check`: a failure that no sign covers stays a failure. */
export interface CaseSign {
  /** What is observed in a case. */
  readonly fault: CaseFaultKind;
  /** `late` and `early`: by so many seconds at most, beyond what counts as late or early anyway. */
  readonly withinS?: number;
  /** The same, as a multiple of the keep alive; both are added. */
  readonly withinKeepAlives?: number;
  /** `altered`: the parts that may differ, by the beginnings of their names; no other may. */
  readonly parts?: readonly string[];
  /** `refused` and `wrong code`: the codes; any where none is named. */
  readonly codes?: readonly number[];
}

/** One way in which a broker is known to part from the standard. */
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
  /** The versions that have it, of those of the profile; all of them where absent. */
  readonly only?: VersionRange;
  /** It leaves a will as the retained message of a client that lives, and has said since that it does. */
  readonly stalePresence?: true;
  /** How a fleet sees it; none where no fleet can. */
  readonly signs: readonly Sign[];
  /** How a case of `check` sees it; derived from {@link signs} where absent. See `case_sign.ts`. */
  readonly shows?: readonly CaseSign[];
}

/** What is known of one broker. */
export interface Profile {
  /** As `--profile` takes it. */
  readonly name: string;
  readonly broker: string;
  /** The versions that it was made of. */
  readonly versions: string;
  /** What the broker calls itself in `$SYS/broker/version`, in lower case; absent where it does not say. */
  readonly sysName?: string;
  /** The versions that it is about, where another profile is about others of the same broker. */
  readonly range?: VersionRange;
  readonly deviations: readonly Deviation[];
}
