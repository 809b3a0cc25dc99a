/**
 * The rules of payloads of the user's own.
 */
import type { FleetPlan } from "../plan.ts";
import { planOptions } from "../plan_options.ts";
import type { Refuse } from "../plan_rules.ts";
import { hasPlaceholder, templateParts } from "../template.ts";

/** Whether a value of a payload option names a file. */
export function isPayloadFile(value: string): boolean {
  return value.startsWith("@");
}

/** The bytes that a payload may have. [MQTT311 1.5.3] [MQTT5 1.5.6] */
export const mostPayloadBytes = 65_535;

/** Payloads of the user's own name no life: topic and payload must distinguish clients, and online from offline. */
export function checkOwnPayloads(plan: FleetPlan, refuse: Refuse): void {
  const { willPayload, birthPayload, presence, willTopic, willPayloadSizeBytes } = plan;
  if (birthPayload !== undefined && willPayload === undefined) {
    refuse("birthPayload", "--birth-payload alone", "--will-payload with it");
  } else if (birthPayload !== undefined && !presence) {
    refuse("birthPayload", "--birth-payload without --presence", "both: with --presence clients publish that message");
  }
  if (willPayload === undefined) return;
  if (plan.sparkplug) refuse("willPayload", "--will-payload with --sparkplug", "one of them: the will is NDEATH");
  if (willPayloadSizeBytes !== planOptions.willPayloadSizeBytes.default) {
    refuse("willPayloadSizeBytes", "--will-payload-size and --will-payload", "one of them");
  }
  if (presence && birthPayload === undefined) {
    const allowed = "--birth-payload with both: the payload of a client that is online";
    refuse("willPayload", "--will-payload with --presence", allowed);
  }
  const isShared = !hasPlaceholder(willTopic, "client", "id") || mergesNumbers(willTopic);
  if (isShared || hasPlaceholder(willTopic, "incarnation")) {
    const allowed = "a topic with {client} or {id} and without {incarnation}, for the payload names no client and no " +
      "life: each client needs a topic of its own, the same in all its lives";
    refuse("willTopic", `--will-topic ${JSON.stringify(willTopic)} with --will-payload`, allowed);
  }
  checkPayloadTexts(plan, refuse);
}

/** True where numbers stand next to each other, so that two clients may have one topic. */
function mergesNumbers(topic: string): boolean {
  const parts = templateParts(topic);
  return parts.some((part, place) => typeof part !== "string" && typeof (parts[place + 1] ?? "") !== "string");
}

function checkPayloadTexts({ willPayload, birthPayload, willRetain }: FleetPlan, refuse: Refuse): void {
  for (
    const [field, flag, value] of [
      ["willPayload", "--will-payload", willPayload],
      ["birthPayload", "--birth-payload", birthPayload],
    ] as const
  ) {
    if (value === undefined) continue;
    const shown = `${flag} ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    if (value === "@") refuse(field, shown, "@ and the path of a file");
    if (value === "" && willRetain) {
      refuse(field, `${flag} "" with retained wills`, "at least one byte: an empty retained message removes the last");
    }
    if (new TextEncoder().encode(value).length > mostPayloadBytes) refuse(field, shown, "at most 65,535 bytes");
    if (field === "birthPayload" && value === willPayload) {
      refuse(field, shown, "another payload than that of the will: online and offline must differ");
    }
    if (field === "birthPayload" && hasPlaceholder(value, "incarnation")) {
      refuse(field, shown, "no {incarnation}: a client is online with the same payload in all its lives");
    }
  }
}
