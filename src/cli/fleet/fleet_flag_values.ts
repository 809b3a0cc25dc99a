/**
 * How the flags of `mqtt-sim fleet` read their values, and how help writes the plan's defaults.
 */
import * as units from "../../base/units.ts";
import { planDefaults, usualSourcePorts } from "../../fleet/plan/make_plan.ts";
import type { FlagValue } from "../options/flag.ts";
import { type HttpAddress, parseHttpAddress } from "../process/http_address.ts";

/** A whole number. */
export const whole: FlagValue<number> = { metavar: "N", read: units.parseWhole };
/** A time span, in milliseconds. */
export const duration: FlagValue<number> = { metavar: "TIME", read: units.parseDurationMs };
/** Whole seconds. */
export const seconds: FlagValue<number> = { metavar: "SECONDS", read: units.parseSeconds };
/** Any word. */
export const word = (metavar: FlagValue<string>["metavar"]): FlagValue<string> => ({ metavar, read: (value) => value });

/** A file. */
export const file: FlagValue<string> = { ...word("FILE"), isFile: true };

/** Where a page is served. */
export const address: FlagValue<HttpAddress> = { metavar: "[HOST:]PORT", read: parseHttpAddress };

/** What the plan says where nothing was asked for, as people write it. */
export const usual = {
  clients: units.formatCount(planDefaults.clients),
  killRate: units.formatRate(planDefaults.killRate),
  killShares: units.formatMix(planDefaults.killShares.map(({ mode, weight }) => ({ name: mode, weight }))),
  duration: units.formatDuration(planDefaults.durationMs),
  reconnectAfter: units.formatDuration(planDefaults.reconnectAfterMs),
  lateAfter: units.formatDuration(planDefaults.lateAfterMs),
  drain: units.formatDuration(planDefaults.drainMs),
  restartTimeout: units.formatDuration(planDefaults.restartTimeoutMs),
  sourcePorts: units.formatCount(usualSourcePorts),
  rampRate: units.formatCount(planDefaults.rampPerSecond),
};
