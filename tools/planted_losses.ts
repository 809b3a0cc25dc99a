/**
 * `deno task losses`: a fleet on a broker that loses a share of all wills, 20 runs for each of the shares 1, 5, 30, 50
 * and 100 %, some 25 minutes; `deno task losses 5` makes 5 runs a share. Prints a table, and ends with 1 where a run
 * did not fail or its count is not exactly the broker's.
 */
import { isExact, lossShares, type PlantedRun, plantedRun } from "../tests/support/planted_losses.ts";

const runs = Number(Deno.args[0] ?? "20");
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

/** One line of the table. */
function row(share: number, found: readonly PlantedRun[]): string {
  const sum = (name: "due" | "missing" | "controlsLost" | "brokerLost") =>
    found.reduce((total, run) => total + run[name], 0);
  const failed = found.filter(({ verdict, exitCode }) => verdict === "fail" && exitCode === 1).length;
  const cells = [`${share} %`, `${failed} of ${found.length}`, `${found.filter(isExact).length} of ${found.length}`];
  return `| ${[...cells, sum("due"), sum("missing"), sum("controlsLost"), sum("brokerLost")].join(" | ")} |`;
}

say("| lost | FAIL, exit 1 | counts exact | wills due | missing | of controls | lost, says the broker |");
say("| --- | --- | --- | --- | --- | --- | --- |");
let wrong = 0;
for (const share of lossShares) {
  const found: PlantedRun[] = [];
  for (let seed = 1; seed <= runs; seed++) {
    const run = await plantedRun(share, seed);
    found.push(run);
    if (isExact(run)) continue;
    wrong++;
    Deno.stderr.writeSync(new TextEncoder().encode(`${JSON.stringify(run)}\n`));
  }
  say(row(share, found));
}
if (wrong > 0) Deno.exit(1);
