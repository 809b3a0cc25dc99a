import type { GroupResult } from "../../src/fleet/result/group_result.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { failed, latency, modeCounts } from "./sample.ts";

/** Counts by group whose sums are those of {@link failed}. */
export function grouped(): FleetResult {
  const result = failed();
  const { wills, kills, clients, presence } = result;
  const gateways: GroupResult = {
    ...{ name: "gateways", connected: 90, presenceWrong: 2 },
    ...modeCounts(1_000, { expected: 990, onTime: 980, missing: 7, late: 3 }),
    latencyMs: latency(400, 0.1, 8),
    brokerLatencyMs: latency(400, 0.05, 7),
  };
  const unattributed: GroupResult = {
    ...{ connected: 0, presenceWrong: 0, latencyMs: latency(0, 0, 0), brokerLatencyMs: latency(0, 0, 0) },
    ...modeCounts(0, { unwanted: 1 }),
  };
  const rest = Object.fromEntries(
    (["expected", "onTime", "late", "early", "missing", "altered", "duplicate", "unwanted", "deviating"] as const)
      .map((name) => [name, wills[name] - gateways[name] - unattributed[name]]),
  );
  const sensors: GroupResult = {
    ...{ name: "sensors", connected: clients.connected - 90, presenceWrong: presence!.wrong - 2 },
    ...modeCounts(kills.total - 1_000, rest),
    latencyMs: latency(1_600, 0.1, 9),
    brokerLatencyMs: latency(1_600, 0.05, 8),
  };
  const load = { sent: 30_000, acknowledged: 29_990, withheld: 10 };
  return { ...result, byGroup: [sensors, gateways, unattributed], telemetry: { ...load, byGroup: { sensors: load } } };
}
