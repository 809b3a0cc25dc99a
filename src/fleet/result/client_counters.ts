/**
 * Counts over the clients of a squad: plain data.
 */

/** Sums over the clients of a squad. */
export interface ClientCounters {
  /** Clients that are connected now. */
  alive: number;
  /** The largest number of them. */
  peakAlive: number;
  /** Clients with at least one connection. */
  connected: number;
  /** Accepted CONNECTs of clients that had been connected before. */
  reconnects: number;
  /** Refused CONNECTs. */
  refused: number;
  /** Connections that ended without a kill. */
  lost: number;
  /** Kills. */
  kills: number;
  /** Kills that waited until their client was connected. */
  deferred: number;
  /** Lives that this machine kept silent for longer than keep alive allows. */
  overslept: number;
}
