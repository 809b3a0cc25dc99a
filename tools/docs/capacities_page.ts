/**
 * `deno task docs:capacities`: searches the capacity of the embedded broker and of those that this machine has, each
 * with the same small share of a core, and writes docs/capacities.md. The share makes the broker the limit, and not the
 * fleet beside it. With a folder after it the searches are kept there, and those that are there already are not run
 * again.
 */
import { monotonicClock, wallTime } from "../../src/base/clock.ts";
import { formatDuration, formatMs } from "../../src/base/units.ts";
import { waitUntilIdle } from "../../src/cli/fleet/wait_until_idle.ts";
import type { BrokerCapacity, CapacityReport } from "../../src/report/capacity/capacity_report.ts";
import { kneeText } from "../../src/report/capacity/capacity_report.ts";
import { capacityCell } from "../../src/report/capacity/capacity_text.ts";
import { starters } from "../../tests/support/brokers/page_brokers.ts";
import { startOurBroker, startOurs } from "../../tests/support/brokers/peers.ts";
import { inQuota } from "../../tests/support/machine/cpu_quota.ts";

/** A broker of the page. */
interface Started {
  readonly version: string;
  readonly url: string;
  readonly pid: number;
  stop(): PromiseLike<void>;
}

/** A search of the page: each broker once, then the repetitions. */
interface Search {
  readonly name: string;
  readonly broker: string;
  /** The share of a core that the broker gets. */
  readonly share: number;
  readonly args?: readonly string[];
}

const share = 0.1;
/** The two brokers in Erlang need more than that while they are idle. */
const erlangShare = 0.5;
const seed = 2026;
const flags = ["--from", "200", "--step-duration", "3s", "--recovery", "500ms", "--reconnect-after", "250ms"];
const searches: readonly Search[] = [
  { name: "mosquitto", broker: "mosquitto", share },
  { name: "mqtt-sim broker", broker: "ours", share },
  { name: "aedes", broker: "aedes", share },
  { name: "RabbitMQ", broker: "rabbitmq", share: erlangShare },
  { name: "ejabberd", broker: "ejabberd", share: erlangShare },
  { name: "mosquitto, second search", broker: "mosquitto", share },
  { name: "mosquitto, third search", broker: "mosquitto", share },
  { name: "mosquitto, half the share", broker: "mosquitto", share: share / 2 },
  { name: "mqtt-sim broker, 5% of the wills 300 ms late", broker: "ours", share, args: ["--fault", "delay=5%:300ms"] },
];
/** The time limit of one search, and how long the machine may take to become idle before it. */
const limitMs = 240_000;
const settleMs = 5_000;
const root = new URL("../../", import.meta.url);
const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

async function start({ broker, args }: Search): Promise<Started> {
  if (broker === "ours") {
    const peer = await startOurBroker(args);
    return { version: "of these sources", url: peer.url, pid: peer.child.pid, stop: () => peer[Symbol.asyncDispose]() };
  }
  const { version, url, pid, stop } = await starters[broker]!();
  return { version, url, pid: pid!(), stop };
}

/** Ends the broker of the current search. */
let cleanUp: () => Promise<void> = () => Promise.resolve();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void cleanUp().finally(() => Deno.exit(130)));
}

/** One search in its own process, with the version of the broker; or why there is none. */
type Kept = { readonly version: string; readonly found: BrokerCapacity } | { readonly failed: string };

