/**
 * A fleet of Sparkplug edge nodes: what `--sparkplug` fixes in a plan, the names of its nodes and devices, and its rules.
 * Source: Sparkplug 3.0.
 */
import { namespace } from "../../../mqtt/sparkplug/topic.ts";
import type { KillMode } from "../kill_mode.ts";
import type { FleetPlan, PlanRequest, Telemetry } from "../plan.ts";
import { planOptions } from "../plan_options.ts";
import type { Refuse } from "../plan_rules.ts";
import { strangeBrace } from "../template.ts";

/** The group of the nodes without another: a level for each bucket, so that watchers share them. */
const usualGroup = "mqtt-sim-{run}-{bucket}";

/** Devices of each edge node, unless the plan sets another number. */
const usualDevices = 2;

/** A node publishes a data message each second, unless the plan has telemetry of its own. */
const usualData: Telemetry = { perSecond: 1, sizeBytes: 0, qos: 0 };

type SparkplugPlan = Pick<FleetPlan, "sparkplug" | "sparkplugGroup" | "sparkplugDevices" | "sparkplugHost" | "run">;

/** The topic of the NDEATH of each node: the node's name is its client identifier. */
function deathTopic({ sparkplugGroup = usualGroup }: Pick<PlanRequest, "sparkplugGroup">): string {
  return `${namespace}/${sparkplugGroup}/NDEATH/{id}`;
}

const ownNames = ["sparkplugGroup", "sparkplugHost", "sparkplugDevices"] as const;

/** The settings that follow from `--sparkplug`, which each other option of Sparkplug implies. */
export function sparkplugDefaults(request: PlanRequest): Partial<FleetPlan> {
  const { sparkplug = ownNames.some((name) => request[name] !== undefined) } = request;
  return sparkplug ? { sparkplug, willTopic: deathTopic(request) } : {};
}

const deathLevel = "/NDEATH/";
const birthLevel = "/NBIRTH/";

/** The NBIRTH topic, or filter, of the node with this NDEATH topic. */
export function deathAsBirth(deathTopic: string): string {
  return deathTopic.replace(deathLevel, birthLevel);
}

/** The NDEATH topic of the node with this NBIRTH topic. */
export function birthAsDeath(birthTopic: string): string {
  return birthTopic.replace(birthLevel, deathLevel);
}

/** Whether a topic is that of an NBIRTH. */
export function isBirthTopic(topic: string): boolean {
  return topic.startsWith(`${namespace}/`) && topic.includes(birthLevel);
}

/**
 * The kill mode of an edge node: one that leaves in 5.0 sends DISCONNECT with reason code 0x04, so that the server
 * publishes NDEATH. [tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50]
 */
export function nodeKillMode({ sparkplug }: Pick<FleetPlan, "sparkplug">, version: 4 | 5, mode: KillMode): KillMode {
  return sparkplug && version === 5 && mode === "leave" ? "disconnect-with-will" : mode;
}

/** The number of devices of each node. */
export function devicesOf({ sparkplugDevices = usualDevices }: SparkplugPlan): number {
  return sparkplugDevices;
}

/** The name of a device of a node, counted from 0. */
export function deviceName(device: number): string {
  return `device-${device}`;
}

/** The name of the host application of a run. */
export function hostOf({ sparkplugHost = "mqtt-sim-{run}", run }: SparkplugPlan): string {
  return sparkplugHost.replaceAll("{run}", run);
}

/** The messages of each client beside its will, those of edge nodes included. */
export function telemetryOf({ telemetry, sparkplug }: FleetPlan): Telemetry | undefined {
  return telemetry ?? (sparkplug ? usualData : undefined);
}

/** What Sparkplug fixes: another value of the plan would be an edge node that the specification does not allow. */
export function checkSparkplug(plan: FleetPlan, refuse: Refuse): void {
  if (!plan.sparkplug) return checkAlone(plan, refuse);
  const usualSize = planOptions.willPayloadSizeBytes.default;
  const fixed = [
    [
      "willTopic",
      "--will-topic",
      plan.willTopic === deathTopic(plan),
      "none: NDEATH has its topic (--sparkplug-group)",
    ],
    // [tck-id-payloads-ndeath-will-message-qos] [tck-id-payloads-ndeath-will-message-retain]
    ["willQos", `--will-qos ${plan.willQos}`, plan.willQos === 1, "1: the QoS of NDEATH"],
    ["willRetain", "--will-retain", !plan.willRetain, "wills that are not retained: NDEATH is not"],
    ["presence", "--presence", !plan.presence, "no presence: birth and death certificates have that task"],
    [
      "willDelayS",
      `--will-delay ${plan.willDelayS} s`,
      plan.willDelayS === 0,
      "0: NDEATH comes before the next NBIRTH",
    ],
    // [tck-id-principles-persistence-clean-session-311] [tck-id-principles-persistence-clean-session-50]
    ["cleanStart", `--clean-start ${plan.cleanStart}`, plan.cleanStart === "yes", "yes"],
    ["sessionExpiryS", `--session-expiry ${plan.sessionExpiryS} s`, plan.sessionExpiryS === 0, "0"],
    [
      "willPayloadSizeBytes",
      "--will-payload-size",
      plan.willPayloadSizeBytes === usualSize,
      "none: the bdSeq is the payload",
    ],
  ] as const;
  for (const [name, what, isRight, allowed] of fixed) {
    if (!isRight) refuse(name, `${what} with --sparkplug`, allowed);
  }
  const { telemetry } = plan;
  // [tck-id-payloads-ndata-qos] [tck-id-payloads-ddata-qos]
  if (telemetry !== undefined && telemetry.qos > 0) {
    refuse("telemetry", `telemetry of QoS ${telemetry.qos} with --sparkplug`, "QoS 0: that of NDATA and DDATA");
  }
  checkName(plan, "sparkplugGroup", "--sparkplug-group", ["run", "bucket", "group"], refuse);
  checkName(plan, "sparkplugHost", "--sparkplug-host", ["run"], refuse);
}

function checkAlone(plan: FleetPlan, refuse: Refuse): void {
  for (const name of ownNames) {
    if (plan[name] === undefined) continue;
    refuse(name, `--sparkplug-${name.slice("sparkplug".length).toLowerCase()}`, "--sparkplug with it");
  }
}

/** Names are levels of topics. [tck-id-intro-group-id-chars] */
function checkName(
  plan: FleetPlan,
  name: "sparkplugGroup" | "sparkplugHost",
  flag: string,
  placeholders: readonly string[],
  refuse: Refuse,
): void {
  const value = plan[name];
  if (value === undefined) return;
  const rest = placeholders.reduce((text, placeholder) => text.replaceAll(`{${placeholder}}`, ""), value);
  if (value !== "" && !/[+#/\0{}]/.test(rest) && strangeBrace(rest) === undefined) return;
  const taken = placeholders.map((placeholder) => `{${placeholder}}`).join(", ");
  refuse(
    name,
    `${flag} ${JSON.stringify(value)}`,
    `at least one character, no / + # and NUL, and braces only in ${taken}`,
  );
}
