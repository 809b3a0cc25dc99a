/**
 * mqtt-sim as a library: a broker to start in tests, a fleet to kill, and a report of what became of its wills.
 *
 * @example
 * ```ts
 * import { Broker, makePlan, makeReport, parseEndpoint, reportText, runFleet } from "./mod.ts";
 *
 * const broker = await Broker.start();
 * const plan = makePlan({ run: "demo", seed: 1, clients: 100, durationMs: 5_000 });
 * const run = { plan, target: parseEndpoint(broker.url), brokerInProcess: true };
 * const result = await runFleet(run, { onProgress() {}, onNotice() {} });
 * const context = { tool: { name: "mqtt-sim", version: "0.1.0" }, embedded: true, program: "mqtt-sim" } as const;
 * console.log(reportText(makeReport(result, context)));
 * await broker.stop();
 * ```
 *
 * @module
 */
export { InvariantError, ProtocolError, UsageError } from "./src/base/failure.ts";
export { Histogram, type HistogramRow } from "./src/base/histogram.ts";
export { Broker, type BrokerOptions } from "./src/broker/broker.ts";
export type { BrokerMetrics } from "./src/broker/metrics.ts";
export {
  type BrokerLimits,
  type CoreOptions,
  defaultLimits,
  type Login,
  type LoginAnswer,
} from "./src/broker/options.ts";
export { type KillMode, killModes, killModeText, type KillShare } from "./src/fleet/kill_mode.ts";
export {
  type FleetPlan,
  type FleetRun,
  type KillRate,
  makePlan,
  planDefaults,
  type PlanRequest,
  type ProtocolChoice,
} from "./src/fleet/plan.ts";
export type {
  FaultSample,
  FleetResult,
  LatencyRow,
  ModeCounts,
  Notice,
  Phase,
  Progress,
  WillCounts,
} from "./src/fleet/result.ts";
export { type FleetHooks, runFleet } from "./src/fleet/run_fleet.ts";
export { type Endpoint, parseEndpoint } from "./src/net/endpoint.ts";
export { reportJson } from "./src/report/json.ts";
export { makeReport, type Report, type ReportContext, reportSchema, type Tool } from "./src/report/report.ts";
export { colourStyle, plainStyle, type Style } from "./src/report/style.ts";
export { reportText, type TextOptions } from "./src/report/text.ts";
