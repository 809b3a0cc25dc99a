/** Reads a socket whose bytes the kernel stamps, and dates their arrival. */
import { monotonicClock } from "../../base/clock.ts";
import type { Libc } from "./libc.ts";

export class ArrivalStamps {
  /** When the last bytes arrived; undefined before the first. */
  arrivedMs: number | undefined;
  /** When a read last emptied the socket: bytes that are read later arrived later. */
  #emptiedMs = -Infinity;

  /**
   * Reads like {@link Libc.read}. A clock that was set meanwhile cannot put an arrival before the last read, or after
   * this one.
   */
  read(libc: Libc, socket: number, limit: number): number {
    const answer = libc.readStamped(socket, limit);
    if (answer <= 0) return answer;
    const nowMs = monotonicClock.nowMs();
    const ageMs = libc.stampAgeMs();
    this.arrivedMs = Number.isNaN(ageMs) ? nowMs : Math.min(nowMs, Math.max(this.#emptiedMs, nowMs - ageMs));
    if (answer < limit) this.#emptiedMs = nowMs;
    return answer;
  }
}
