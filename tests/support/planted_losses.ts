/**
 * Planted losses: `mqtt-sim broker --fault lose=N%` and a fleet on it, in two processes. The broker counts the wills
 * that it lost, the fleet counts the missing ones.
 */
import { startOurs } from "./brokers/peers.ts";

/** The shares of all wills that the broker loses, in percent. */
export const lossShares = [1, 5, 30, 50, 100] as const;

/** One run. */
export interface PlantedRun {
  readonly share: number;
  readonly seed: number;
  readonly exitCode: number;
  readonly verdict: string;
  readonly reason: string;
  /** Due wills of clients, and the missing ones of them. */
  readonly due: number;
  readonly missing: number;
  /** Missing wills of canaries. */
  readonly controlsLost: number;
  /** From the broker's metrics: the wills that it lost. */
  readonly brokerLost: number;
}

/** True for a run that found exactly the planted losses. */
export function isExact({ exitCode, verdict, missing, controlsLost, brokerLost }: PlantedRun): boolean {
  return verdict === "fail" && exitCode === 1 && brokerLost > 0 && missing + controlsLost === brokerLost;
}

/** The number of due wills at which a run without a loss has a probability below 1 in 10,000 at 1 %. */
const fleetFlags =
  "--clients 400 --kill-rate 200/s --kill-mode reset --duration 5s --late-after 5s --drain 6s --reconnect-after 200ms";

/** Runs a broker that loses this share of all wills, and a fleet on it. */
export async function plantedRun(share: number, seed: number): Promise<PlantedRun> {
  const flags = `broker --port 0 --metrics 0 --fault lose=${share}% --fault-seed ${seed}`;
  await using broker = startOurs(flags.split(" "));
  const [, url] = await broker.line(/listening on (\S+)/);
  const [, metricsUrl] = await broker.line(/metrics on (\S+)\/metrics/);
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  try {
    await using fleet = startOurs(`fleet --url ${url} --report ${path} --seed ${seed} ${fleetFlags}`.split(" "));
    const { code } = await fleet.exit(120_000);
    const { verdict, reason, wills, controls } = JSON.parse(await Deno.readTextFile(path));
    const status = await (await fetch(`${metricsUrl}/status`)).json();
    return {
      ...{ share, seed, exitCode: code, verdict, reason },
      ...{ due: wills.expected, missing: wills.missing, controlsLost: controls.lost },
      brokerLost: status.wills.faultsByKind.lose,
    };
  } finally {
    await Deno.remove(path);
  }
}
