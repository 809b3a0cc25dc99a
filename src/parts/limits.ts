/** The time limits of a run in several parts, in milliseconds. Every wait of a part and of the coordinator has one. */

/** Interval of the coordinator's beats, each with the whole state of the run. */
export const beatEveryMs = 250;
/** Interval of the reports of a part on its state. */
export const statusEveryMs = 1_000;
/** A request without an answer is sent again after this time. */
export const askAgainMs = 1_000;
/** A part without a sign of life for so long loses its number while the parts gather. */
export const seatSilentMs = 10_000;
/** The fleet begins to connect only while each part was heard within this time: two of its reports may be lost. */
export const freshMs = 3 * statusEveryMs;
/** The coordinator warns of a part that is silent for so long. */
export const warnSilentMs = 15_000;
/** The coordinator warns of a part that begins to kill so much later than the others. */
export const warnLateMs = 250;
/** Silence of the coordinator after which a part that has not begun to kill ends. */
export const coordinatorSilentMs = 60_000;
/** A part that never hears of its run ends after this time. */
export const orphanMs = 600_000;
/** Interval and duration of the attempts to store a report. */
export const saveAgainMs = 2_000;
export const saveForMs = 300_000;
/** How long a part waits for the coordinator's acknowledgement of its report; the report is stored already. */
export const keptWithinMs = 10_000;
/** How long the coordinator waits for the reports of a run that it ended early. */
export const endWithinMs = 15_000;
/** How long the coordinator repeats that the run is over. */
export const overForMs = 1_000;
/** The least time from the order to kill to the first kill. */
export const goLeastMs = 2_000;
/** Pings to the coordinator, for the offset of the clock. */
export const pings = 16;
export const pingEveryMs = 100;

/** Limits that depend on the plan or on flags. */
export interface RunLimits {
  /** All parts have to come within this time. */
  readonly gatherMs: number;
  /** All clients have to be connected within this time. */
  readonly connectMs: number;
  /** All reports have to be stored within this time after the first kill. */
  readonly killMs: number;
  /** A part that is silent for so long after the gathering is lost, unless its report is stored. */
  readonly silenceMs: number;
  /** A part that begins to kill so much later than the others makes the run void. */
  readonly lateMs: number;
}
