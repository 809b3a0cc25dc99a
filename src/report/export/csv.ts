import type { Timeline } from "../../fleet/result/fault_sample.ts";

/** The report as comma-separated values, for spreadsheets: RFC 4180, milliseconds, a head line. */
import { escapeCsv } from "../../base/escape.ts";
import type { LifeRow } from "../../fleet/ledger/life_row.ts";
import type { KillMode } from "../../fleet/plan/kill_mode.ts";
import type { LatencyRow } from "../../fleet/result/will_counts.ts";
import type { Report } from "../model/report.ts";
import { countNames, countRows } from "../model/will_rows.ts";

const figures = ["count", "min", "mean", "p50", "p90", "p99", "p999", "max"] as const;

/** A row for each kill mode, one for lives without a kill where they count, and one for all. */
export function modeCsv(report: Report): string {
  const latencyOf = (latencies: Report["latencyMs"] | undefined, name: string): LatencyRow | undefined =>
    name === "all" ? latencies?.all : latencies?.byMode[name as KillMode];
  const kinds = { latencyMs: report.latencyMs, brokerLatencyMs: report.brokerLatencyMs };
  const rows = countRows(report).map((row) => {
    const times = Object.values(kinds).flatMap((latencies) => {
      const latency = latencyOf(latencies, row.name);
      // A mode without a will has no latency: 0 would be one.
      const shown = latency === undefined || latency.count === 0 ? ["count"] : figures;
      return figures.map((name) => shown.includes(name) ? latency?.[name] : undefined);
    });
    return [row.name, row.kills, ...countNames.map((name) => row[name]), ...times];
  });
  const heads = Object.keys(kinds).flatMap((kind) => figures.map((name) => `${kind}_${name}`));
  return lines([["mode", "kills", ...countNames, ...heads], ...rows]);
}

const lifeHead = [
  ...["kind", "client", "incarnation", "mode", "protocol", "qos", "latencyMs", "rule"],
  ...["connectedMs", "killDueMs", "killedMs", "dueMs", "seenMs", "text"],
];

/** A row for each life that the report has: samples of faults, and the slowest of the others. */
export function livesCsv({ faults, slowest }: Report): string {
  const wrong = faults.map(({ verdict, client, incarnation, mode, protocol, qos, rule, timeline, text }) =>
    [verdict, client, incarnation, mode, protocol, qos, undefined, rule, ...instants(timeline), text] as const
  );
  const slow = slowest.map(({ client, incarnation, mode, protocol, qos, latencyMs, timeline }) =>
    ["slow", client, incarnation, mode, protocol, qos, latencyMs, undefined, ...instants(timeline), undefined] as const
  );
  return lines([lifeHead, ...wrong, ...slow]);
}

const everyHead = [
  ...["client", "group", "incarnation", "protocol", "qos", "mode", "verdict", "latencyMs", "duplicates", "unwanted"],
  ...["connectedMs", "killDueMs", "killedMs", "dueMs", "seenMs"],
];

/** The head of a table of every life. */
export const lifeRowsHead = lines([everyHead]);

/** Its rows: the judged lives. */
export function lifeRowsCsv(rows: readonly LifeRow[]): string {
  return lines(
    rows.map(({ client, group, incarnation, protocol, qos, mode, verdict, timeline, ...life }) => [
      ...[client, group, incarnation, protocol, qos, mode, verdict],
      ...[life.latencyMs, life.duplicates, life.unwanted, ...instants(timeline)],
    ]),
  );
}

function instants(timeline: Timeline | undefined): (string | number | undefined)[] {
  const { connectedMs, killDueMs, killedMs, dueMs, seenMs = [] } = timeline ?? {};
  return [connectedMs, killDueMs, killedMs, dueMs, seenMs.join(" ")];
}

function lines(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number | undefined): string {
  return value === undefined ? "" : typeof value === "number" ? String(value) : escapeCsv(value);
}
