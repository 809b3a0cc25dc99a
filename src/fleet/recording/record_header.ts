/**
 * The first line of a recording: what was asked for, of whom, and what a report must know besides the events.
 */
import type { ConnackPacket, ConnackProperties, ProtocolVersion } from "../../mqtt/packet.ts";
import type { EngineName } from "../../net/engine.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { recordSchema } from "./record_event.ts";

/** What a broker said of itself in a CONNACK, before the run. */
export interface BrokerWord {
  readonly version: ProtocolVersion;
  readonly properties?: ConnackProperties;
}

/** What a CONNACK says of a broker that speaks this version. */
export function brokerWord(version: ProtocolVersion, { properties }: ConnackPacket): BrokerWord {
  return { version, ...properties && { properties } };
}

/** The first line of a recording. */
export interface RecordHeader {
  readonly schema: typeof recordSchema;
  /** What the caller wants kept: plain data. */
  readonly context: object;
  /** Passwords are empty. */
  readonly plan: FleetPlan;
  /** What the clients speak whose group says nothing of it. */
  readonly protocol: "3.1.1" | "5" | "mix";
  /** What the report says that was spoken. */
  readonly spoken: "3.1.1" | "5" | "mix";
  readonly target: string;
  /** What carried the sockets. */
  readonly engine?: EngineName;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The run's beginning by the clock of its machine: instants are milliseconds since then. */
  readonly originMs: number;
  readonly broker: readonly BrokerWord[];
  /** What it calls itself, where it says so. */
  readonly brokerName?: string;
}

/** A plan that tells that there are passwords, and not which. */
export function withEmptyPasswords(plan: FleetPlan): FleetPlan {
  const emptied = <Part extends { readonly password?: string }>(part: Part): Part =>
    part.password === undefined ? part : { ...part, password: "" };
  return { ...emptied(plan), ...plan.groups && { groups: plan.groups.map(emptied) } };
}

/** A plan without its password, and without those of its groups. */
export function withoutPasswords({ password: _, groups, ...shown }: FleetPlan): Omit<FleetPlan, "password"> {
  return { ...shown, ...groups && { groups: groups.map(({ password: _, ...group }) => group) } };
}
