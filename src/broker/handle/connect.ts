/**
 * CONNECT, in the order of the standard: the requested features, the login, the session (new or taken over), the will,
 * CONNACK, and the queued messages.
 */
import type { ConnackProperties, ConnectPacket } from "../../mqtt/packet.ts";
import { keepsPayloadFormat } from "../../mqtt/message.ts";
import { maximumStringBytes, utf8Length } from "../../mqtt/utf8.ts";
import { mayCarry, ReasonCode, returnCodeOf } from "../../mqtt/reason.ts";
import { type Identity, isSameUser } from "../access/identity.ts";
import type { LoginFailure } from "../access/login_failure.ts";
import { recheckSession } from "./recheck.ts";
import type { Core } from "../core/core.ts";
import { contain } from "./internal_error.ts";
import type { Login, LoginAnswer } from "../options/options.ts";
import { clientLimits } from "../session/client_limits.ts";
import type { Connection } from "../session/session.ts";
import { OutboundAliases } from "../session/outbound_aliases.ts";
import { neverExpiresS, type Session } from "../session/session.ts";
import { sessionBytes } from "../session/sessions.ts";
import { willBytes } from "../wills.ts";
import { disconnectWith, leave } from "./leave.ts";
import { allowedExpiryS } from "./session_expiry.ts";
import { connackText } from "./reason_text.ts";
import { isReserved } from "../../mqtt/topic.ts";
import { topicLimitHit } from "./topic_limit.ts";

/** The caller that passes a CONNECT. */
export interface PendingConnection {
  /** Called if the login took time and the client is accepted. */
  accepted(): void;
}

/**
 * Handles CONNECT, the first packet of a connection. The answer may have to wait for the login; `accepted` is called
 * after that, and not before, for the packets that arrived in the meantime.
 */
export function handleConnect(
  core: Core,
  connection: Connection,
  packet: ConnectPacket,
  nowMs: number,
  pending: PendingConnection,
): void {
  connection.version = packet.protocolVersion;
  connection.phase = "checking";
  takeClientLimits(core, connection, packet);
  connection.trace = core.settings.trace?.of(packet.clientId);
  connection.trace?.("in", packet);
  const refusal = connection.tooFast
    ? core.metrics.limited("connectsPerSecond", ReasonCode.connectionRateExceeded)
    : refusalOf(core, packet, nowMs);
  if (refusal !== undefined) return refuse(core, connection, refusal, nowMs);
  const assigned = packet.clientId === "" ? assignClientId(core) : undefined; // [MQTT5 3.1.3-6] [MQTT311 3.1.3-6]
  const clientId = assigned ?? packet.clientId; // [MQTT5 3.1.3-7]
  const entry = { core, connection, packet, clientId, assigned };
  const answer = decide(entry);
  if (!(answer instanceof Promise)) return settle(entry, answer, nowMs);
  connection.link.pause();
  void answer.then((decided) => {
    if (connection.phase !== "checking") return;
    connection.link.resume();
    try {
      settle(entry, decided, core.settings.clock.nowMs());
    } catch (error) {
      contain(core, error, connection, core.settings.clock.nowMs());
    }
    if (connection.online) pending.accepted();
  });
}

/** A CONNECT that is not yet accepted. */
interface Entry {
  readonly core: Core;
  readonly connection: Connection;
  readonly packet: ConnectPacket;
  readonly clientId: string;
  /** The assigned client identifier, if the client sent none. */
  readonly assigned: string | undefined;
}

/** The question to the callback that judges logins; not built without a callback. */
function loginOf({ connection, packet, clientId }: Entry): Login {
  const { username, password } = packet;
  const { peer, certificateName } = connection.link;
  return { clientId, username, password, peer, certificateName, isOver: () => isOver(connection) };
}

/** While the login is being judged the link is paused, and may not report its end. */
function isOver({ phase, link }: Connection): boolean {
  return phase === "over" || link.isPeerGone === true;
}

/** The outcome of a login: the callback's answer, or its failure. */
type Decision = LoginAnswer | "failed";

const refusalByDecision: Readonly<Record<Exclude<Decision, "accept">, number>> = {
  "bad-credentials": ReasonCode.badUsernameOrPassword,
  "not-authorized": ReasonCode.notAuthorized,
  busy: ReasonCode.serverBusy,
  failed: ReasonCode.serverUnavailable,
};

