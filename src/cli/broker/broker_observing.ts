/**
 * How `mqtt-sim broker` is seen, and how it misbehaves on request: the settings brought to log, trace, `$SYS`, metrics
 * page and faults.
 */
import { openLog } from "../../base/log.ts";
import { freshSeed } from "../../base/random.ts";
import type { AdminToken } from "../../broker/access/admin_token.ts";
import type { Broker, BrokerOptions } from "../../broker/broker.ts";
import type { BrokerLogLevel } from "../../broker/options/options.ts";
import { SeededFault } from "../../broker/fault/seeded_fault.ts";
import { eventLog, loggedEvents, packetLog } from "../../broker/monitor/event_log.ts";
import { type Monitor, startMonitor } from "../../broker/monitor/monitor.ts";
import type { Stream } from "../process/output.ts";
import { tool } from "../process/tool.ts";
import { type BrokerSettings, limitFlag } from "./broker_settings.ts";
import { observingDefaults } from "./observing_settings.ts";

/** The log and the metrics of a broker. */
export interface Observing {
  readonly options: Pick<BrokerOptions, "log" | "onEvent" | "eventTypes" | "trace" | "sysIntervalMs" | "willFault">;
  readonly log: NonNullable<BrokerOptions["log"]>;
  /** Serves the metrics page, where the user requested it. @throws UsageError when its port is not available */
  serve(broker: Broker, adminToken: AdminToken | undefined): Promise<Monitor | undefined>;
}

/** Opens the log on standard error, and makes the requested faults. */
export function openObserving(settings: BrokerSettings, err: Stream): Observing {
  const { log: format = observingDefaults.log, "log-level": level = observingDefaults.logLevel } = settings;
  const mark = (text: string) => text === "error" ? err.style.bad(text) : err.style.unsure(text);
  const log = openLog({ format, level, write: (line) => err.draw(line), mark });
  const tell = (grade: BrokerLogLevel, message: string) => log.write(grade === "warn" ? "warning" : grade, message);
  const warn = (sentence: string) => tell("warn", sentence);
  const allowOrigins = settings["allow-origin"] ?? [];
  const traced = settings["trace-client"] ?? [];
  const willFault = faultOf(settings, (kind, clientId) => {
    if (log.isOn("info")) {
      log.write("info", "fault injected into a will", { event: "will-fault", kind, clientId });
    }
  });
  if (willFault !== undefined) log.write("warning", `fault injection is on: ${willFault.description}`);
  return {
    log: tell,
    options: {
      log: tell,
      sysIntervalMs: settings["sys-interval"] ?? observingDefaults.sysIntervalMs,
      onEvent: eventLog(log),
      eventTypes: loggedEvents(log),
      ...(traced.length > 0 && { trace: packetLog(log, traced) }),
      ...(willFault !== undefined && { willFault }),
    },
    serve: async (broker, adminToken) => {
      if (settings.metrics === undefined) return undefined;
      const build = { version: tool.version, engine: broker.engine.name, limitWord: limitFlag };
      return await startMonitor(broker, { ...settings.metrics, allowOrigins, log: warn, adminToken, build });
    },
  };
}

/** The requested faults; without a seed, this function draws one and prints it. */
export function faultOf(
  { fault: shares, "fault-seed": seed, "fault-clients": clients }: BrokerSettings,
  onStrike: (kind: string, clientId: string) => void = () => {},
): SeededFault | undefined {
  if (shares === undefined) return undefined;
  return new SeededFault({
    shares,
    seed: seed ?? freshSeed(),
    clients,
    onStrike: (kind, { clientId }) => onStrike(kind, clientId),
  });
}
