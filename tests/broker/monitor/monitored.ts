/** A stage with the metrics page and the operator's actions. */
import type { Monitored } from "../../../src/broker/monitor/monitor.ts";
import { queueTotals, statusPage } from "../../../src/broker/monitor/status.ts";
import { clearRetained, disconnectClient, endSession } from "../../../src/broker/serve/operator.ts";
import type { Stage } from "../stage.ts";

/** The start time that the metrics report. */
export const startedAt = "2026-01-01T00:00:00.000Z";

/** The program around a stage, for its metrics. */
export const build = { version: "1.2.3", engine: "deno" };

/** Wraps the broker of a stage for a monitor. */
export function monitored(stage: Stage): Monitored {
  const { core } = stage;
  return {
    url: "mqtt://stage",
    startedAt,
    fault: core.settings.willFault?.description,
    metrics: () => core.metrics.snapshot(),
    queues: () => queueTotals(core),
    status: (query) => statusPage(core, query, stage.nowMs),
    disconnectClient: (clientId) => disconnectClient(core, clientId, stage.nowMs),
    endSession: (clientId) => endSession(core, clientId, stage.nowMs),
    clearRetained: (topic) => clearRetained(core, topic, stage.nowMs),
    get storeFails() {
      return core.turn.failing;
    },
    actionRefused: (peer, why) => core.warnings.actionRefused(peer, why, stage.nowMs),
  };
}
