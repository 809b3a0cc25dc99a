/**
 * `deno task docs:brokers`: every built-in scenario on the embedded broker and on those that this machine has, written
 * to docs/brokers.md and docs/brokers.html. With a folder after it the comparisons are kept there, and those that are
 * there already are not run again: the pages can be drawn anew, or a run that was ended be gone on with.
 */
import { wallTime } from "../../src/base/clock.ts";
import { type BuiltInScenario, builtInScenarios } from "../../src/cli/commands/scenarios.ts";
import type { Comparison } from "../../src/report/comparison.ts";
import { type BrokersDocument, brokersHtml, brokersMarkdown, type ScenarioRun } from "../support/brokers_document.ts";
import { type PageBroker, startAll } from "../support/page_brokers.ts";
import { startOurs } from "../support/peers.ts";

const seed = 2026;
/** What makes a scenario short enough for all of them on all brokers. */
const shorter = ["--clients", "300", "--duration", "10s", "--drain", "5s", "--seed", String(seed)];
const limitMs = 900_000;
const root = new URL("../../", import.meta.url);

const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

/** One scenario on all brokers: from the folder, or run. */
async function compared(
  scenario: BuiltInScenario,
  brokers: readonly PageBroker[],
  folder: string,
): Promise<Comparison> {
  const file = `${folder}/${scenario.name}.json`;
  const kept = await Deno.readTextFile(file).catch(() => undefined);
  if (kept === undefined) {
    const urls = brokers.flatMap(({ name, url }) => ["--url", `${name}=${url}`]);
    await using child = startOurs([
      "fleet",
      "--scenario",
      scenario.name,
      ...urls,
      ...shorter,
      "--report",
      file,
      "--quiet",
    ]);
    const { code } = await child.exit(limitMs);
    if (![0, 1, 3].includes(code)) throw new Error(`${scenario.name}: exit code ${code}\n${child.said}`);
  }
  return JSON.parse(kept ?? await Deno.readTextFile(file));
}

/** True for a scenario in which the broker itself goes away. */
const restarts = ({ text }: BuiltInScenario) => /^ *- restart:/m.test(text);

async function runAll(brokers: readonly PageBroker[], folder: string): Promise<Pick<BrokersDocument, "runs" | "left">> {
  const runs: ScenarioRun[] = [];
  const left: string[] = [];
  for (const scenario of builtInScenarios) {
    const { name, about } = scenario;
    if (restarts(scenario) && brokers.some(({ restartCommand }) => restartCommand === undefined)) {
      left.push(`${name}: it takes a command for each broker that restarts it`);
      continue;
    }
    say(`${name} on ${brokers.length} brokers`);
    const comparison = await compared(scenario, brokers, folder);
    say(`  ${comparison.reason}`);
    runs.push({ name, about, comparison });
  }
  return { runs, left };
}

const folder = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "mqtt-sim-brokers" });
await Deno.mkdir(folder, { recursive: true });
const brokers = await startAll(say);
try {
  const places = brokers.map(({ name }) =>
    name === "embedded" ? "--url embedded" : `--url ${name}=mqtt://127.0.0.1:PORT`
  );
  const command = `deno task mqtt-sim fleet --scenario SCENARIO ${shorter.join(" ")} \\\n  ${places.join(" \\\n  ")}`;
  const date = wallTime().toISOString().slice(0, 10);
  const document: BrokersDocument = { date, brokers, command, ...await runAll(brokers, folder) };
  await Deno.writeTextFile(new URL("docs/brokers.md", root), brokersMarkdown(document));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "docs/brokers.md"], cwd: root }).output();
  await Deno.writeTextFile(new URL("docs/brokers.html", root), brokersHtml(document));
} finally {
  for (const broker of brokers) await broker.stop();
}
