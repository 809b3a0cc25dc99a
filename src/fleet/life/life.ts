/**
 * One life of one virtual client: from CONNECT to the end of its connection, with its will. This module defines the
 * content of a will; the oracle decides which will is due, and when.
 */
import { sameBytes } from "../../base/bytes.ts";
import { mixFour } from "../../base/random.ts";
import type { MessageProperties, ProtocolVersion, PublishPacket, QoS } from "../../mqtt/packet.ts";
import { isSameContent } from "../../mqtt/sparkplug/payload.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import { isMarkOf, type Mark, nonceOf, readMark, writeMark } from "./mark.ts";
import {
  hasOwnPayload,
  hasOwnPayloads,
  lifeProperty,
  type OwnMessage,
  ownPayloadOf,
  ownProperties,
  readOwnProperties,
} from "./own_payload.ts";
import { nodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { deathPayload } from "./sparkplug.ts";
import type { Template } from "../plan/template.ts";
import { type TopicLife, willTopicTemplate } from "../plan/will_topic.ts";

/** The cause of the end of a life: a kill, a restart of the broker that the fleet requested, or neither. */
export type EndMode = KillMode | "restart" | "lost";

/** How a life ended: by a kill, with the broker or node that the fleet restarted, or `lost` without an action of the fleet. */
export interface LifeEnd {
  readonly mode: EndMode;
  /** The instant in the schedule. */
  readonly dueMs: number;
  /** When the kill was complete: its system call had returned. Of a life that the fleet did not end, its detection. */
  readonly doneMs: number;
  /**
   * The earliest instant at which the broker may have ended it, where it differs: in a restart, an open takeover, or
   * before the system call of the kill.
   */
  readonly sinceMs?: number;
  /** The client is silent and keeps its connection open: the broker detects it by keep alive alone. */
  readonly silent: boolean;
  /** The instant at which the client saw the close that the broker owed; absent before that. */
  readonly closedMs?: number;
  /** It was announced then, by DISCONNECT, or may have waited here unread since then, for this machine was busy. */
  readonly closedSinceMs?: number;
  /** When the fleet itself ended that connection, still open at the broker: a later will may answer this. */
  readonly cutMs?: number;
  /** The variant that the kill drew, as a text. */
  readonly detail?: string;
}

/** The CONNECT that followed a life. */
export interface NextConnect {
  readonly cleanStart: boolean;
  readonly sentMs: number;
  /** When the broker accepted it; undefined before its CONNACK. */
  acknowledgedMs: number | undefined;
  /** Whether the broker then reported that it had the session; undefined before its answer. */
  sessionPresent?: boolean | undefined;
}

/** The data of the fleet on one life. Instants are milliseconds of one clock. */
export interface Life {
  readonly client: number;
  /** 1 for a client's first CONNECT, and one more for each later one. */
  readonly incarnation: number;
  readonly bucket: number;
  /** Its node in the cluster, from 0; absent without a cluster. */
  readonly node?: number;
  readonly version: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Will Delay Interval; 0 in 3.1.1. */
  readonly delayS: number;
  /** Session Expiry Interval; 0 in 3.1.1. After CONNACK, the value that the server announced, if it announced one. */
  sessionExpiryS: number;
  /** As the server overrode it, if it did. */
  keepAliveS: number;
  /** When the client sent CONNECT; undefined when the link never opened. */
  sentMs: number | undefined;
  /** When CONNACK accepted it. */
  connectedMs: number | undefined;
  /** CONNACK refused it. */
  refused: boolean;
  /** When the client sent the last whole packet. */
  lastPacketMs: number;
  /** This machine kept the client from sending for longer than keep alive allows: the broker may have ended it. */
  overslept: boolean;
  end: LifeEnd | undefined;
  /** It was alive when the run ended, and left properly then. */
  retired: boolean;
  /** When it did. */
  leftMs?: number;
  next: NextConnect | undefined;
}

/** The number that separates one life's draws; 1 draws a client's version, 4 its nonce. */
const drawOf = { qos: 2, cleanStart: 3, coin: 5 } as const;

/** A life that is about to begin. @param down nodes of the cluster that are stopped */
export function beginLife(
  plan: FleetPlan,
  client: { readonly number: number; readonly bucket: number; readonly version: ProtocolVersion },
  incarnation: number,
  down?: ReadonlySet<number>,
): Life {
  const { number, bucket, version } = client;
  const life = {
    client: number,
    incarnation,
    bucket,
    version,
    cleanStart: plan.cleanStart === "mix" ? drawsClean(plan, number, incarnation) : plan.cleanStart === "yes",
    qos: willQosOf(plan, number, incarnation),
    retain: plan.willRetain,
    delayS: version === 5 ? plan.willDelayS : 0,
    sessionExpiryS: version === 5 ? plan.sessionExpiryS : 0,
    keepAliveS: plan.keepAliveS,
    sentMs: undefined,
    connectedMs: undefined,
    refused: false,
    lastPacketMs: 0,
    overslept: false,
    end: undefined,
    retired: false,
    next: undefined,
  };
  return plan.nodes === undefined ? life : { ...life, node: nodeOf(plan, life, down) };
}

function drawsClean(plan: FleetPlan, client: number, incarnation: number): boolean {
  return mixFour(plan.seed, client, incarnation, drawOf.cleanStart) % 2 === 0;
}

/** The QoS of a life's will. */
export function willQosOf(plan: FleetPlan, client: number, incarnation: number): QoS {
  return (plan.willQos === "mix" ? mixFour(plan.seed, client, incarnation, drawOf.qos) % 3 : plan.willQos) as QoS;
}

/** A drawn number for the variants of a kill. */
export function coinOf(plan: FleetPlan, client: number, incarnation: number): number {
  return mixFour(plan.seed, client, incarnation, drawOf.coin);
}

/** A will, or another message of a life, as the client requests it from the broker. */
export interface LifeMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** 5.0 only. */
  readonly properties?: MessageProperties;
}

