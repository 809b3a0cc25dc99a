/**
 * The restarts of the broker during a run, and the counts of the lives that they ended: plain data.
 */

/** A restart in the oracle's data. Instants are of the clock of all lives. */
export interface RestartWindow {
  /** The node of the cluster that was down, from 0; absent where the whole broker was. */
  readonly node?: number;
  /** From here on the broker may have been down: no restart action took place before. */
  readonly fromMs: number;
  /** By now it serves again, and the watchers are subscribed; Infinity before that. */
  readonly backMs: number;
  /**
   * Whether it still had the sessions it was to keep, as those of the watchers show; undefined before that is known.
   */
  readonly sessionsKept: boolean | undefined;
}

/** An absence of one watcher. */
export interface Absence {
  readonly bucket: number;
  readonly copy: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** The broker had lost the watcher's session, and so every message kept for it. */
  readonly forgotten: boolean;
  /** The broker had granted the watcher QoS 0 alone, and need not keep such messages for an absent session. */
  readonly atQos0?: boolean;
}

/** The findings of one squad on one restart. */
export interface SquadRestartCounts {
  /** The start of the squad's pause, and its end. */
  readonly fromMs: number;
  readonly backMs: number;
  /** Lives that ended with it. */
  lives: number;
  /** Connections, of clients and watchers, that were open all through it. */
  survived: number;
  /** Watchers whose session the broker still had, and those whose it had lost. */
  readonly watchersKept: number;
  readonly watchersForgotten: number;
  /** Wills of lives that ended with it or waited through it, by their arrival: before the broker was back, or after. */
  willsBefore: number;
  willsAfter: number;
}

/** Results of one restart. Milliseconds; instants since the run began. */
export interface RestartResult {
  /** The name of the node that was stopped; absent where the whole broker was restarted. */
  readonly node?: string;
  /** When the restart stopped the broker, and when the broker accepted a client again. */
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
  /** Watchers whose session the broker lost. */
  readonly watchersForgotten: number;
  /** Wills that arrived before the broker was back. */
  readonly willsBefore: number;
  /** Wills that arrived after the broker was back. */
  readonly willsAfter: number;
}

/** A restart by the clock of the run; or why there was none, in a sentence. */
export type Restarted =
  | {
    readonly kind: "back";
    /** The name of the node that was stopped; absent where the whole broker was restarted. */
    readonly node?: string;
    readonly downMs: number;
    readonly backMs: number;
    readonly commandMs?: number;
  }
  | { readonly kind: "failed"; readonly sentence: string };
