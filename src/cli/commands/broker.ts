/**
 * `mqtt-sim broker`: the embedded broker alone, until a signal.
 */
import { formatCount } from "../../base/units.ts";
import { Broker } from "../../broker/broker.ts";
import type { BrokerMetrics } from "../../broker/metrics.ts";
import { aborted, type Interrupts, openInterrupts } from "../interrupt.ts";
import type { Output } from "../output.ts";
import type { BrokerFlags } from "./broker_flags.ts";
import { brokerOptions, settingsOf } from "./broker_options.ts";

/**
 * Runs a broker until SIGINT or SIGTERM; answers the exit code.
 *
 * @throws UsageError when the address or port cannot be had, or the config file cannot be used
 */
export async function broker(
  flags: BrokerFlags,
  { out, err }: Output,
  interruptsFrom: () => Interrupts = openInterrupts,
): Promise<number> {
  const settings = await settingsOf(flags);
  const { quiet = false } = settings;
  const log = (level: "info" | "warn", message: string) => {
    if (level === "warn") err.write(`${err.style.unsure("warning:")} ${message}\n`);
  };
  const interrupts = interruptsFrom();
  try {
    const running = await Broker.start({ ...brokerOptions(settings), log });
    if (!quiet) out.write(`${startLine(running.url)}\n`);
    await aborted(interrupts.early);
    await Promise.race([running.stop(), aborted(interrupts.atOnce)]);
    if (!quiet) out.write(`${stopLine(running.metrics())}\n`);
    return 0;
  } finally {
    interrupts.close();
  }
}

function startLine(url: string): string {
  return `mqtt-sim broker listening on ${url} (MQTT 3.1.1 and 5.0; sessions in memory; Ctrl-C stops)`;
}

function stopLine({ connections, wills }: BrokerMetrics): string {
  const published = Object.values(wills.published).reduce((sum, count) => sum + count, 0);
  const lost = wills.lostAtStop === 0 ? "" : `, ${formatCount(wills.lostAtStop)} lost at the stop`;
  return `stopped: ${formatCount(connections.connected)} connections; wills: ${formatCount(wills.armed)} armed, ` +
    `${formatCount(published)} published, ${formatCount(wills.discarded)} discarded, ` +
    `${formatCount(wills.cancelled)} cancelled${lost}`;
}
