/**
 * The versions of a fleet, from the requests of its groups and the versions that the broker accepts.
 */
import { UsageError } from "../../base/failure.ts";
import type { ConnackPacket, ProtocolVersion } from "../../mqtt/packet.ts";
import { Groups } from "../plan/groups.ts";
import { type KillShare, needsVersion5 } from "../plan/kill_mode.ts";
import { phasesOf } from "../plan/phases.ts";
import type { ClientGroup, FleetPlan } from "../plan/plan.ts";

/** The decision, or why no run is possible. */
type Negotiated =
  | { readonly kind: "ready"; readonly protocol: "3.1.1" | "5" | "mix"; readonly notice?: string }
  | { readonly kind: "void"; readonly reason: string; readonly notSpoken?: true };

/** The plan requests a feature that this broker lacks: another broker may have it. */
export class NotSpokenError extends UsageError {}

/** Versions that some group insists on, 5.0 first. */
function versionsNeeded(plan: FleetPlan): ProtocolVersion[] {
  const asked = groupsOf(plan).map(({ protocol }) => protocol ?? plan.protocol);
  const speaks = (...words: string[]) => asked.some((protocol) => words.includes(protocol));
  return [...speaks("5", "mix") ? [5 as const] : [], ...speaks("3.1.1", "mix") ? [4 as const] : []];
}

/** The versions that the preflight tries with the broker, in this order. */
export function versionsToAsk(plan: FleetPlan): ProtocolVersion[] {
  return settlesForEither(plan) ? [5, 4] : versionsNeeded(plan);
}

/**
 * Decides the version of the clients whose group sets none.
 *
 * @param spoken the versions that the broker accepts, of those the preflight tried
 * @throws UsageError when the plan requests a feature of a version that the broker does not accept
 */
export function negotiateProtocol(plan: FleetPlan, url: string, spoken: readonly ProtocolVersion[]): Negotiated {
  const needed = versionsNeeded(plan);
  if (needed.some((version) => !spoken.includes(version))) return refusedVersion(plan, url, needed, spoken);
  if (spoken.length === 0) {
    return { kind: "void", reason: `${url} supports neither MQTT 3.1.1 nor 5.0`, notSpoken: true };
  }
  if (plan.protocol !== "auto") return { kind: "ready", protocol: plan.protocol };
  if (spoken.includes(5)) {
    const only5 = mixesOf(plan).every(allNeed5);
    return { kind: "ready", protocol: only5 || !spoken.includes(4) ? "5" : "mix" };
  }
  return negotiateFor4(plan, url);
}

function negotiateFor4(plan: FleetPlan, url: string): Negotiated {
  const delayed = eitherPlans(plan).some(({ willDelayS }) => willDelayS > 0);
  const mix = mixesOf(plan).find(allNeed5);
  if (delayed || mix !== undefined) {
    const what = delayed ? "--will-delay" : `kill mode ${drawnOf(mix!)[0]!.mode}`;
    throw new NotSpokenError(`Cannot use ${what}: it needs MQTT 5.0, and ${url} supports 3.1.1 only`);
  }
  return { kind: "ready", protocol: "3.1.1", notice: `${url} supports MQTT 3.1.1 only, so the fleet uses 3.1.1` };
}

function refusedVersion(
  plan: FleetPlan,
  url: string,
  needed: readonly ProtocolVersion[],
  spoken: readonly ProtocolVersion[],
): Negotiated {
  const wanted = needed.length === 2 ? "both MQTT 3.1.1 and 5.0" : `MQTT ${nameOf(needed[0]!)}`;
  const other = spoken[0] ?? (plan.protocol === "5" ? 4 : 5);
  const instead = `try --protocol ${other === 5 ? "5" : "3.1.1"}`;
  return { kind: "void", reason: `${url} does not support ${wanted}; ${instead}`, notSpoken: true };
}

/** A server that announces that it lacks a feature refuses such wills. [MQTT5 3.2.2-12] [MQTT5 3.2.2-13] */
export function checkWills(plan: FleetPlan, url: string, { properties }: ConnackPacket): void {
  const maximumQoS = properties?.maximumQoS ?? 2;
  for (const { willQos, willRetain, presence, telemetry } of new Groups(plan, "mix").plans) {
    const qos = willQos === "mix" ? 2 : willQos;
    if (qos > maximumQoS) {
      throw new NotSpokenError(
        `Cannot use --will-qos ${willQos}: ${url} takes QoS ${maximumQoS} at most; use --will-qos ${maximumQoS}`,
      );
    }
    // A client must not publish above it either. [MQTT5 3.2.2-11]
    if (telemetry !== undefined && telemetry.qos > maximumQoS) {
      throw new NotSpokenError(`Cannot use telemetry of QoS ${telemetry.qos}: ${url} takes QoS ${maximumQoS} at most`);
    }
    if (willRetain && properties?.retainAvailable === false) {
      throw new NotSpokenError(
        `Cannot use ${presence ? "--presence" : "--will-retain"}: ${url} does not retain messages`,
      );
    }
  }
}

function groupsOf({ groups }: FleetPlan): readonly Pick<ClientGroup, "protocol">[] {
  return groups ?? [{}];
}

function settlesForEither(plan: FleetPlan): boolean {
  return plan.protocol === "auto" && groupsOf(plan).some(({ protocol }) => protocol === undefined);
}

/** The plans of the groups without a version. */
function eitherPlans(plan: FleetPlan): FleetPlan[] {
  return new Groups(plan, "mix").plans.filter(({ protocol }) => protocol === "auto");
}

/** The kills of such clients: each mix that a group or a phase requests. */
function mixesOf(plan: FleetPlan): (readonly KillShare[])[] {
  const own = eitherPlans(plan).map(({ killShares }) => killShares);
  return phasesOf(plan).flatMap((phase) =>
    phase.kind !== "kill" ? [] : phase.killShares === undefined ? own : [phase.killShares]
  );
}

function drawnOf(shares: readonly KillShare[]): KillShare[] {
  return shares.filter(({ weight }) => weight > 0);
}

function allNeed5(shares: readonly KillShare[]): boolean {
  return drawnOf(shares).every(({ mode }) => needsVersion5(mode));
}

function nameOf(version: ProtocolVersion): string {
  return version === 5 ? "5.0" : "3.1.1";
}
