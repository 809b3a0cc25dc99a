/**
 * The report of a search for a capacity on one broker or several: the JSON document, and the input of all other
 * writers.
 */
import { escapeJson } from "../../base/escape.ts";
import { formatCount, formatMs } from "../../base/units.ts";
import type { CapacityFinding, CapacityOutcome } from "../../fleet/capacity/capacity_result.ts";
import { loadText } from "../../fleet/capacity/find_capacity.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import type { Tool } from "../model/report.ts";

/** The form of the document; the number changes when a name changes its meaning or disappears. */
export const capacitySchema = "mqtt-sim/capacity/1";

/** The finding on one broker, under its name. */
export interface BrokerCapacity extends CapacityFinding {
  readonly name: string;
  /** The broker's URL, or `embedded`. */
  readonly target: string;
}

/** The JSON that `mqtt-sim capacity --report` writes. Milliseconds unless a name says otherwise. */
export interface CapacityReport {
  readonly schema: typeof capacitySchema;
  readonly tool: Tool;
  /** The worst of the brokers: 130 interrupted, 1 no load held, 3 generator or void, 0 found. */
  readonly exitCode: 0 | 1 | 3 | 130;
  /** The seed of the whole search; each step has one of its own. */
  readonly seed: number;
  /** The conditions that a load has to meet to hold. */
  readonly conditions: readonly string[];
  /** The command that repeats the search, without a password. */
  readonly repeat: string;
  /** Sentences that a reader of the numbers must know. */
  readonly warnings: readonly string[];
  /** In the order of the command line. */
  readonly brokers: readonly BrokerCapacity[];
}

const exitCodes: Readonly<Record<CapacityOutcome, CapacityReport["exitCode"]>> = {
  found: 0,
  reached: 0,
  none: 1,
  generator: 3,
  void: 3,
  interrupted: 130,
};

const worstFirst = [130, 1, 3, 0] as const;

/** Makes the report. */
export function makeCapacityReport(
  report: Omit<CapacityReport, "schema" | "exitCode">,
): CapacityReport {
  const codes = report.brokers.map(({ outcome }) => exitCodes[outcome]);
  return {
    schema: capacitySchema,
    ...report,
    exitCode: worstFirst.find((code) => codes.includes(code)) ?? 3,
    repeat: withMaskedUrls(report.repeat),
    brokers: report.brokers.map((broker) => ({ ...broker, reason: withMaskedUrls(broker.reason) })),
  };
}

/** The whole report as one JSON document, indented, with a line end. */
export function capacityJson(report: CapacityReport): string {
  return `${escapeJson(JSON.stringify(report, null, 2))}\n`;
}

/** The word of an outcome. */
export const outcomeWords: Readonly<Record<CapacityOutcome, string>> = {
  found: "CAPACITY",
  reached: "HELD",
  none: "FAIL",
  generator: "VOID",
  void: "VOID",
  interrupted: "INTERRUPTED",
};

/** The number of a finding with its interval, or why there is none. */
export function capacityText({ outcome, capacity, atLeast, reason, settings }: CapacityFinding): string {
  if (capacity !== undefined) return `${valueText({ capacity, settings })}: ${reason}`;
  if (outcome === "reached") return reason;
  if (outcome === "generator") {
    return `no number, because the generator was the limit: ${reason}${leastText(atLeast, settings)}`;
  }
  return outcome === "none" ? `no load held: ${reason}` : reason;
}

/** `1,840 kills/s (between 1,800 and 1,880)`. */
export function valueText(
  { capacity, settings }: Required<Pick<CapacityFinding, "capacity">> & Pick<CapacityFinding, "settings">,
): string {
  const { value, held, over } = capacity;
  return `${loadText(value, settings)} (between ${formatCount(held)} and ${formatCount(over)})`;
}

function leastText(atLeast: number | undefined, settings: CapacityFinding["settings"]): string {
  return atLeast === undefined
    ? ""
    : `; the broker held ${loadText(atLeast, settings)}, which is a lower bound and not its capacity`;
}

/** The knee in words; a dash where there is none. */
export function kneeText({ knee, settings }: Pick<CapacityFinding, "knee" | "settings">): string {
  return knee === undefined ? "–" : `${loadText(knee.load, settings)}, p99 ${formatMs(knee.p99)}`;
}
