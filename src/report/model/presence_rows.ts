/** The presence that late subscribers found as rows, one for each look: the input of every writer of a table. */
import { formatCount } from "../../base/units.ts";
import { type PresenceCounts, type PresenceMoment, presenceMoments } from "../../fleet/result/presence_result.ts";
import type { Report } from "./report.ts";

/** The faults of a state, in the order of the tables. */
export const stateFaultNames = ["stale", "unwanted", "absent", "altered"] as const;

/** One look, or all of them. */
export interface PresenceRow extends PresenceCounts {
  readonly name: string;
}

/** When it was looked, for people. */
const momentText: Readonly<Record<PresenceMoment, string>> = {
  middle: "during the kills",
  end: "after the kills",
  left: "after the disconnect",
};

/** A row for each look and one for all; empty where no client published presence. */
export function presenceRows({ presence }: Pick<Report, "presence">): PresenceRow[] {
  if (presence === undefined) return [];
  const looks = presenceMoments.flatMap((moment) => {
    const counts = presence.byMoment[moment];
    if (counts === undefined) return [];
    const waves = moment === "middle" ? presence.waves ?? [] : [];
    const rows = waves.map(({ atMs, ...wave }, place) => ({
      ...wave,
      name: `${momentText[moment]}, ${formatCount(place + 1)} of ${formatCount(waves.length)} at ${seconds(atMs)}`,
    }));
    return rows.length === 0 ? [{ ...counts, name: momentText[moment] }] : rows;
  });
  return [...looks, { ...presence, name: "all" }];
}

/** How many presence messages clients sent, and their results: two sentences. */
export function presenceWords({ presence }: Pick<Report, "presence">): string | undefined {
  if (presence === undefined) return undefined;
  const [online, left] = [presence.online, presence.left].map(({ sent, acknowledged, refused, seen }) =>
    [
      `${formatCount(sent)} sent`,
      `${formatCount(acknowledged)} acknowledged`,
      ...refused === 0 ? [] : [`${formatCount(refused)} refused`],
      `${formatCount(seen)} seen by watchers`,
    ].join(", ")
  );
  return `Online messages of the clients: ${online}. Messages before they left: ${left}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
