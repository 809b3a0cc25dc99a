import { usualSourcePorts } from "../../src/fleet/plan/plan_options.ts";
import type { ChildProcess } from "../support/machine/child_process.ts";
import { type BrokerPeer, startMosquitto, startOurBroker, startOurs } from "../support/brokers/peers.ts";
import { busyMosquitto, gauged, limitText, peakText } from "./scale_limits.ts";

const defaults = {
  ...{ clients: "50000", shards: "3", broker: "mqtt-sim", rate: "1%", duration: "60s", ramp: "3000", workers: "1" },
  ...{ lead: "30", "under-way": "192" },
};

function askedOf(args: readonly string[]): Record<keyof typeof defaults, string> {
  const asked: Record<string, string> = { ...defaults };
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value] = [args[at]!, args[at + 1]];
    const known = flag.startsWith("--") && Object.hasOwn(defaults, flag.slice(2));
    if (!known || value === undefined) {
      throw new Error(`cannot use ${flag} ${value ?? ""}: expected one of ${Object.keys(defaults).join(", ")}`);
    }
    asked[flag.slice(2)] = value;
  }
  return asked as typeof defaults;
}

function wholeOf(name: keyof typeof defaults): number {
  const value = Number(asked[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`cannot use --${name} ${asked[name]}: expected a whole number above 0`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const asked = askedOf(Deno.args);
const [shards, clients, workers] = [wholeOf("shards"), wholeOf("clients"), wholeOf("workers")];
const [leadMs, rampPerSecond] = [wholeOf("lead") * 1_000, wholeOf("ramp")];
const addressesEach = 2;

function startBroker(): Promise<BrokerPeer> {
  if (asked.broker === "mosquitto") return startMosquitto(busyMosquitto);
  if (asked.broker === "mqtt-sim") return startOurBroker();
  throw new Error(`no broker ${asked.broker}: expected mqtt-sim or mosquitto`);
}

/** Source addresses that no other shard uses. */
function addressesOf(shard: number): string {
  const first = 2 + shard * addressesEach;
  return `127.0.0.${first}-127.0.0.${first + addressesEach - 1}`;
}

function startShard(shard: number, broker: BrokerPeer, at: Date, folder: string): ChildProcess {
  return startOurs([
    ...["fleet", "--url", broker.url, "--seed", "1", "--clients", `${clients}`, "--shard", `${shard + 1}/${shards}`],
    ...["--start-at", at.toISOString(), "--ramp-rate", `${rampPerSecond}/s`, "--kill-rate", asked.rate],
    ...["--duration", asked.duration, "--workers", `${workers}`, "--source-address", addressesOf(shard)],
    ...["--connects-under-way", asked["under-way"], "--report", `${folder}/${shard}.json`],
  ]);
}

/** The exit code of a complete run. @throws if the run failed */
async function ended(name: string, child: ChildProcess, limitMs: number): Promise<number> {
  const { code } = await child.exit(limitMs);
  if (code === 0 || code === 1 || code === 3) return code;
  throw new Error(`${name} failed with exit code ${code}:\n${child.said}`);
}

/** Brokers end after the fleets. */
async function broken(brokers: readonly BrokerPeer[], limitMs: number): Promise<never> {
  const { child } = await Promise.race(brokers.map((broker) => broker.child.exit(limitMs).then(() => broker)));
  throw new Error(`a broker ended before its fleet:\n${child.said}`);
}

async function startBrokers(all: AsyncDisposableStack): Promise<BrokerPeer[]> {
  const brokers: BrokerPeer[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const starting = startBroker();
    // Also stops the run when it is interrupted during its start.
    all.defer(async () => await (await starting.catch(() => undefined))?.[Symbol.asyncDispose]());
    brokers.push(await starting);
  }
  return brokers;
}

async function run(all: AsyncDisposableStack, folder: string): Promise<number> {
  const brokers = await startBrokers(all);
  const over = new AbortController();
  all.defer(() => over.abort());
  const brokerGauges = brokers.map(({ child }, shard) => gauged(`broker ${shard + 1}`, 1, child, over.signal));
  const at = new Date(Math.ceil((Date.now() + leadMs) / 1_000) * 1_000);
  const fleets = brokers.map((broker, shard) => all.use(startShard(shard, broker, at, folder)));
  const gauges = fleets.map((fleet, shard) => gauged(`fleet  ${shard + 1}`, workers + 1, fleet, over.signal));
  print(`${clients} clients in ${shards} shards on ${shards} ${asked.broker} brokers, from ${at.toISOString()}`);
  const limitMs = leadMs + clients / rampPerSecond * 1_500 + 600_000;
  const watch = broken(brokers, limitMs * 2);
  watch.catch(() => {});
  const codes = await Promise.race([
    Promise.all(fleets.map((fleet, shard) => ended(`fleet ${shard + 1}`, fleet, limitMs))),
    watch,
  ]);
  gauges.forEach(({ peak }, shard) => print(peakText(peak, `exit ${codes[shard]}, `)));
  for (const gauge of brokerGauges) {
    const kib = (gauge.peak.rssMiB - gauge.firstRssMiB) * 1_024 / (clients / shards);
    print(peakText(gauge.peak, `${kib.toFixed(1)} KiB for each client at its peak, `));
  }
  const ports = { taken: Math.ceil(clients / shards), had: usualSourcePorts * addressesEach };
  print(limitText([...gauges, ...brokerGauges].map(({ peak }) => peak), ports, navigator.hardwareConcurrency));
  const files = fleets.map((_, shard) => `${folder}/${shard}.json`);
  const merge = all.use(startOurs(shards === 1 ? ["report", ...files] : ["report", "merge", ...files]));
  const code = await ended("report", merge, 60_000);
  print(merge.said);
  return code;
}

/** Rejects at Ctrl-C, or at a request to end. */
function interrupted(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => reject(new Error("interrupted")));
  }
  return promise;
}

const folder = await Deno.makeTempDir({ prefix: "scale" });
const all = new AsyncDisposableStack();
const interrupt = interrupted();
let code = 1;
try {
  code = await Promise.race([run(all, folder), interrupt]);
} catch (error) {
  print(`bench:scale: ${error instanceof Error ? error.message : error}`);
  if (error instanceof Error && error.message === "interrupted") code = 130;
} finally {
  await all.disposeAsync();
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(code);
