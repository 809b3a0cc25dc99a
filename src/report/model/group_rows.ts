/** The results of each group and of each pair of nodes as rows: the input of every writer of a table. */
import { formatCount, formatMs } from "../../base/units.ts";
import type { NodeCell } from "../../fleet/result/group_result.ts";
import { faultsIn, type LatencyRow, type WillCounts } from "../../fleet/result/will_counts.ts";
import type { Report } from "./report.ts";

/** One group, the wills that are no group's, or all. */
export interface GroupRow {
  readonly name: string;
  readonly isAll: boolean;
  readonly clients: number;
  readonly kills: number;
  readonly wills: WillCounts;
  readonly presenceWrong: number;
  /** Messages of telemetry. */
  readonly sent: number;
  readonly latencyMs: LatencyRow;
  /** From the completed kill; absent in a report of an earlier version. */
  readonly brokerLatencyMs?: LatencyRow | undefined;
}

/** A row for each group and one for all; none where the run had no groups. */
export function groupRows(report: Report): GroupRow[] {
  const { byGroup, telemetry, presence, wills, clients, kills, restarts, latencyMs, brokerLatencyMs } = report;
  if (byGroup === undefined) return [];
  const rows = byGroup.map((
    { name, connected, kills, presenceWrong, latencyMs, brokerLatencyMs, ...wills },
  ): GroupRow => ({
    ...{ name: name ?? "no client", isAll: false, clients: connected, kills, wills, presenceWrong },
    sent: name === undefined ? 0 : telemetry?.byGroup[name]?.sent ?? 0,
    ...{ latencyMs, brokerLatencyMs },
  }));
  const all: GroupRow = {
    ...{ name: "all", isAll: true, clients: clients.connected, wills },
    ...{ latencyMs: latencyMs.all, brokerLatencyMs: brokerLatencyMs?.all },
    kills: kills.total + (restarts?.lives.kills ?? 0),
    presenceWrong: presence?.wrong ?? 0,
    sent: telemetry?.sent ?? 0,
  };
  return [...rows, all];
}

/** A column of the table by group. */
export interface GroupColumn {
  readonly head: string;
  readonly text: (row: GroupRow) => string;
  /** How many of the counted items are bad, where any of them can be. */
  readonly bad?: (row: GroupRow) => number;
}

/** The columns after the name, where the run has their subject. */
export function groupColumns(report: Report): GroupColumn[] {
  const { presence, telemetry, profile, wills } = report;
  const count = (head: string, of: (row: GroupRow) => number): GroupColumn => ({
    head,
    text: (row) => formatCount(of(row)),
  });
  const bad = (head: string, of: (row: GroupRow) => number): GroupColumn => ({ ...count(head, of), bad: of });
  const time = (head: "p50" | "p99"): GroupColumn => ({
    head,
    text: ({ latencyMs }) => formatMs(latencyMs.count === 0 ? NaN : latencyMs[head]),
  });
  const brokerTime = (name: "p50" | "p99"): GroupColumn => ({
    head: `broker ${name}`,
    text: ({ brokerLatencyMs: row }) => formatMs(row === undefined || row.count === 0 ? NaN : row[name]),
  });
  return [
    count("clients", ({ clients }) => clients),
    count("kills", ({ kills }) => kills),
    count("due", ({ wills }) => wills.expected),
    count("on time", ({ wills }) => wills.onTime),
    bad("wrong", ({ wills }) => faultsIn(wills)),
    ...profile === undefined && wills.deviating === 0 ? [] : [count("deviating", ({ wills }) => wills.deviating)],
    ...presence === undefined ? [] : [bad("states wrong", ({ presenceWrong }) => presenceWrong)],
    ...telemetry === undefined ? [] : [count("telemetry", ({ sent }) => sent)],
    time("p50"),
    time("p99"),
    ...report.byGroup?.some(({ brokerLatencyMs }) => brokerLatencyMs !== undefined)
      ? [brokerTime("p50"), brokerTime("p99")]
      : [],
  ];
}

/** The head of the first column. */
export const nodeHead = "died on";

/** The wills of one node, as the watchers of each node saw them. */
export interface NodeRow {
  readonly name: string;
  /** A cell for each column; undefined for the node itself where no client is on the node of its watcher. */
  readonly cells: readonly (NodeCell | undefined)[];
}

/** The names of the nodes, in the order of the rows. */
function nodesIn(cells: readonly NodeCell[]): string[] {
  return [...new Set([...cells.map(({ from }) => from), ...cells.map(({ at }) => at)])];
}

/** A row for each node on which clients died; none where the run had no nodes. */
export function nodeRows({ byNode = [] }: Report): NodeRow[] {
  const nodes = nodesIn(byNode);
  return [...Map.groupBy(byNode, ({ from }) => from)]
    .map(([name, cells]) => ({ name, cells: nodes.map((node) => cells.find(({ at }) => at === node)) }));
}

/** The nodes of the watchers, in the order of the cells. */
export function nodeColumns({ byNode = [] }: Report): string[] {
  return nodesIn(byNode).map((name) => `seen on ${name}`);
}

/** One cell: wills seen of those due, duplicates, and the 99th percentile of both latencies. */
export function nodeCellText(cell: NodeCell | undefined): string {
  if (cell === undefined) return "–";
  const { due, seen, duplicates, latencyMs, brokerLatencyMs } = cell;
  const twice = duplicates === 0 ? "" : `, ${formatCount(duplicates)} twice`;
  const alone = brokerLatencyMs === undefined ? "" : ` (broker ${formatMs(brokerLatencyMs.p99)})`;
  const time = latencyMs.count === 0 ? "" : `, p99 ${formatMs(latencyMs.p99)}${alone}`;
  return `${formatCount(seen)} of ${formatCount(due)}${twice}${time}`;
}

/** Whether wills of this cell are missing or came twice. */
export function isBadCell(cell: NodeCell | undefined): boolean {
  return cell !== undefined && cell.missing + cell.duplicates > 0;
}