/** The reason code with which this CONNECT is refused, if it is. */
function refusalOf(core: Core, packet: ConnectPacket, nowMs: number): number | undefined {
  const { limits, maximumQoS, retainAvailable } = core.settings;
  const { will, properties, clientId } = packet;
  if (properties?.authenticationMethod !== undefined) return ReasonCode.badAuthenticationMethod; // [MQTT5 4.12.0-1]
  if (clientId.length > limits.clientIdLength) {
    return core.metrics.limited("clientIdLength", ReasonCode.clientIdentifierNotValid); // [MQTT5 3.1.3-8]
  }
  if (clientId === "" && packet.protocolVersion === 4 && !packet.cleanStart) {
    return ReasonCode.clientIdentifierNotValid; // [MQTT311 3.1.3-8]
  }
  if (core.turn.failing) return ReasonCode.serverUnavailable; // neither session nor will could be stored
  if (core.metrics.open > limits.connections) {
    return core.metrics.limited("connections", ReasonCode.quotaExceeded);
  }
  if (core.sessions.size >= limits.sessions && core.sessions.get(clientId) === undefined) {
    return core.metrics.limited("sessions", ReasonCode.quotaExceeded);
  }
  if (packet.protocolVersion === 4 && isKeepAliveTooLong(core, packet)) {
    // The code of mosquitto's max_keepalive.
    return core.metrics.limited("keepAliveMs", ReasonCode.clientIdentifierNotValid);
  }
  if (!core.memory.hasRoom(entryBytes(core, packet), nowMs)) {
    return core.metrics.limited("memoryBytes", ReasonCode.quotaExceeded);
  }
  if (will === undefined) return undefined;
  if (will.qos > maximumQoS) return ReasonCode.qosNotSupported; // [MQTT5 3.2.2-12]
  if (will.retain && !retainAvailable) return ReasonCode.retainNotSupported; // [MQTT5 3.2.2-13]
  if (isReserved(will.topic)) return ReasonCode.topicNameInvalid;
  const limit = topicLimitHit(will.topic, limits);
  if (limit !== undefined) return core.metrics.limited(limit, ReasonCode.topicNameInvalid);
  if (will.payload.length > limits.willPayloadBytes) {
    return core.metrics.limited("willPayloadBytes", ReasonCode.packetTooLarge);
  }
  return keepsPayloadFormat(will.payload, will.properties) ? undefined : ReasonCode.payloadFormatInvalid;
}

/** The memory that a CONNECT adds to what the broker keeps, in bytes. */
function entryBytes(core: Core, { clientId, will }: ConnectPacket): number {
  const session = core.sessions.get(clientId) === undefined ? sessionBytes(clientId) : 0;
  return session + (will === undefined ? 0 : willBytes(will));
}

function isKeepAliveTooLong(core: Core, { keepAliveS }: ConnectPacket): boolean {
  const { keepAliveMs } = core.settings.limits;
  return keepAliveMs > 0 && (keepAliveS === 0 || keepAliveS * 1_000 > keepAliveMs);
}

function assignClientId(core: Core): string {
  for (;;) {
    const clientId = core.settings.newClientId();
    if (core.sessions.get(clientId) === undefined) return clientId; // [MQTT5 3.2.2-16]
  }
}

