import { formatCount } from "../../base/units.ts";
import type { RestartResult, SquadRestartCounts } from "../result/restart_result.ts";
import type { RestartsResult } from "../result/result.ts";
import type { RunFacts } from "../result/run_facts.ts";
import type { SquadResult } from "../result/squad_task.ts";
import type { Tally } from "../tally/tally.ts";

/** All restarts of a run that all squads began; undefined where the plan has none. */
export function restartsOf(
  { restarts, originMs = 0 }: Pick<RunFacts, "restarts" | "originMs">,
  squads: readonly SquadResult[],
  tally: Tally,
): RestartsResult | undefined {
  if (restarts === undefined) return undefined;
  const each = restarts.flatMap((restart, place): RestartResult[] => {
    if (restart.kind === "failed") return [];
    const parts = squads.flatMap((squad) => squad.restarts?.[place] ?? []);
    const sum = (pick: (counts: SquadRestartCounts) => number) => parts.reduce((total, part) => total + pick(part), 0);
    return [{
      ...restart.node !== undefined && { node: restart.node },
      downAtMs: Math.round(restart.downMs - originMs),
      backAtMs: Math.round(restart.backMs - originMs),
      ...restart.commandMs !== undefined && { commandMs: Math.round(restart.commandMs) },
      lives: sum(({ lives }) => lives),
      survived: sum(({ survived }) => survived),
      watchersKept: sum(({ watchersKept }) => watchersKept),
      watchersForgotten: sum(({ watchersForgotten }) => watchersForgotten),
      willsBefore: sum(({ willsBefore }) => willsBefore),
      willsAfter: sum(({ willsAfter }) => willsAfter),
    }];
  });
  return { each, lives: tally.of("restart"), unseeable: tally.unseeable };
}

/** Why a run is void whose broker was never down; undefined where each restart ended a connection. */
export function unendedText(restarts: RestartsResult | undefined): string | undefined {
  const idle = restarts?.each.findIndex((one) => one.lives + one.watchersKept + one.watchersForgotten === 0) ?? -1;
  if (idle < 0) return undefined;
  const { node } = restarts!.each[idle]!;
  const command = node === undefined ? "--restart-command restarts the broker under test" : "--node-stop stops it";
  return `${outageText(restarts!, idle)} ended no connection: check that ${command}`;
}

/** An outage in words. */
function outageText({ each }: RestartsResult, place: number): string {
  const { node } = each[place]!;
  if (node !== undefined) return `the stop of node ${node}`;
  return each.length === 1 ? "the restart" : `restart ${place + 1}`;
}

/** The remarks for the reader of a run with restarts. */
export function restartWarnings(restarts: RestartsResult | undefined): string[] {
  const warnings: string[] = [];
  for (const [place, { node, survived, watchersForgotten, watchersKept, lives }] of (restarts?.each ?? []).entries()) {
    const which = outageText(restarts!, place);
    if (watchersForgotten > 0) {
      const of = `${formatCount(watchersForgotten)} of ${
        formatCount(watchersForgotten + watchersKept)
      } watchers' sessions`;
      warnings.push(
        `the broker lost ${of} in ${which}, although their expiry had not passed: wills that it published while ` +
          `the watchers were disconnected could not be received; the watchers have subscribed again`,
      );
    }
    if (survived > 0 && lives + watchersKept + watchersForgotten > 0) {
      warnings.push(
        `${formatCount(survived)} connections stayed open during ${which}: ` +
          (node === undefined ? "not every node or process of the broker was down" : "not all of the node was down"),
      );
    }
  }
  return warnings;
}
