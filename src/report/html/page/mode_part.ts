/** The tables by kill mode: the results of the wills, with the rule behind each fault, and their latencies. */
import { formatCount, formatMs, formatNumber } from "../../../base/units.ts";
import { killModes, killModeText } from "../../../fleet/plan/kill_mode.ts";
import type { LatencyRow } from "../../../fleet/result/will_counts.ts";
import { brokerAlone, latencyNote } from "../../model/arrivals/arrival_text.ts";
import { controlFaultTexts } from "../../model/fault_list.ts";
import type { Report } from "../../model/report.ts";
import { telemetryText } from "../../model/telemetry_text.ts";
import { type CountedFault, type CountRow, countRows, faultColumns, rulesBroken } from "../../model/will_rows.ts";
import { type Markup, markup } from "./markup.ts";

/** Thresholds of the run, where it has any. */
export function thresholdPart({ thresholds = [] }: Report): Markup | undefined {
  if (thresholds.length === 0) return undefined;
  const rows = thresholds.map(({ expression, actual, met }) =>
    markup`<tr><th scope="row">${expression}</th><td>${
      actual === undefined ? "nothing measured" : formatNumber(actual)
    }</td><td${met ? undefined : markup` class="bad"`}><b>${met ? "met" : "not met"}</b></td></tr>
`
  );
  const heads = ["it is", "verdict"].map((head) => markup`<th scope="col">${head}</th>`);
  const content = markup`<thead><tr><th scope="col">threshold</th>${heads}</tr></thead><tbody>${rows}</tbody>`;
  return markup`<section aria-labelledby="thresholds-title"><h2 id="thresholds-title">Thresholds</h2>
${table("thresholds", "Thresholds of the run", content)}</section>`;
}

/** Both tables, as far as there is something in them. */
export function modePart(report: Report): Markup | undefined {
  if (report.kills.total === 0 && report.wills.expected === 0) return undefined;
  return markup`<section aria-labelledby="by-mode-title">
<h2 id="by-mode-title">By kill mode</h2>
${table("counts", "Wills by result", countTable(report))}
${ruleNotes(report)}
${report.latencyMs.all.count === 0 ? undefined : table("latencies", "Latency of the wills", latencyTable(report))}
${latencyNotePart(report)}
${notes(report).map((note) => markup`<p class="note">${note}</p>`)}
</section>`;
}

/** Where both latencies start, and the floor of this instrument. */
function latencyNotePart(report: Report): Markup | undefined {
  const note = latencyNote(report);
  return note === undefined ? undefined : markup`<p class="note" id="latencies-note">${note}</p>`;
}

function table(id: string, caption: string, content: Markup): Markup {
  return markup`
    <div class="card scroll" role="region" aria-labelledby="${id}-caption" tabindex="0">
      <table id="${id}"><caption id="${id}-caption">${caption}</caption>${content}</table>
    </div>
  `;
}

function countTable(report: Report): Markup {
  const names = faultColumns(report);
  const heads = ["kills", "due", "on time", ...names];
  const rows = countRows(report).map((row) =>
    markup`<tr${
      row.name === "all"
        ? markup`
          class="all"
        `
        : undefined
    }><th scope="row">${row.name}${modeNote(row.name)}</th>
<td>${formatCount(row.kills)}</td><td>${formatCount(row.expected)}</td><td>${formatCount(row.onTime)}</td>${
      names.map((name) => faultCell(row, name))
    }</tr>
`
  );
  return markup`
    <thead>
      <tr><th scope="col">mode</th>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr>
    </thead>
    <tbody>${rows}</tbody>
  `;
}

function modeNote(name: CountRow["name"]): Markup | undefined {
  const mode = killModes.find((each) => each === name);
  return mode === undefined ? undefined : markup`<small>${killModeText[mode]}</small>`;
}

function faultCell(row: CountRow, name: CountedFault | "deviating"): Markup {
  if (row[name] === 0) return markup`<td class="none">0</td>`;
  if (name === "deviating") return markup`<td>${formatCount(row[name])}</td>`;
  return markup`<td class="bad"><b>${formatCount(row[name])}</b></td>`;
}

