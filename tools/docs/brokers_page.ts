/**
 * `deno task docs:brokers`: every built-in scenario on the embedded broker and on those that this machine has, written
 * to docs/brokers.md and docs/brokers.html. With a folder after it the runs are kept there, and those that are there
 * already are not run again: the pages can be written again, or an ended run be continued.
 */
import { monotonicClock, wallTime } from "../../src/base/clock.ts";
import { type BuiltInScenario, builtInScenarios } from "../../src/cli/fleet/scenarios.ts";
import { waitUntilIdle } from "../../src/cli/fleet/wait_until_idle.ts";
import { tool } from "../../src/cli/process/tool.ts";
import { profileOf } from "../../src/profiles/profiles.ts";
import { type ComparedBroker, comparedRun, makeComparison } from "../../src/report/model/comparison.ts";
import { type BrokersDocument, brokersHtml, brokersMarkdown, type ScenarioRun } from "./brokers_document.ts";
import { loadBetween, type MachineLoad, sampleLoad } from "../../tests/support/machine/machine_load.ts";
import { type PageBroker, startAll } from "../../tests/support/brokers/page_brokers.ts";
import { startOurs } from "../../tests/support/brokers/peers.ts";

const seed = 2026;
/** The options that make a scenario short enough for all of them on all brokers. */
const shorter = ["--clients", "300", "--duration", "10s", "--drain", "5s", "--seed", String(seed)];
/** The option for a broker that does not speak 5.0, which some groups require. */
const inOlder = ["--protocol", "3.1.1", "--will-delay", "0"];
const restartTimeout = ["--restart-timeout", "2m"];
/** A silent client's will may come 7.5 s late where a profile says so; without the wait the run would miss it. */
const shorterSilence = shorter.map((flag, place) => shorter[place - 1] === "--drain" ? "10s" : flag);
const limitMs = 300_000;
/** The longest wait for an idle machine: the page states the measured other load. */
const settleMs = 3_000;
const root = new URL("../../", import.meta.url);

const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

/** True for a scenario in which the broker itself restarts. */
const restarts = ({ text }: BuiltInScenario) => /^ *- restart:/m.test(text);

/** The profile of a broker, and the command that restarts it where the scenario requires that. */
function ownFlags({ name, profile: named = name, restartCommand }: PageBroker, scenario: BuiltInScenario): string[] {
  const profile = profileOf(named) === undefined ? [] : ["--profile", named];
  if (!restarts(scenario)) return profile;
  return [...profile, ...restartTimeout, ...restartCommand === undefined ? [] : ["--restart-command", restartCommand]];
}

/** One run in its own process; `not spoken` where the broker does not support the scenario. */
async function runOne(scenario: BuiltInScenario, broker: PageBroker, more: readonly string[]): Promise<ComparedBroker> {
  const { name, url } = broker;
  const file = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const target = url === "embedded" ? [] : ["--url", url];
  const size = scenario.name === "freeze" ? shorterSilence : shorter;
  const flags = ["--scenario", scenario.name, ...target, ...size, ...ownFlags(broker, scenario), ...more];
  try {
    await using child = startOurs(["fleet", ...flags, "--report", file, "--quiet"]);
    const { code } = await child.exit(limitMs);
    if (code === 2) {
      const [reason] = /.*does not speak MQTT 5\.0.*/.exec(child.said) ?? [];
      if (reason !== undefined) {
        return { name, target: url, outcome: "not spoken", reason: reason.replace(/^ *\| /, "") };
      }
    }
    if (![0, 1, 3].includes(code)) throw new Error(`${scenario.name} on ${name}: exit code ${code}\n${child.said}`);
    return comparedRun(name, JSON.parse(await Deno.readTextFile(file)));
  } finally {
    await Deno.remove(file);
  }
}

/** One run, and the machine's other load meanwhile; in 3.1.1 where the broker does not speak 5.0. */
async function measured(scenario: BuiltInScenario, broker: PageBroker): Promise<[ComparedBroker, MachineLoad]> {
  await waitUntilIdle(monotonicClock, AbortSignal.timeout(settleMs));
  const pid = broker.pid?.();
  const before = await sampleLoad(pid);
  let found = await runOne(scenario, broker, []);
  if (found.outcome === "not spoken") found = await runOne(scenario, broker, inOlder);
  return [found, loadBetween(before, await sampleLoad(broker.pid?.() === pid ? pid : undefined))];
}

/** The stored part of a scenario. */
type Kept = Pick<ScenarioRun, "loads"> & { readonly brokers: readonly ComparedBroker[] };

/** One scenario on all brokers: from the folder, or run. */
async function compared(scenario: BuiltInScenario, brokers: readonly PageBroker[], folder: string): Promise<Kept> {
  const file = `${folder}/${scenario.name}.json`;
  const kept = await Deno.readTextFile(file).catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept);
  const found: ComparedBroker[] = [];
  const loads: Record<string, MachineLoad> = {};
  for (const broker of brokers) {
    const [one, load] = await measured(scenario, broker);
    say(`  ${broker.name}: ${one.outcome}, ${one.reason}`);
    found.push(one);
    loads[broker.name] = load;
  }
  await Deno.writeTextFile(file, JSON.stringify({ brokers: found, loads }));
  return { brokers: found, loads };
}

async function runAll(brokers: readonly PageBroker[], folder: string): Promise<ScenarioRun[]> {
  const runs: ScenarioRun[] = [];
  // The page compares brokers of one node.
  for (const scenario of builtInScenarios.filter(({ ofCluster }) => !ofCluster)) {
    const { name, about } = scenario;
    say(`${name} on ${brokers.length} brokers`);
    const { brokers: found, loads } = await compared(scenario, brokers, folder);
    // Profiles and commands differ on purpose, and the page states it; it also names the brokers tested with 3.1.1.
    runs.push({ name, about, loads, comparison: { ...makeComparison(found, tool), notes: [] } });
  }
  return runs;
}

const command = [
  `deno task mqtt-sim fleet --scenario SCENARIO ${shorter.join(" ")} \\`,
  "  --url mqtt://127.0.0.1:PORT --profile BROKER",
].join("\n");

const folder = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "mqtt-sim-brokers" });
await Deno.mkdir(folder, { recursive: true });
const brokers = await startAll(say);
try {
  const date = wallTime().toISOString().slice(0, 10);
  const machine =
    `${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
  const runs = await runAll(brokers, folder);
  const document: BrokersDocument = { date, machine, brokers, command, seed, older: inOlder.join(" "), runs };
  await Deno.writeTextFile(new URL("docs/brokers.md", root), brokersMarkdown(document));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "docs/brokers.md"], cwd: root }).output();
  await Deno.writeTextFile(new URL("docs/brokers.html", root), brokersHtml(document));
} finally {
  for (const broker of brokers) await broker.stop();
}
