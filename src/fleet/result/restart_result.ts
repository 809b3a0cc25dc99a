/**
 * The restarts of the broker during a run, and the counts of what they ended: plain data.
 */

/** A restart as the oracle knows it. Instants are of the clock of all lives. */
export interface RestartWindow {
  /** From here on the broker may have been down: nothing was done to it before. */
  readonly fromMs: number;
  /** By now it serves again, and the watchers see; Infinity before that. */
  readonly backMs: number;
  /**
   * Whether it still had the sessions it was to keep, as those of the watchers show; undefined before that is known.
   */
  readonly sessionsKept: boolean | undefined;
}

/** A time in which one watcher could not see. */
export interface Absence {
  readonly bucket: number;
  readonly copy: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** The broker had forgotten the watcher's session, and so all that it had kept for it. */
  readonly forgotten: boolean;
  /** The broker had granted the watcher QoS 0 alone, and need not keep such messages for a session that is away. */
  readonly atQos0?: boolean;
}

/** What one squad found of one restart. */
export interface SquadRestartCounts {
  /** Since when the squad waited, and when it went on. */
  readonly fromMs: number;
  readonly backMs: number;
  /** Lives that ended with it. */
  lives: number;
  /** Connections, of clients and watchers, that were open all through it. */
  survived: number;
  /** Watchers whose session the broker still had, and those whose it had forgotten. */
  readonly watchersKept: number;
  readonly watchersForgotten: number;
  /**
   * Wills of lives that ended with it or waited through it, by when they came: before the broker was back, or after.
   */
  willsBefore: number;
  willsAfter: number;
}

/** Results of one restart. Milliseconds; instants since the run began. */
export interface RestartResult {
  /** When the broker was told to go, and when it let a client in again. */
  readonly downAtMs: number;
  /** When the watchers were back, in milliseconds since the run began. */
  readonly backAtMs: number;
  /** How long the user's command took; absent for a broker of our own. */
  readonly commandMs?: number;
  /** Lives that ended with the restart. */
  readonly lives: number;
  /** Connections that did not end. */
  readonly survived: number;
  /** Watchers whose session the broker kept. */
  readonly watchersKept: number;
  /** Watchers whose session the broker forgot. */
  readonly watchersForgotten: number;
  /** Wills that came before the broker was back. */
  readonly willsBefore: number;
  /** Wills that came after the broker was back. */
  readonly willsAfter: number;
}

/** A restart as it went, by the clock of the run; or why there was none, in a sentence. */
export type Restarted =
  | { readonly kind: "back"; readonly downMs: number; readonly backMs: number; readonly commandMs?: number }
  | { readonly kind: "failed"; readonly sentence: string };
