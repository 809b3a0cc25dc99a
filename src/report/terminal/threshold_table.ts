/** The numbers that a threshold can name, as a table. */
import { pathForms } from "../model/number_paths.ts";
import { unitAt, wholeOf } from "../model/number_units.ts";
import { type Column, tableLines } from "./table.ts";

/** Explains the words in capitals, and the forms of the right side. */
const notes = [
  "MODE is a kill mode, MOMENT a reading of the presence, NAME the name of a group, deviation or profile, and INDEX a",
  "position from 0. Beside p50, p90, p99 and p999 (99.9 %) each other percentile can be named: p95, p9999 or p(99.99).",
  "A number may have a unit: 250us, 20ms, 1.5s; 64KiB, 1.5MiB; 50/s; 1% where the table names the number that is 100 %.",
  "A threshold for which the run measured nothing is not met.",
];

/** @param word only paths with this text in them; all where it is absent */
export function thresholdTable(word = ""): string {
  const paths = pathForms().filter((path) => path.toLowerCase().includes(word.toLowerCase()));
  const columns: Column<string>[] = [
    { head: "path", align: "left", cell: (path) => path },
    { head: "unit", align: "left", cell: (path) => unitAt(path) || "count" },
    { head: "1% is of", align: "left", cell: (path) => wholeOf(path) ?? "" },
  ];
  return `${[...tableLines(columns, paths), "", ...notes].join("\n")}\n`;
}
