/**
 * Counts over the clients of a squad: plain data.
 */

/** Sums over the clients of a squad. */
export interface ClientCounters {
  alive: number;
  peakAlive: number;
  /** Clients with at least one connection. */
  connected: number;
  reconnects: number;
  refused: number;
  lost: number;
  kills: number;
  deferred: number;
  /** Lives that this machine kept silent for longer than keep alive allows. */
  overslept: number;
}
