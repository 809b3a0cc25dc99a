/** The broker's restarts in words, for every writer that has lines. */
import { formatCount, formatMs } from "../../base/units.ts";
import type { Report } from "./report.ts";

/** A line for each restart, and one for what could not be seen; none where the broker was not restarted. */
export function restartLines({ restarts }: Pick<Report, "restarts">): string[] {
  if (restarts === undefined) return [];
  const lines = restarts.each.map((restart) => {
    const { downAtMs, backAtMs, lives, willsBefore, willsAfter, watchersKept, watchersForgotten } = restart;
    const watchers = watchersKept + watchersForgotten;
    return `The broker was restarted ${formatMs(downAtMs)} into the run, and served again after ${
      formatMs(backAtMs - downAtMs)
    }: ${formatCount(lives)} lives ended with it; of the wills that it stood in the way of, ${
      formatCount(willsBefore)
    } came as it went down and ${formatCount(willsAfter)} after; ${formatCount(watchersKept)} of ${
      formatCount(watchers)
    } watchers had their session back.`;
  });
  const { unseeable } = restarts;
  if (unseeable > 0) {
    const wills = unseeable === 1 ? "1 will was" : `${formatCount(unseeable)} wills were`;
    lines.push(`${wills} due while the watchers could not see, and not seen: neither missing nor right (unseeable).`);
  }
  return lines;
}
