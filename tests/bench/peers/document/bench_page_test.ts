import assert from "node:assert/strict";
import { brokersOf, notMeasured } from "./bench_document.ts";
import { remarks } from "./bench_remarks.ts";
import { contestants } from "../contestants.ts";
import { goalRows } from "./goals.ts";
import { tableUnder } from "./table_under.ts";
import { workloads } from "../workloads.ts";

const rows = goalRows(workloads);
const page = Deno.readTextFileSync(new URL("../../../../docs/bench.md", import.meta.url));
/** The text with the formatter's line breaks removed. */
const flat = (text: string) => text.replaceAll(/\s+/g, " ");

const sections = page.split("\n### ");
/** Workloads without a valid round. */
const voided = workloads.filter(({ title }) =>
  sections.find((each) => each.startsWith(title))?.includes(", 0 rounds\n")
);

Deno.test("docs/bench.md gives the reason for a workload without a valid round", () => {
  for (const { title } of voided) {
    assert.match(sections.find((each) => each.startsWith(title))!, /\n- Not counted, round 1: /, title);
  }
});

Deno.test("docs/bench.md has every goal, with a verdict for each of its engines", () => {
  const found = tableUnder("## Goals at a glance", page);
  assert.deepEqual(found.map(([text, asked]) => [text, asked]), rows.map(({ text, asked }) => [text, asked]));
  for (const [at, [text = "", , ...verdicts]] of found.entries()) {
    assert.ok(verdicts.some((verdict) => verdict !== "–"), text);
    // A workload without a valid round has the reason on the page.
    const mayLack = voided.some(({ id }) => rows[at]!.id.startsWith(`${id}-`));
    for (const verdict of verdicts.filter((verdict) => !(mayLack && verdict === notMeasured))) {
      assert.match(verdict, /^(?:–|.*(?:reached|\*\*missed\*\*))$/, text);
    }
  }
});

Deno.test("docs/bench.md has every workload with each of its brokers", () => {
  for (const workload of workloads) {
    const found = tableUnder(`### ${workload.title}`, page);
    assert.deepEqual(found.map(([broker]) => broker), brokersOf(workload, contestants), workload.title);
    assert.ok(flat(page).includes(`\`--workload ${workload.id}\``), workload.id);
  }
});

Deno.test("docs/bench.md explains every missed goal, and keeps the remarks of people", () => {
  const missed = tableUnder("## Goals at a glance", page).filter((cells) =>
    cells.some((cell) => cell.includes("missed"))
  );
  for (const [text = "", asked] of missed) assert.ok(flat(page).includes(`### ${text}: ${asked}`), text);
  const known = [...workloads, ...rows].map(({ id }) => id);
  for (const [id, text] of remarks) {
    assert.ok(id === "not measured" || known.includes(id), `there is neither a workload nor a goal ${id}`);
    if (workloads.some((workload) => workload.id === id)) assert.ok(flat(page).includes(flat(text)), id);
  }
});