/** The rules behind the counts of faults, below the table: in its cells they would take five lines. */
function ruleNotes(report: Report): Markup | undefined {
  const kinds = faultColumns(report).flatMap((name) => {
    const rules = name === "deviating" ? [] : rulesBroken(report, "all", name);
    return rules.length === 0 ? [] : [markup`<li><b>${name}</b>: ${rules.join("; ")}</li>`];
  });
  if (kinds.length === 0) return undefined;
  return markup`<div class="rules note"><p>Rules that the wrong wills break:</p><ul>${kinds}</ul></div>`;
}

/** A row of the table of latencies. */
interface LatencyLine {
  readonly name: string;
  readonly row: LatencyRow;
  /** From the completed kill. */
  readonly broker: LatencyRow | undefined;
}

function latencyTable({ latencyMs, brokerLatencyMs }: Report): Markup {
  const names = ["p50", "p99", "max", "p90", "p999", "mean"] as const;
  const rows: LatencyLine[] = killModes.flatMap((mode) => {
    const row = latencyMs.byMode[mode];
    return row === undefined || row.count === 0 ? [] : [{ name: mode, row, broker: brokerLatencyMs?.byMode[mode] }];
  });
  const apart = rows.some(({ broker }) => broker !== undefined) ? ["p50", "p99"] as const : [];
  const alone = brokerLatencyMs === undefined
    ? []
    : [{ name: brokerAlone, row: brokerLatencyMs.all, broker: undefined }];
  const cells = (row: LatencyRow) => names.map((name) => markup`<td>${formatMs(row[name])}</td>`);
  const brokerCells = (row: LatencyRow | undefined) =>
    apart.map((name) => markup`<td>${row === undefined || row.count === 0 ? "" : formatMs(row[name])}</td>`);
  const heads = [
    ...["wills", ...names.map((name) => name === "p999" ? "p99.9" : name)],
    ...apart.map((name) => `broker ${name}`),
  ];
  return markup`
    <thead>
      <tr><th scope="col">mode</th>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr>
    </thead>
    <tbody>${
    [...rows, { name: "all", row: latencyMs.all, broker: undefined }, ...alone].map(({ name, row, broker }) =>
      markup`<tr${
        name === "all" || name === brokerAlone
          ? markup`
            class="all"
          `
          : undefined
      }><th scope="row">${name}</th><td>${formatCount(row.count)}</td>${cells(row)}${brokerCells(broker)}</tr>
`
    )
  }</tbody>
  `;
}

/** Notes on questions that the counts leave open. */
function notes(report: Report): string[] {
  const { wills, retained, brokerDropped } = report;
  const { missing, missingByQos: [qos0, qos1, qos2], eitherWay, undecided } = wills;
  const found: string[] = [];
  const load = telemetryText(report);
  if (load !== undefined) found.push(`Under load: ${load}.`);
  if (missing > 0) found.push(`Missing by QoS of the will: ${qos0} at QoS 0, ${qos1} at QoS 1, ${qos2} at QoS 2.`);
  if (eitherWay > 0) {
    found.push(`Lives for which a will and no will are both right, not counted elsewhere: ${formatCount(eitherWay)}.`);
  }
  if (undecided > 0) found.push(`Wills still in transit when the run ended: ${formatCount(undecided)}.`);
  found.push(...controlFaultTexts(report).map((text) => `${text}.`));
  if (brokerDropped !== undefined && brokerDropped.after > brokerDropped.before) {
    found.push(`Dropped messages reported by the broker: ${formatCount(brokerDropped.after - brokerDropped.before)}.`);
  }
  if (retained !== undefined) {
    const { expected, right, wrong, missing: gone } = retained;
    found.push(
      `Retained wills found by a late subscriber: ${formatCount(right)} of ${formatCount(expected)}, ` +
        `${formatCount(wrong)} wrong, ${formatCount(gone)} missing.`,
    );
  }
  return found;
}
