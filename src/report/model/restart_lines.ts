/** The broker's restarts in words, for every writer that has lines. */
import { formatCount, formatMs } from "../../base/units.ts";
import type { Report } from "./report.ts";

/** A line for each restart, and one for unobserved ones; empty where the fleet did not restart the broker. */
export function restartLines({ restarts }: Pick<Report, "restarts">): string[] {
  if (restarts === undefined) return [];
  const lines = restarts.each.map((restart) => {
    const { node, downAtMs, backAtMs, lives, willsBefore, willsAfter, watchersKept, watchersForgotten } = restart;
    const watchers = watchersKept + watchersForgotten;
    const [what, before] = node === undefined
      ? ["The broker was restarted", "came during the shutdown"]
      : [`Node ${node} was stopped`, "came while it was down"];
    return `${what} ${formatMs(downAtMs)} into the run, and accepted connections again after ${
      formatMs(backAtMs - downAtMs)
    }: ${formatCount(lives)} lives ended with it; of the wills that were pending, ${
      formatCount(willsBefore)
    } ${before} and ${formatCount(willsAfter)} after; ${formatCount(watchersKept)} of ${
      formatCount(watchers)
    } watchers resumed their session.`;
  });
  const { unseeable } = restarts;
  if (unseeable > 0) {
    const wills = unseeable === 1 ? "1 will was" : `${formatCount(unseeable)} wills were`;
    lines.push(
      `${wills} due while the watchers were disconnected, and did not come: neither missing nor right (unobservable).`,
    );
  }
  return lines;
}
