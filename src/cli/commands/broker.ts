/**
 * `mqtt-sim broker`: the embedded broker alone, until a signal.
 */
import { formatCount } from "../../base/units.ts";
import { Broker } from "../../broker/broker.ts";
import type { BrokerMetrics } from "../../broker/metrics.ts";
import { aborted, type Interrupts, openInterrupts } from "../interrupt.ts";
import type { Output } from "../output.ts";
import type { BrokerFlags } from "./broker_flags.ts";
import { onHangUp } from "../hang_up.ts";
import { brokerOptions, settingsOf } from "./broker_options.ts";
import { openSecurity, type Security } from "./broker_security.ts";

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
  const security = await openSecurity(settings);
  const interrupts = interruptsFrom();
  let stopReloading = () => {};
  try {
    const running = await Broker.start({ ...brokerOptions(settings), ...security.options, log });
    stopReloading = onHangUp(() => void reload(security, running, log));
    if (!quiet) out.write(`${startLine(running.urls.join(" and "), running.storePlace)}\n`);
    await aborted(interrupts.early);
    await Promise.race([running.stop(), aborted(interrupts.atOnce)]);
    if (!quiet) out.write(`${stopLine(running.metrics())}\n`);
    return 0;
  } finally {
    stopReloading();
    interrupts.close();
  }
}

async function reload(
  security: Security,
  running: Broker,
  log: (level: "info" | "warn", message: string) => void,
): Promise<void> {
  try {
    log("info", await security.reload(running));
  } catch (error) {
    log("warn", `${error instanceof Error ? error.message : String(error)}; everything stays as it was`);
  }
}

function startLine(url: string, store: string): string {
  return `mqtt-sim broker listening on ${url} (MQTT 3.1.1 and 5.0; sessions in ${store}; Ctrl-C stops)`;
}

function stopLine({ connections, wills }: BrokerMetrics): string {
  const published = Object.values(wills.published).reduce((sum, count) => sum + count, 0);
  const lost = wills.lostAtStop === 0 ? "" : `, ${formatCount(wills.lostAtStop)} lost at the stop`;
  return `stopped: ${formatCount(connections.connected)} connections; wills: ${formatCount(wills.armed)} armed, ` +
    `${formatCount(published)} published, ${formatCount(wills.discarded)} discarded, ` +
    `${formatCount(wills.cancelled)} cancelled${lost}`;
}
