/**
 * The first line of a recording: the request, the broker, and the further data that a report needs besides the events.
 */
import type { ConnackPacket, ConnackProperties, ProtocolVersion } from "../../mqtt/packet.ts";
import type { EngineName } from "../../net/engine.ts";
import { maskedProxy } from "../../net/proxy/proxy_target.ts";
import { maskedWebHeader } from "../../net/web_handshake.ts";
import type { FleetPlan, HiddenName } from "../plan/plan.ts";
import { recordSchema } from "./record_event.ts";

/** A broker's data in its CONNACK, before the run. */
export interface BrokerWord {
  readonly version: ProtocolVersion;
  readonly properties?: ConnackProperties;
}

/** The data in a CONNACK of a broker that accepts this version. */
export function brokerWord(version: ProtocolVersion, { properties }: ConnackPacket): BrokerWord {
  if (properties === undefined) return { version };
  // The data of one authentication say nothing about the broker.
  const { authenticationData: _, ...shown } = properties;
  return { version, properties: shown };
}

/** The first line of a recording. */
export interface RecordHeader {
  readonly schema: typeof recordSchema;
  /** The caller's own data: plain data. */
  readonly context: object;
  /** Passwords are empty. */
  readonly plan: FleetPlan;
  /** The version of the clients whose group sets none. */
  readonly protocol: "3.1.1" | "5" | "mix";
  /** The version in the report. */
  readonly spoken: "3.1.1" | "5" | "mix";
  readonly target: string;
  /** The engine that carried the sockets. */
  readonly engine?: EngineName;
  /** The floor of the instrument: an encoded histogram; absent where the run did not measure it. */
  readonly floor?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The run's start by the clock of its machine: instants are milliseconds since then. */
  readonly originMs: number;
  readonly broker: readonly BrokerWord[];
  /** The broker's name for itself, where it has one. */
  readonly brokerName?: string;
}

/** The passwords of a plan. */
const secrets = ["password", "watcherPassword", "canaryPassword", "authBytes"] as const;

/** A plan that shows that there are passwords, but not their values. */
export function withEmptyPasswords(plan: FleetPlan): FleetPlan {
  const emptied = <Part extends Partial<FleetPlan>>(part: Part): Part => ({
    ...part,
    ...Object.fromEntries(secrets.flatMap((name) => part[name] === undefined ? [] : [[name, ""]])),
  });
  const { credentialRows: _, payloadTexts: _1, ...shown } = plan;
  return { ...emptied(shown), ...maskedSecrets(plan), ...plan.groups && { groups: plan.groups.map(emptied) } };
}

/** A plan without its password, and without those of its groups. */
export function withoutPasswords(plan: FleetPlan): Omit<FleetPlan, "password" | HiddenName> {
  const {
    password: _,
    watcherPassword: _1,
    canaryPassword: _2,
    credentialRows: _3,
    authBytes: _4,
    payloadTexts: _5,
    groups,
    ...shown
  } = plan;
  return {
    ...shown,
    ...maskedSecrets(plan),
    ...groups && { groups: groups.map(({ password: _, ...group }) => group) },
  };
}

/** Options with a secret in their text, without it. */
function maskedSecrets({ wsHeaders, authData, proxy }: FleetPlan): Pick<FleetPlan, "wsHeaders" | "authData" | "proxy"> {
  return {
    ...proxy !== undefined && { proxy: maskedProxy(proxy) },
    ...wsHeaders !== undefined && { wsHeaders: wsHeaders.map(maskedWebHeader) },
    ...authData !== undefined && { authData: maskedAuthData(authData) },
  };
}

/** The name of a file of authentication data is no secret; the data are. */
export function maskedAuthData(authData: string): string {
  return authData.startsWith("@") ? authData : "@AUTH_DATA_FILE";
}
