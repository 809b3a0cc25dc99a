/**
 * `mqtt-sim broker`: runs only the embedded broker, until a signal.
 */
import { formatCount, formatSizeBytes } from "../../base/units.ts";
import { Broker } from "../../broker/broker.ts";
import type { BrokerMetrics } from "../../broker/limits/metrics.ts";
import type { Monitor } from "../../broker/monitor/monitor.ts";
import type { BrokerLogLevel } from "../../broker/options/options.ts";
import { engineText } from "../../net/engine.ts";
import { aborted, type Interrupts, openInterrupts } from "../process/interrupt.ts";
import type { Output } from "../process/output.ts";
import { type GiveUp, keepPermissions } from "../process/permissions.ts";
import type { BrokerFlags } from "./broker_flags.ts";
import { onHangUp } from "./on_sighup.ts";
import { type Observing, openObserving } from "./broker_observing.ts";
import { brokerOptions, settingsOf } from "./broker_options.ts";
import { openSecurity, type Security } from "./broker_security.ts";

/** The dependencies of the command; a test may replace them. */
export interface BrokerDeps {
  readonly openInterrupts?: () => Interrupts;
  readonly giveUp?: GiveUp;
}

/**
 * Runs a broker until SIGINT or SIGTERM; returns the exit code.
 *
 * @throws UsageError when the address or port is not available, or the config file is unusable
 */
export async function broker(
  flags: BrokerFlags,
  { out, err }: Output,
  { openInterrupts: interruptsFrom = openInterrupts, giveUp = keepPermissions }: BrokerDeps = {},
): Promise<number> {
  const settings = await settingsOf(flags);
  const { quiet = false } = settings;
  const observing = openObserving(settings, err);
  const { log } = observing;
  const security = await openSecurity(settings);
  const interrupts = interruptsFrom();
  let stopReloading = () => {};
  let monitor: Monitor | undefined;
  try {
    const running = await Broker.start({ ...brokerOptions(settings), ...security.options, ...observing.options });
    stopReloading = onHangUp(() => void reload(security, running, log));
    monitor = await served(running, observing, security);
    // The store and the epoll engine are open; only SIGHUP makes the command read files again. The end of a listener
    // removes its Unix socket.
    const removes = running.urls.some((url) => url.startsWith("unix:"));
    giveUp("ffi", ...removes ? [] : ["write"] as const, ...removes || security.readsAgain ? [] : ["read"] as const);
    if (!quiet) out.write(startLines(running, monitor, security));
    await aborted(interrupts.early);
    await Promise.race([running.stop(), aborted(interrupts.atOnce)]);
    if (!quiet) out.write(`${stopLine(running.metrics())}\n`);
    return 0;
  } finally {
    stopReloading();
    await monitor?.stop();
    interrupts.close();
  }
}

async function reload(
  security: Security,
  running: Broker,
  log: (level: BrokerLogLevel, message: string) => void,
): Promise<void> {
  try {
    log("info", await security.reload(running));
  } catch (error) {
    log("warn", `${error instanceof Error ? error.message : String(error)}; nothing was changed`);
  }
}

/** A broker whose page cannot be served is not to run on unseen. */
async function served(
  running: Broker,
  observing: Observing,
  { adminToken }: Security,
): Promise<Monitor | undefined> {
  try {
    return await observing.serve(running, adminToken);
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function startLines(
  { urls, listenerEngines, storePlace, fault, engine, memoryLimitBytes, connectionsLimit, openFiles }: Broker,
  monitor: Monitor | undefined,
  { adminToken }: Security,
): string {
  const lines = [
    `mqtt-sim broker listening on ${urls.join(" and ")} (MQTT 3.1.1 and 5.0; sessions in ${storePlace}; ` +
    `${enginesText(urls, listenerEngines)}; Ctrl-C stops)`,
    `memory that clients make it take: up to ${formatSizeBytes(memoryLimitBytes)} (--max-memory)`,
    `connections: up to ${formatCount(connectionsLimit)} at one time (--max-connections; the limit of open files ` +
    `${openFiles === undefined ? "cannot be read" : `is ${formatCount(openFiles)}`})`,
    ...(engine.whyNotEpoll === undefined ? [] : [`engine ${engineText(engine)}`]),
    ...(fault === undefined ? [] : [`FAULT INJECTION IS ON: ${fault}`]),
    ...(monitor === undefined ? [] : [`metrics on ${monitor.url}/metrics, status on ${monitor.url}/status`]),
    ...(monitor === undefined || adminToken === undefined
      ? []
      : [`actions of an operator on ${monitor.url}, with the token of --admin-token`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The engine; that of each listener where TLS listeners have another one. */
function enginesText(urls: readonly string[], names: readonly string[]): string {
  const [first] = names;
  if (names.every((name) => name === first)) return `engine ${first}`;
  return urls.map((url, place) => `${url} on engine ${names[place]}`).join(", ");
}

function stopLine({ connections, wills }: BrokerMetrics): string {
  const published = Object.values(wills.published).reduce((sum, count) => sum + count, 0);
  const lost = wills.lostAtStop === 0 ? "" : `, ${formatCount(wills.lostAtStop)} lost at the stop`;
  return `stopped: ${formatCount(connections.connected)} connections; wills: ${formatCount(wills.armed)} armed, ` +
    `${formatCount(published)} published, ${formatCount(wills.discarded)} discarded, ` +
    `${formatCount(wills.cancelled)} cancelled${lost}`;
}
