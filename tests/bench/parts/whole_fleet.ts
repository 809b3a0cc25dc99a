/**
 * A run in parts with all its clients on this machine: one broker for each part, since a process has a limit of open
 * files. It prints the report of the coordinator, and the CPU time and memory of each process.
 */
import type { ChildProcess } from "../../support/machine/child_process.ts";
import { type BrokerPeer, startMosquitto, startOurBroker, startOurs } from "../../support/brokers/peers.ts";
import { startNatsServer } from "../../support/parts/nats_server.ts";
import { busyMosquitto, type Gauge, gauged, peakText } from "../scale_limits.ts";

const defaults = {
  ...{ clients: "50000", parts: "3", broker: "mqtt-sim", rate: "1%", duration: "20s", ramp: "3000" },
  ...{ workers: "1", seed: "1" },
};
type Asked = Record<keyof typeof defaults, string>;

const addressesEach = 2;
const limitMs = 900_000;

function askedOf(args: readonly string[]): Asked {
  const asked: Record<string, string> = { ...defaults };
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value] = [args[at]!, args[at + 1]];
    if (!flag.startsWith("--") || !Object.hasOwn(defaults, flag.slice(2)) || value === undefined) {
      const names = Object.keys(defaults).map((name) => `--${name}`).join(", ");
      throw new Error(`cannot use ${flag} ${value ?? ""}: expected ${names}, each with a value`);
    }
    asked[flag.slice(2)] = value;
  }
  return asked as Asked;
}

function startBroker(kind: string): Promise<BrokerPeer> {
  if (kind === "mosquitto") return startMosquitto(busyMosquitto);
  if (kind === "mqtt-sim") return startOurBroker();
  throw new Error(`no broker ${kind}: expected mqtt-sim or mosquitto`);
}

/** Source addresses that no other part uses. */
function addressesOf(part: number): string {
  const first = 2 + part * addressesEach;
  return `127.0.0.${first}-127.0.0.${first + addressesEach - 1}`;
}

/** Runs the fleet; resolves to the exit code of its coordinator. */
export async function wholeFleet(args: readonly string[], print: (line: string) => void): Promise<number> {
  const asked = askedOf(args);
  await using all = new AsyncDisposableStack();
  const over = new AbortController();
  all.defer(() => over.abort());
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void all.disposeAsync().then(() => Deno.exit(130)));
  }
  const server = all.use(await startNatsServer());
  const gauges: Gauge[] = [];
  const gauge = (name: string, child: ChildProcess, threads = 1) =>
    void gauges.push(gauged(name, threads, child, over.signal));
  const parts: ChildProcess[] = [];
  for (let part = 0; part < Number(asked.parts); part++) {
    const broker = all.use(await startBroker(asked.broker));
    gauge(`broker ${part + 1}`, broker.child);
    const target = ["--url", broker.url, "--source-address", addressesOf(part)];
    const child = all.use(startOurs(["part", "--over", server.url, "--run", "bench", "--quiet", ...target]));
    gauge(`part ${part + 1}`, child, Number(asked.workers) + 1);
    parts.push(child);
  }
  const lead = all.use(startOurs([
    ...["fleet", "--over", server.url, "--run-id", "bench", "--parts", asked.parts, "--clients", asked.clients],
    ...["--url", "mqtt://127.0.0.1:1", "--seed", asked.seed, "--kill-rate", asked.rate, "--workers", asked.workers],
    ...["--duration", asked.duration, "--ramp-rate", `${asked.ramp}/s`, "--connects-under-way", "192"],
  ]));
  gauge("coordinator", lead);
  const { code } = await lead.exit(limitMs);
  print(lead.said);
  const codes = await Promise.all(parts.map(async (part) => (await part.exit(90_000)).code));
  for (const { peak } of gauges) print(peakText(peak));
  print(`exit codes: coordinator ${code}, parts ${codes.join(", ")}`);
  return code;
}
