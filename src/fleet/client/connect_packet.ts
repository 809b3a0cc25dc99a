/**
 * The CONNECT of a life.
 */
import { bytesOfText } from "../../base/bytes.ts";
import type { ConnectPacket, ConnectWill } from "../../mqtt/packet.ts";
import { type Life, willOf } from "../life/life.ts";
import { clientIdOf } from "../plan/client_id.ts";
import { fieldBytes, fieldOf } from "../plan/credential_rows.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { fillTemplate, type ValueOf } from "../plan/template.ts";

/** The CONNECT that begins a life, its will in it. */
export function connectPacketOf(plan: FleetPlan, life: Life): ConnectPacket {
  const { delayS, sessionExpiryS, version } = life;
  const will: Filled<ConnectWill> = willOf(plan, life);
  if (delayS > 0) will.delayIntervalS = delayS;
  const { username, password } = clientLogin(plan, life.client);
  const packet: Filled<ConnectPacket> = {
    type: "connect",
    protocolVersion: version,
    cleanStart: life.cleanStart,
    keepAliveS: plan.keepAliveS,
    clientId: clientIdOf(plan, life.client),
    will,
  };
  if (username !== undefined) packet.username = username;
  if (password !== undefined) packet.password = password;
  if (sessionExpiryS > 0) packet.properties = { sessionExpiryIntervalS: sessionExpiryS };
  return packet;
}

/** Filled in part by part: an absent part costs nothing. */
type Filled<T> = { -readonly [K in keyof T]: T[K] };

/** The CONNECT of a client without a will, such as a watcher. */
export function plainConnectPacket(plan: FleetPlan, version: 4 | 5, clientId: string): ConnectPacket {
  return {
    type: "connect",
    protocolVersion: version,
    cleanStart: true,
    keepAliveS: plainKeepAliveS,
    clientId,
    ...watcherLogin(plan, clientId),
  };
}

/**
 * The CONNECT of a watcher with a session, the first as any that resumes it: with Clean Start 1 a broker may keep it while
 * it runs, and forget it when it is restarted. It outlives any restart that is waited for.
 */
export function watcherConnectPacket(plan: FleetPlan, version: 4 | 5, clientId: string): ConnectPacket {
  const plain = { ...plainConnectPacket(plan, version, clientId), cleanStart: false };
  if (version === 4) return plain;
  const sessionExpiryIntervalS = Math.ceil(plan.restartTimeoutMs / 1_000) + watcherGraceS;
  return { ...plain, properties: { sessionExpiryIntervalS } };
}

/** A watcher's session outlives the time that the broker has to come back by so many seconds. */
const watcherGraceS = 300;

/** Keep alive of watchers and readers, in seconds. */
export const plainKeepAliveS = 60;

/** The value of {client} and {group} for watchers and readers. */
const watcherName = "watcher";

interface Login {
  readonly username?: string;
  readonly password?: Uint8Array;
}

const noLogin: Login = {};

function hasNoLogin({ username, password }: FleetPlan): boolean {
  return username === undefined && password === undefined;
}

/** The login of a client, or of a canary, whose number is beyond the clients. */
function clientLogin(plan: FleetPlan, client: number): Login {
  const { credentialRows: rows, canaryUsername } = plan;
  if (rows === undefined && canaryUsername === undefined && hasNoLogin(plan)) return noLogin;
  if (client >= plan.clients && canaryUsername !== undefined) return login(canaryUsername, plan.canaryPassword);
  if (rows !== undefined && client < rows.count) {
    const username = fieldOf(rows, client, "username") ?? plan.username;
    const password = fieldBytes(rows, client, "password");
    if (password !== undefined) return { ...login(username ?? ""), password };
    return filledLogin(plan, username, clientValues(plan, client));
  }
  return filledLogin(plan, plan.username, clientValues(plan, client));
}

/** The login of a watcher or a reader. */
function watcherLogin(plan: FleetPlan, clientId: string): Login {
  const { watcherUsername, watcherPassword, run } = plan;
  if (watcherUsername !== undefined) return login(watcherUsername, watcherPassword);
  return filledLogin(plan, plan.username, (name) => {
    if (name === "client" || name === "group") return watcherName;
    return name === "id" ? clientId : name === "run" ? run : undefined;
  });
}

/** The values of placeholders for a client; the cut of the plan into groups filled in its group. */
function clientValues(plan: FleetPlan, client: number): ValueOf {
  return (name) => {
    if (name === "client") return String(client);
    if (name === "id") return clientIdOf(plan, client);
    return name === "run" ? plan.run : name === "group" ? watcherName : undefined;
  };
}

function filledLogin({ password }: FleetPlan, username: string | undefined, valueOf: ValueOf): Login {
  if (username === undefined && password === undefined) return noLogin;
  return login(fillTemplate(username ?? "", valueOf), password && fillTemplate(password, valueOf));
}

/** 3.1.1 allows no password without a user name, so an empty user name accompanies it. */
function login(username: string, password?: string): Login {
  return { username, ...password !== undefined && { password: bytesOfText(password) } };
}
