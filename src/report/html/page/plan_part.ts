/** The settings of the run, and the command that repeats it. */
import { devicesOf, hostOf } from "../../../fleet/plan/sparkplug/sparkplug_plan.ts";
import { formatCount, formatDuration, formatMix, formatRate } from "../../../base/units.ts";
import { phasesDurationMs } from "../../../fleet/plan/phases.ts";
import type { Report } from "../../model/report.ts";
import { restartLines } from "../../model/restart_lines.ts";
import { type Markup, markup } from "./markup.ts";

/** The plan and the command. */
export function planPart(report: Report): Markup {
  const { plan, run } = report;
  return markup`
    <section aria-labelledby="plan-title">
      <h2 id="plan-title">The plan</h2>
      ${restartLines(report).map((line) => markup`<p class="note">${line}</p>`)}
      <dl class="plan card">${
    planFacts(plan).map(([name, value]) =>
      markup`
          <div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>
        `
    )
  }</dl>
      <h3 id="repeat-title">Repeat this run</h3>
      <div class="command card"><pre id="repeat" tabindex="0" aria-labelledby="repeat-title"><code>${run.repeat}</code></pre>
    <button type="button" data-copy="repeat">Copy</button></div>
    </section>
  `;
}

function planFacts(plan: Report["plan"]): [name: string, value: string][] {
  const qos = plan.willQos === "mix" ? "QoS 0, 1 and 2" : `QoS ${plan.willQos}`;
  return [
    ...scenarioFacts(plan),
    [
      "Clients",
      `${formatCount(plan.clients)}, connected at ${formatCount(plan.rampPerSecond)}/s, ${plan.workers} worker${
        plan.workers === 1 ? "" : "s"
      }`,
    ],
    ...(plan.shard === undefined ? [] : [["Shard", `${plan.shard.number} of ${plan.shard.of}`] as [string, string]]),
    ["Protocol", plan.protocol],
    [
      "Kill rate",
      `${formatRate(plan.killRate)}${plan.killRate.kind === "fraction" ? " of the clients alive, each second" : ""}`,
    ],
    [
      "Kill modes",
      formatMix(plan.killShares.map(({ mode, weight }) => ({ name: mode, weight }))).replaceAll(",", ", "),
    ],
    ...(plan.scenario === undefined ? [] : [["Scenario", plan.scenario] as [string, string]]),
    ["Duration", formatDuration(phasesDurationMs(plan))],
    ["Reconnect after", plan.reconnectAfterMs === "never" ? "never" : formatDuration(plan.reconnectAfterMs)],
    ["Keep alive", plan.keepAliveS === 0 ? "off" : `${formatCount(plan.keepAliveS)} s`],
    ["Session", `expires after ${formatCount(plan.sessionExpiryS)} s, clean start: ${plan.cleanStart}`],
    [
      "Wills",
      `${qos}${plan.willRetain ? ", retained" : ""}, ${payloadText(plan)}, delay ${formatCount(plan.willDelayS)} s`,
    ],
    ...(plan.presence ? [["Presence", presenceText(plan)] as [string, string]] : []),
    ...(plan.sparkplug
      ? [["Sparkplug", `edge nodes with ${formatCount(devicesOf(plan))} devices, host ${hostOf(plan)}`] as [
        string,
        string,
      ]]
      : []),
    ["Will topic", plan.willTopic],
    ...(plan.profile === undefined ? [] : [["Profile", plan.profile] as [string, string]]),
    ["Watchers", `${formatCount(plan.watchers)}, each will seen by ${plan.fanOut}`],
    ["Late after", formatDuration(plan.lateAfterMs)],
    ["Missing after", formatDuration(plan.drainMs)],
    ["Seed", String(plan.seed)],
  ];
}

function payloadText({ willPayload, willPayloadSizeBytes }: Report["plan"]): string {
  return willPayload === undefined ? `${formatCount(willPayloadSizeBytes)} bytes` : `payload ${willPayload}`;
}

function presenceText({ birthPayload }: Report["plan"]): string {
  const birth = birthPayload === undefined ? "online and left" : `${birthPayload} (and, on leaving, the will's)`;
  return `retained ${birth} messages on the wills' topics`;
}

/** The settings that only a run by a scenario has; the scenario's own file defines its parts. */
function scenarioFacts({ scenario, groups, phases }: Report["plan"]): [name: string, value: string][] {
  const facts: [name: string, value: string | undefined][] = [
    ["Scenario", scenario],
    ["Groups", groups === undefined ? undefined : groups.map(({ name }) => name).join(", ")],
    ["Phases", phases === undefined ? undefined : phases.map(({ kind }) => kind).join(", ")],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}