/** The search of an earlier call with the same folder and flags, or a new one. A search that fails leaves a row. */
async function searched(search: Search, folder: string): Promise<Kept> {
  const file = `${folder}/${search.name.replaceAll(/\W+/g, "-")}.json`;
  const kept = await Deno.readTextFile(file).then(JSON.parse).catch(() => undefined);
  if (kept?.flags === flags.join(" ")) return kept;
  try {
    const one = await run(search);
    await Deno.writeTextFile(file, JSON.stringify({ ...one, flags: flags.join(" ") }));
    say(`${search.name}: ${one.found.outcome}, ${capacityCell(one.found)}`);
    return one;
  } catch (error) {
    const [failed = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    say(`${search.name}: no search, ${failed}`);
    return { failed };
  }
}

async function run(search: Search): Promise<Extract<Kept, { readonly version: string }>> {
  const broker = await start(search);
  try {
    await using quota = await inQuota(broker.pid, search.share);
    cleanUp = async () => {
      await quota[Symbol.asyncDispose]();
      await broker.stop();
    };
    await waitUntilIdle(monotonicClock, AbortSignal.timeout(settleMs));
    const report = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
    await using child = startOurs(
      ["capacity", "--url", `it=${broker.url}`, ...flags, "--seed", String(seed), "--report", report],
    );
    const { code } = await child.exit(limitMs).catch(() => {
      throw new Error(`not over after ${formatDuration(limitMs)}`);
    });
    if (![0, 1, 3].includes(code)) throw new Error(`exit code ${code}: ${child.said.trim().split("\n").at(-1)}`);
    const { brokers: [found] }: CapacityReport = JSON.parse(await Deno.readTextFile(report));
    await Deno.remove(report);
    return { version: broker.version, found: found! };
  } finally {
    cleanUp = () => Promise.resolve();
    await broker.stop();
  }
}

function row({ name, share }: Search, kept: Kept): string {
  const cells = [name, ...cellsOf(kept, share)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function cellsOf(kept: Kept, share: number): string[] {
  const quota = `${share * 100}%`;
  if ("failed" in kept) return ["–", quota, "none", "–", "–", `no search: ${kept.failed}`];
  const { version, found } = kept;
  const held = found.steps.findLast(({ outcome, load }) =>
    outcome === "held" && load === (found.capacity?.held ?? found.atLeast)
  );
  return [version, quota, capacityCell(found), formatMs(held?.latencyMs?.p99 ?? NaN), kneeText(found), found.reason];
}

/** A whole percentage; a broker without a capacity has none. */
function percent(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(0)}%` : "an unknown percentage, because one search has no number";
}

function page(kept: readonly Kept[]): string {
  const numberOf = (name: string) => {
    const one = kept[searches.findIndex((search) => search.name === name)];
    return one === undefined || "failed" in one ? NaN : one.found.capacity?.value ?? NaN;
  };
  const three = ["mosquitto", "mosquitto, second search", "mosquitto, third search"].map(numberOf);
  const half = numberOf("mosquitto, half the share");
  const spread = (Math.max(...three) / Math.min(...three) - 1) * 100;
  const date = wallTime().toISOString().slice(0, 10);
  const machine =
    `${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
  return `# Capacities

How many dying clients a second some brokers serve with their wills: each row is a search of \`mqtt-sim capacity\`
(${date}; ${machine}). Written by \`deno task docs:capacities\`; do not edit it.

The brokers run beside the fleet on the same machine. Each has only a small share of one core (a CPU quota of the
kernel, in periods of 20 ms), so that the broker is the limit and not the fleet. The numbers compare brokers with the
same share; a broker with whole cores serves more. RabbitMQ and ejabberd have a larger share, because the Erlang runtime
needs more than a tenth of a core while it is idle.

\`\`\`text
mqtt-sim capacity --url mqtt://127.0.0.1:PORT ${flags.join(" ")} --seed ${seed}
\`\`\`

A load holds if no will is wrong and 99% of the wills come within 200 ms.

| broker | version | share of a core | capacity | p99 at the highest load that held | knee | limit |
| --- | --- | --- | --- | --- | --- | --- |
${searches.map((search, place) => row(search, kept[place]!)).join("\n")}

- Three searches on one broker differ by ${percent(spread)} (goal: at most 15%).
- With half the share, mosquitto has ${percent(half / three[0]! * 100)} of its capacity.
- A broker that sends 5% of its wills 300 ms late meets the bound of 200 ms at no load, so it has no capacity.
`;
}

const folder = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "mqtt-sim-capacities" });
await Deno.mkdir(folder, { recursive: true });
const kept: Kept[] = [];
for (const search of searches) kept.push(await searched(search, folder));
await Deno.writeTextFile(new URL("docs/capacities.md", root), page(kept));
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "docs/capacities.md"], cwd: root }).output();