function decide(entry: Entry): Decision | Promise<Decision> {
  const { core } = entry;
  if (!core.settings.hasLogins) return "accept";
  const failed = (error: unknown): Decision => {
    loginFailed(entry, "error", core.settings.clock.nowMs(), String(error));
    return "failed";
  };
  try {
    const answer = core.settings.authenticate(loginOf(entry));
    return answer instanceof Promise ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** Continues after the decision about the login. */
function settle(entry: Entry, decision: Decision, nowMs: number): void {
  const { core, connection } = entry;
  if (decision !== "accept") {
    if (decision !== "failed") loginFailed(entry, failureOf(entry, decision), nowMs);
    return refuse(core, connection, refusalByDecision[decision], nowMs);
  }
  if (connackTooLarge(entry)) return refuse(core, connection, ReasonCode.packetTooLarge, nowMs);
  const owner = identityOf(entry);
  const denial = denialOf(entry, owner);
  if (denial === undefined) return admit(entry, owner, nowMs);
  loginFailed(entry, denial, nowMs);
  refuse(core, connection, ReasonCode.notAuthorized, nowMs);
}

function failureOf({ connection, packet }: Entry, answer: Exclude<LoginAnswer, "accept">): LoginFailure {
  const hasName = packet.username !== undefined || connection.link.certificateName !== undefined;
  return answer === "not-authorized" && !hasName ? "no-user-name" : answer;
}

function loginFailed(entry: Entry, failure: LoginFailure, nowMs: number, detail?: string): void {
  const { core, connection: { link: { peer, certificateName } }, packet: { username }, clientId } = entry;
  core.warnings.loginFailed({ failure, peer, username, certificateName, clientId, detail }, nowMs);
}

function identityOf(entry: Entry): Identity | undefined {
  const { hasLogins, identityOf } = entry.core.settings;
  if (!hasLogins) return undefined;
  if (identityOf !== undefined) return identityOf(loginOf(entry));
  const { username } = entry.packet;
  return { username, proof: username === undefined ? "none" : "password" };
}

/** A will is a publication; a session, its messages and its will belong to the user that began the session. */
function denialOf({ core, packet, clientId }: Entry, owner: Identity | undefined): LoginFailure | undefined {
  const username = owner?.username;
  if (packet.will !== undefined && !core.settings.authorize({ clientId, username }, "publish", packet.will.topic)) {
    core.metrics.willsDenied++;
    return "will-denied";
  }
  const session = core.sessions.get(clientId);
  return session === undefined || isSameUser(session.owner, owner) ? undefined : "other-user";
}

/** Sends CONNACK with a refusal, and ends the connection: nothing after it is read, no will was armed. */
export function refuse(
  core: Core,
  connection: Connection,
  reasonCode: number,
  nowMs: number,
  text = connackText(reasonCode),
): void {
  core.metrics.refuse(reasonCode);
  core.settings.listeners.refused?.({ type: "refused", peer: connection.link.peer, reasonCode });
  const code = connection.version === 5 ? connackCode(reasonCode) : returnCodeOf(reasonCode);
  if (code !== undefined) { // [MQTT311 3.2.2-6]
    // [MQTT5 3.2.2-6] [MQTT311 3.2.2-4]
    connection.sendWithReason({ type: "connack", sessionPresent: false, reasonCode: code }, text);
  }
  connection.link.end(); // [MQTT5 3.1.4-2] [MQTT5 3.2.2-7] [MQTT311 3.2.2-5]
  leave(core, connection, { kind: "protocol-error", reasonCode }, nowMs); // [MQTT5 3.1.4-6] [MQTT311 3.1.4-5]
}

/** Each fault of a CONNECT has a reason code that CONNACK may carry; this function checks it. // [MQTT5 3.2.2-8] */
function connackCode(reasonCode: number): number {
  return mayCarry("connack", reasonCode) ? reasonCode : ReasonCode.unspecifiedError;
}

function takeClientLimits(core: Core, connection: Connection, packet: ConnectPacket): void {
  const { properties } = packet;
  connection.limits = clientLimits(properties);
  const aliases = Math.min(properties?.topicAliasMaximum ?? 0, core.settings.limits.outboundTopicAliases);
  if (aliases > 0) connection.outboundAliases = new OutboundAliases(aliases); // [MQTT5 3.1.2-27]
  connection.askedExpiryIntervalS = expiryIntervalS(core, packet);
  const keepAliveS = serverKeepAliveS(core, packet) ?? packet.keepAliveS; // [MQTT5 3.2.2-22]
  connection.silenceLimitMs = 1_500 * keepAliveS; // [MQTT5 3.1.2-22] [MQTT311 3.1.2-24]
}

/** Refuses a client whose maximum packet size is too small for its CONNACK. */
function connackTooLarge(entry: Entry): boolean {
  const { core, connection, packet, clientId, assigned } = entry;
  if (connection.maximumPacketSize === Infinity) return false;
  return !connection.fits({
    type: "connack",
    sessionPresent: false,
    reasonCode: ReasonCode.success,
    properties: connackProperties(core, packet, clientId, assigned),
  });
}

function admit(entry: Entry, owner: Identity | undefined, nowMs: number): void {
  const { core, connection, packet, clientId, assigned } = entry;
  const session = takeOver(core, clientId, packet.cleanStart, nowMs); // [MQTT5 3.1.4-4] [MQTT311 3.1.4-3]
  const sessionPresent = session !== undefined;
  join(core, connection, session ?? core.sessions.begin(clientId, owner), packet); // [MQTT5 3.1.2-6] [MQTT311 3.1.2-4]
  if (packet.will !== undefined) core.wills.arm(clientId, connection.id, packet.will, owner);
  connection.phase = "online";
  core.metrics.online++;
  core.metrics.connected++;
  core.settings.listeners.connected?.({
    type: "connected",
    clientId,
    peer: connection.link.peer,
    version: connection.version,
    sessionPresent,
  });
  const properties = packet.protocolVersion === 5 ? connackProperties(core, packet, clientId, assigned) : undefined;
  connection.send({ // [MQTT5 3.1.4-5] [MQTT5 3.2.2-2] [MQTT5 3.2.2-3] [MQTT311 3.2.2-1] [MQTT311 3.2.2-2]
    type: "connack",
    sessionPresent,
    reasonCode: ReasonCode.success,
    ...(properties !== undefined && { properties }),
  });
  watchSilence(core, connection);
  connection.session!.usedOutbox?.attach(connection, nowMs);
}

/**
 * Ends the client's older connection, ends its session if the client requests a new one, and otherwise returns the
 * session. Each step treats the old will as the standard requires: published, cancelled, or never armed.
 */
function takeOver(core: Core, clientId: string, cleanStart: boolean, nowMs: number): Session | undefined {
  const older = core.sessions.get(clientId)?.connection;
  if (older !== undefined) { // [MQTT5 3.1.4-3] [MQTT311 3.1.4-2]
    disconnectWith(core, older, ReasonCode.sessionTakenOver, { kind: "takeover" }, nowMs);
  }
  const session = core.sessions.get(clientId); // it may have ended with its connection
  if (session === undefined) return undefined;
  if (cleanStart) { // [MQTT5 3.1.2-4] [MQTT311 3.1.2-6]
    core.sessions.end(session, nowMs);
    return undefined;
  }
  core.sessions.resume(session); // [MQTT5 3.1.2-5] [MQTT311 3.1.2-4]
  recheckSession(core, session, nowMs);
  core.wills.cancel(clientId); // [MQTT5 3.1.3-9]
  return session;
}

function join(core: Core, connection: Connection, session: Session, packet: ConnectPacket): void {
  session.expiryIntervalS = expiryIntervalS(core, packet);
  session.connection = connection;
  core.sessions.joined(session);
  connection.session = session;
}

/** Session expiry interval in seconds, within the broker's limit. */
function expiryIntervalS(core: Core, packet: ConnectPacket): number {
  return allowedExpiryS(core.settings.limits, askedExpiryS(packet));
}

/** 3.1.1 has two kinds of session: one ends with its connection, the other does not expire. */
function askedExpiryS(packet: ConnectPacket): number {
  if (packet.protocolVersion === 5) return packet.properties?.sessionExpiryIntervalS ?? 0;
  return packet.cleanStart ? 0 : neverExpiresS; // [MQTT311 3.1.2-4] [MQTT311 3.1.2-6]
}

/** The server keep alive, if it differs from the client's. */
function serverKeepAliveS(core: Core, packet: ConnectPacket): number | undefined {
  if (packet.protocolVersion === 4) return undefined;
  const { serverKeepAliveS, limits } = core.settings;
  if (serverKeepAliveS !== undefined) return serverKeepAliveS; // [MQTT5 3.1.2-21]
  return isKeepAliveTooLong(core, packet) ? Math.ceil(limits.keepAliveMs / 1_000) : undefined;
}

/** Replaces the CONNECT timeout by the keep alive, which counts from the CONNECT. */
function watchSilence(core: Core, connection: Connection): void {
  const { deadline, silenceLimitMs, lastPacketMs } = connection;
  if (deadline === undefined) return;
  if (silenceLimitMs > 0) return core.deadlines.move(deadline, lastPacketMs + silenceLimitMs);
  core.deadlines.cancel(deadline);
  connection.deadline = undefined;
}

/** The properties that differ from the defaults of the standard. */
function connackProperties(
  core: Core,
  packet: ConnectPacket,
  clientId: string,
  assigned: string | undefined,
): ConnackProperties {
  const { limits, maximumQoS, retainAvailable, responseInformation } = core.settings;
  const wantsResponses = packet.properties?.requestResponseInformation ?? false; // [MQTT5 3.1.2-28]
  const keepAliveS = serverKeepAliveS(core, packet);
  const expiryS = expiryIntervalS(core, packet);
  const responses = responseInformation?.replaceAll("%c", () => clientId) ?? "";
  return {
    ...(expiryS !== askedExpiryS(packet) && { sessionExpiryIntervalS: expiryS }), // section 3.2.2.3.2
    maximumPacketSize: limits.maximumPacketSizeBytes,
    ...(limits.receiveMaximum < 65_535 && { receiveMaximum: limits.receiveMaximum }),
    ...(limits.topicAliasMaximum > 0 && { topicAliasMaximum: limits.topicAliasMaximum }),
    ...(maximumQoS < 2 && { maximumQoS }), // [MQTT5 3.2.2-9]
    ...(!retainAvailable && { retainAvailable }),
    ...(assigned !== undefined && { assignedClientIdentifier: assigned }), // [MQTT5 3.2.2-16]
    ...(keepAliveS !== undefined && { serverKeepAliveS: keepAliveS }),
    ...(wantsResponses && responses !== "" && utf8Length(responses) <= maximumStringBytes && {
      responseInformation: responses,
    }),
  };
}
