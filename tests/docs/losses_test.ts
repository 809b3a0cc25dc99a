/** The table "Losses" of docs/parts.md and the trials: each row has one, and its sentence is that which the trial reads. */
import assert from "node:assert/strict";
import { trials } from "../e2e/parts/trials/trials.ts";

/** Trials of statements in other sections of the page. */
const others = ["late-part", "nats-login"];

interface Row {
  readonly event: string;
  readonly result: string;
  readonly trials: readonly string[];
}

function rows(): Row[] {
  const page = Deno.readTextFileSync(new URL("../../docs/parts.md", import.meta.url));
  const section = page.slice(page.indexOf("## Losses"), page.indexOf("## Sizes"));
  return section.split("\n").filter((line) => line.startsWith("|")).slice(2).map((line) => {
    const [, event = "", result = "", , names = ""] = line.split("|").map((cell) => cell.trim());
    return { event, result, trials: names.split(", ").map((name) => name.replaceAll("`", "")) };
  });
}

Deno.test("losses: each row of docs/parts.md has its trials, and each trial its row", () => {
  const inTable = rows().flatMap(({ trials }) => trials);
  assert.deepEqual([...inTable, ...others].toSorted(), trials.map(({ name }) => name).toSorted());
});

Deno.test("losses: the sentence that a trial expects is in its row", () => {
  for (const row of rows()) {
    for (const trial of trials.filter(({ name }) => row.trials.includes(name))) {
      assert.equal(trial.event, row.event, `the event of ${trial.name}`);
      if (trial.sentence !== undefined) assert.match(row.result, trial.sentence, trial.name);
    }
  }
});

Deno.test("losses: docs/parts.md and tests/README.md name the trials that CI runs", () => {
  const ofCi = trials.filter(({ ci }) => ci).map(({ name }) => `\`${name}\``).join(", ");
  for (const page of ["docs/parts.md", "tests/README.md"]) {
    const text = Deno.readTextFileSync(new URL(`../../${page}`, import.meta.url)).replaceAll(/\s+/g, " ");
    assert.ok(text.includes(ofCi), `${page} does not have ${ofCi}`);
  }
});
