/** The intervals and time limits of a squad's turns. */

/** How long after Ctrl-C the squad waits for wills on their way, in milliseconds. */
export const interruptGraceMs = 2_000;
/** Interval of the judging of lives whose will is decided, in milliseconds. */
export const settleEveryMs = 100;
/** The longest time between two turns: an event that a turn reads may have waited here since the turn before. */
export const longestPauseMs = 25;
/** The same outside of the kills, where a phase waits for what the links receive, and while clients connect. */
export const pollEveryMs = 10;
export const rampEveryMs = 1;
/** Interval between kills of canaries for each watcher during the kill phase, in milliseconds. */
export const canaryEveryMs = 5_000;
