/**
 * From a user's settings for `mqtt-sim broker` to the options of the broker: reads the config file, applies the flags
 * over it, and converts each setting to its option.
 */
import type { BrokerOptions } from "../../broker/broker.ts";
import { type BrokerLimits, defaultOptions, type StoreOption } from "../../broker/options/options.ts";
import { readConfig } from "../options/config_file.ts";
import type { BrokerFlags } from "./broker_flags.ts";
import { brokerDefaults, type BrokerSettings, brokerSettings, limitNames } from "./broker_settings.ts";

/**
 * The settings of the config file, if one was named, and over them those of the flags.
 *
 * @throws UsageError with every error of the file in one message
 */
export async function settingsOf({ config, ...flags }: BrokerFlags): Promise<BrokerSettings> {
  const ofFile = config === undefined ? {} : await readConfig(config, brokerSettings);
  const isGiven = ([name, value]: [string, unknown]) =>
    brokerSettings.has(name) && value !== undefined && !(Array.isArray(value) && value.length === 0);
  return { ...ofFile, ...Object.fromEntries(Object.entries(flags).filter(isGiven)) };
}

/** The broker's options. */
export function brokerOptions(settings: BrokerSettings): BrokerOptions {
  const { host = brokerDefaults.host, port = brokerDefaults.port } = settings;
  return {
    host,
    port,
    ownThread: true,
    limits: limitsOf(settings),
    ...(settings.engine !== undefined && { engine: settings.engine }),
    ...(settings["proxy-protocol"] === true && { proxyProtocol: true }),
    ...(settings["max-qos"] !== undefined && { maximumQoS: Number(settings["max-qos"]) as 0 | 1 | 2 }),
    ...(settings.retain !== undefined && { retainAvailable: settings.retain === "yes" }),
    ...(settings["server-keep-alive"] !== undefined && { serverKeepAliveS: settings["server-keep-alive"] }),
    ...(settings["response-information"] !== undefined && { responseInformation: settings["response-information"] }),
    ...(settings["on-shutdown"] !== undefined && { onShutdown: settings["on-shutdown"] }),
    store: storeOf(settings),
  };
}

function storeOf({ store: path = defaultOptions.store, "store-outlives": outlives }: BrokerSettings): StoreOption {
  if (path === "memory") return path;
  return { path, ...(outlives !== undefined && { outlives }) };
}

function limitsOf(settings: BrokerSettings): Partial<BrokerLimits> {
  const entries = [...limitNames].map(([name, limit]) => [limit, settings[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
