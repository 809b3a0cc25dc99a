/** How much load the wills were measured under, in words. */
import { formatCount } from "../../base/units.ts";
import { phasesDurationMs } from "../../fleet/plan/phases.ts";
import type { TelemetryCounts } from "../../fleet/result/telemetry_result.ts";
import type { Report } from "./report.ts";

/** `9,000 messages at 300/s beside the wills, 9,000 acknowledged`, and by group; undefined where there was no load. */
export function telemetryText({ telemetry, plan }: Pick<Report, "telemetry" | "plan">): string | undefined {
  if (telemetry === undefined) return undefined;
  const perSecond = telemetry.sent / phasesDurationMs(plan) * 1_000;
  const groups = Object.entries(telemetry.byGroup);
  const byGroup = groups.length < 2 ? "" : `; ${groups.map(([name, own]) => `${name}: ${counts(own)}`).join("; ")}`;
  return `${formatCount(perSecond)} messages a second in addition to the wills: ${counts(telemetry)}${byGroup}`;
}

function counts({ sent, acknowledged, withheld }: TelemetryCounts): string {
  const held = withheld === 0 ? "" : `, ${formatCount(withheld)} withheld`;
  return `${formatCount(sent)} sent, ${formatCount(acknowledged)} acknowledged${held}`;
}
