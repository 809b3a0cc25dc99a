/** One round: the fleet, then the generator in C, on the same broker. */
import { startOurs } from "../../support/brokers/peers.ts";
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { CpuClock } from "../peers/process_cost.ts";
import { runGenerator } from "./generator.ts";
import type { Load } from "./load.ts";

/** What a generator measured; milliseconds from the scheduled instant of a kill to its will. */
export interface Measured {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the scheduled instant of a kill to its start. */
  readonly slipP50Ms: number;
  readonly slipP99Ms: number;
  /** From the start of a kill to the return of its last system call. */
  readonly killP50Ms: number;
  readonly killP99Ms: number;
  /** CPU time of the generator's process for each life that it ended, from the first kill until the wills are here. */
  readonly cpuUsPerLife: number;
}

/** Other figures of the run, as a reason to reject it. */
function check(name: string, wills: number, kills: number): void {
  if (kills === 0 || wills !== kills) throw new Error(`${name} saw ${wills} wills of ${kills} kills`);
}

export async function measureGenerator(program: string, broker: BrokerPeer, load: Load): Promise<Measured> {
  const { kills, wills, fromScheduledUs, slipUs, killUs, cpuUs } = await runGenerator(program, broker.port, load);
  check("the generator in C", wills, kills);
  return {
    p50Ms: fromScheduledUs.p50 / 1_000,
    p99Ms: fromScheduledUs.p99 / 1_000,
    slipP50Ms: slipUs.p50 / 1_000,
    slipP99Ms: slipUs.p99 / 1_000,
    killP50Ms: killUs.p50 / 1_000,
    killP99Ms: killUs.p99 / 1_000,
    cpuUsPerLife: cpuUs / kills,
  };
}

/** The part of a fleet's report that the bench reads. */
interface FleetReport {
  readonly latencyMs: { readonly all: { readonly p50: number; readonly p99: number } };
  readonly slipMs: { readonly p50: number; readonly p99: number };
  readonly killTimeMs: { readonly p50: number; readonly p99: number };
  readonly kills: { readonly total: number };
}

/** CPU time of the fleet, in microseconds, over the same part of the run as that of the generator in C. */
async function cpuOfKills(child: ReturnType<typeof startOurs>, limitMs: number): Promise<number> {
  await child.line(/^clients are being killed/, { limitMs: 60_000 });
  const clock = new CpuClock(child.pid);
  await child.line(/^fleet is disconnecting/, { limitMs });
  return clock.us;
}

export async function measureFleet(folder: string, broker: BrokerPeer, load: Load): Promise<Measured> {
  const { clients, killsPerSecond, seconds, qos, reconnectMs } = load;
  const path = `${folder}/fleet.json`;
  await using child = startOurs([
    ...["fleet", "--url", broker.url, "--clients", `${clients}`, "--kill-rate", `${killsPerSecond}/s`],
    ...[
      "--duration",
      `${seconds}s`,
      "--will-qos",
      `${qos}`,
      "--kill-mode",
      "reset",
      "--reconnect-after",
      `${reconnectMs}ms`,
    ],
    // The version of the generator in C, so that both send the same load.
    ...["--protocol", "3.1.1", "--ramp-rate", "5000/s", "--report", path],
  ]);
  const cpuUs = await cpuOfKills(child, (seconds + 60) * 1_000);
  const { code } = await child.exit(60_000);
  if (code !== 0) throw new Error(`the fleet ended with exit code ${code}:\n${child.lines.join("\n")}`);
  const report = JSON.parse(await Deno.readTextFile(path)) as FleetReport;
  return {
    p50Ms: report.latencyMs.all.p50,
    p99Ms: report.latencyMs.all.p99,
    slipP50Ms: report.slipMs.p50,
    slipP99Ms: report.slipMs.p99,
    killP50Ms: report.killTimeMs.p50,
    killP99Ms: report.killTimeMs.p99,
    cpuUsPerLife: cpuUs / report.kills.total,
  };
}
