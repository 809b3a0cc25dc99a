/**
 * `deno task docs:brokers`: every built-in scenario on the embedded broker and on those that this machine has, written
 * to docs/brokers.md and docs/brokers.html. With a folder after it the comparisons are kept there, and those that are
 * there already are not run again: the pages can be drawn anew, or a run that was ended be gone on with.
 */
import { wallTime } from "../../src/base/clock.ts";
import { type BuiltInScenario, builtInScenarios } from "../../src/cli/commands/scenarios.ts";
import type { Comparison } from "../../src/report/comparison.ts";
import { type BrokersDocument, brokersHtml, brokersMarkdown, type ScenarioRun } from "../support/brokers_document.ts";
import { startEjabberd } from "../support/ejabberd_peer.ts";
import { type BrokerPeer, mosquitto, startAedes, startMosquitto, startOurs } from "../support/peers.ts";
import { startRabbitmq } from "../support/rabbitmq_peer.ts";

const seed = 2026;
/** What makes a scenario short enough for all of them on all brokers. */
const shorter = ["--clients", "300", "--duration", "10s", "--drain", "5s", "--seed", String(seed)];
const limitMs = 900_000;
const root = new URL("../../", import.meta.url);

interface PageBroker {
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly configuration: string;
  /** What restarts it, for scenarios that do; such a scenario is run where all brokers have one. */
  readonly restartCommand?: string;
  stop(): PromiseLike<void>;
}

const embedded: PageBroker = {
  name: "embedded",
  url: "embedded",
  version: "of these sources",
  configuration: "as it comes, in a thread of the fleet's process",
  stop: async () => {},
};

/** Each starts on a free port of the loopback. */
const starters: Readonly<Record<string, () => Promise<PageBroker>>> = {
  embedded: () => Promise.resolve(embedded),
  mosquitto: async () =>
    peer(
      "mosquitto",
      await startMosquitto(),
      (said) => /mosquitto version (\S+)/.exec(said)?.[1],
      "Debian's; anonymous clients allowed, all else as it comes",
    ),
  aedes: async () =>
    peer("aedes", await startAedes(), aedesVersion, "on Node's net under Deno, in memory, as it comes"),
  rabbitmq: async () =>
    peer(
      "rabbitmq",
      await startRabbitmq(),
      (said) => /RabbitMQ\D+(\d+\.\d+\.\d+)/.exec(said)?.[1],
      "Debian's, with rabbitmq_mqtt; anonymous clients allowed",
    ),
  ejabberd: async () =>
    peer(
      "ejabberd",
      await startEjabberd(),
      (said) => /ejabberd (\d+\.\d+(?:\.\d+)?)/.exec(said)?.[1],
      "Debian's, with mod_mqtt alone; any login is let in",
    ),
};

function peer(
  name: string,
  { url, child, [Symbol.asyncDispose]: stop }: BrokerPeer,
  version: (said: string) => string | undefined,
  configuration: string,
): PageBroker {
  const found = version(child.said);
  if (found === undefined) throw new Error(`${name} did not say its version:\n${child.said}`);
  return { name, url, version: found, configuration, stop };
}

function aedesVersion(): string | undefined {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  return /@(.+)$/.exec(imports.aedes)?.[1];
}

const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

/** Starts all of them; one that does not start takes the page with it: it would be another page without. */
async function startAll(): Promise<PageBroker[]> {
  if (mosquitto.program === "") throw new Error(`Cannot start mosquitto: ${mosquitto.install}`);
  const started: PageBroker[] = [];
  try {
    for (const [name, start] of Object.entries(starters)) {
      say(`${name} is started`);
      started.push(await start());
    }
    return started;
  } catch (error) {
    for (const broker of started) await broker.stop();
    throw error;
  }
}

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
const brokers = await startAll();
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
