/**
 * The return of the watchers after the broker, or a node of it, has started again: each reconnects, or turns out to
 * have kept its connection.
 */
import type { WatcherPool } from "../watch/watcher_pool.ts";
import type { Absence } from "../result/restart_result.ts";

/** How long after the broker's return a connection that it has ended may seem open, in milliseconds. */
const noticedWithinMs = 2_000;

/** An outage whose end the watchers see. */
interface Ending {
  readonly fromMs: number;
  /** When the broker served again. */
  readonly servesMs: number;
  /** How long the broker may take to come back. */
  readonly timeoutMs: number;
}

/** How far the watchers are. */
type Progress =
  | { readonly kind: "waits" }
  /** The number of a watcher that could not reconnect in time. */
  | { readonly kind: "lost"; readonly watcher: number }
  | { readonly kind: "back"; readonly absences: readonly Absence[] };

/** One turn of the return. */
export function watcherReturn({ watchers }: WatcherPool, ending: Ending, nowMs: number): Progress {
  const { fromMs, servesMs, timeoutMs } = ending;
  if (nowMs >= servesMs + noticedWithinMs) {
    for (const watcher of watchers) watcher.endRestart();
  }
  const missing = watchers.find((watcher) => watcher.returned === undefined);
  if (missing !== undefined) {
    const isLate = nowMs > servesMs + Math.max(timeoutMs, 2 * noticedWithinMs);
    return isLate ? { kind: "lost", watcher: missing.post.number } : { kind: "waits" };
  }
  const absences = watchers.flatMap(({ post, returned, seen }): Absence[] => {
    if (returned?.kind !== "back") return [];
    const { bucket, copy } = post;
    const { atMs: toMs, forgotten } = returned;
    return [{ bucket, copy, fromMs, toMs, forgotten, ...seen.grantedQos === 0 && { atQos0: true } }];
  });
  for (const watcher of watchers) watcher.forgetRestart();
  return { kind: "back", absences };
}
