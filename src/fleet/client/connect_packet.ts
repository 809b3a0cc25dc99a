/**
 * The CONNECT of a life.
 */
import { bytesOfText } from "../../base/byte_text.ts";
import type { ConnectPacket } from "../../mqtt/packet.ts";
import { clientIdOf, type Life, willOf } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** The CONNECT that begins a life, its will in it. */
export function connectPacketOf(plan: FleetPlan, life: Life): ConnectPacket {
  const { topic, payload, properties } = willOf(plan, life);
  const { qos, retain, delayS, sessionExpiryS, version } = life;
  return {
    type: "connect",
    protocolVersion: version,
    cleanStart: life.cleanStart,
    keepAliveS: plan.keepAliveS,
    clientId: clientIdOf(plan, life.client),
    ...credentialsOf(plan, String(life.client)),
    will: { topic, payload, qos, retain, ...delayS > 0 && { delayIntervalS: delayS }, ...properties && { properties } },
    ...sessionExpiryS > 0 && { properties: { sessionExpiryIntervalS: sessionExpiryS } },
  };
}

/** The CONNECT of a client without a will, such as a watcher. */
export function plainConnectPacket(plan: FleetPlan, version: 4 | 5, clientId: string): ConnectPacket {
  return {
    type: "connect",
    protocolVersion: version,
    cleanStart: true,
    keepAliveS: plainKeepAliveS,
    clientId,
    ...credentialsOf(plan, watcherName),
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

/** The values of {client} and {group} for watchers and readers. */
const watcherName = "watcher";

/** 3.1.1 allows no password without a user name, so an empty user name accompanies it. */
function credentialsOf(plan: FleetPlan, client: string): { username?: string; password?: Uint8Array } {
  const { username, password } = plan;
  if (username === undefined && password === undefined) return {};
  // A client's group was filled in with its group's plan.
  const filled = (text: string) => text.replaceAll("{client}", client).replaceAll("{group}", watcherName);
  return {
    username: filled(username ?? ""),
    ...password !== undefined && { password: bytesOfText(filled(password)) },
  };
}