/** The topic of one life's will. */
export function willTopicOf(plan: FleetPlan, life: TopicLife): string {
  return topicOf(plan).fill(life);
}

/** Whether a topic is that of one life's will. */
export function isWillTopic(plan: FleetPlan, life: TopicLife, topic: string): boolean {
  return topicOf(plan).matches(topic, life);
}

const topics = new WeakMap<FleetPlan, Template<TopicLife>>();

function topicOf(plan: FleetPlan): Template<TopicLife> {
  let template = topics.get(plan);
  if (template === undefined) topics.set(plan, template = willTopicTemplate(plan));
  return template;
}

/** The will of one life: equal on every call. */
export function willOf(plan: FleetPlan, life: Life): LifeMessage {
  if (!plan.sparkplug) return messageOf(plan, life, willName, "will", life.retain);
  const payload = deathPayload(life.incarnation, life.sentMs ?? 0);
  return { topic: willTopicOf(plan, life), payload, qos: life.qos, retain: life.retain };
}

/** Whether a payload is that of one life's will. */
export function isWillPayload(plan: FleetPlan, life: Life, payload: Uint8Array): boolean {
  const own = plan.sparkplug ? deathPayload(life.incarnation, life.sentMs ?? 0) : ownPayloadOf(plan, "will", life);
  if (own === undefined) return isMarkOf(plan, willName, life, payload);
  // A Sparkplug Aware server may write its own timestamp into an NDEATH.
  return sameBytes(own, payload) || plan.sparkplug === true && isSameContent(payload, own);
}

/** The properties of one life's will. */
export function willPropertiesOf(plan: FleetPlan, life: Life): MessageProperties | undefined {
  return plan.sparkplug || life.version === 4 ? undefined : propertiesOf(plan, life, "will");
}

/**
 * A message of one life on the topic of its will.
 *
 * @param name the start of its payload, where the plan has none of the user's own
 */
export function messageOf(
  plan: FleetPlan,
  life: Life,
  name: string,
  message: OwnMessage,
  retain: boolean,
): LifeMessage {
  const topic = willTopicOf(plan, life);
  const payload = ownPayloadOf(plan, message, life) ?? writeMark(plan, name, life);
  const { qos } = life;
  if (life.version === 4) return { topic, payload, qos, retain };
  return { topic, payload, qos, retain, properties: propertiesOf(plan, life, message) };
}

const day = 86_400;

/** Every property a will may carry, one name twice and out of order, so that a broker can lose each of them. */
function markProperties(plan: FleetPlan, { client, incarnation }: Mark): MessageProperties {
  const correlationData = new Uint8Array(8);
  new DataView(correlationData.buffer).setUint32(0, nonceOf(plan, client, incarnation));
  new DataView(correlationData.buffer).setUint32(4, client);
  return {
    payloadFormatIndicator: 1,
    messageExpiryIntervalS: day,
    contentType: "text/plain",
    responseTopic: `mqtt-sim/${plan.run}/response`,
    correlationData,
    userProperties: [["run", plan.run], [lifeProperty, `${client}.${incarnation}`], ["run", "again"]],
  };
}

function propertiesOf(plan: FleetPlan, mark: Mark, message: OwnMessage): MessageProperties {
  const properties = markProperties(plan, mark);
  return hasOwnPayload(plan, message) ? { ...properties, ...ownProperties(plan, message, mark) } : properties;
}

/** How the payload of a will begins. */
const willName = "mqtt-sim";

/** The life that a payload names as the source of its will. */
export type WillMark = Mark;

/** Reads the life of a will from a payload; undefined for a payload that is not from this run. */
export function readWillMark(plan: FleetPlan, payload: Uint8Array): WillMark | undefined {
  return readMark(plan, payload, willName);
}

/** The life of a will by its payload or, where payloads may be the user's own, by its properties. */
export function readWill(plan: FleetPlan, packet: Pick<PublishPacket, "payload" | "properties">): WillMark | undefined {
  const mark = readWillMark(plan, packet.payload);
  if (mark !== undefined || !hasOwnPayloads(plan)) return mark;
  const own = readOwnProperties(plan, packet);
  return own?.message === "will" ? own : undefined;
}
