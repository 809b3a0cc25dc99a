/** The packets that take the broker longest, each as large as the limits permit. */
import type { BrokerLimits } from "../../../src/broker/options/options.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type {
  ConnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  SubscribePacket,
  UserProperty,
} from "../../../src/mqtt/packet.ts";
import { levelsOf } from "../../../src/mqtt/topic.ts";
import type { SimLink } from "../../sim/broker/sim_link.ts";
import { type BenchStage, connectOf, empty, send } from "../bench_stage.ts";

/** One kind of packet. */
export interface TurnCase {
  readonly name: string;
  /** The repeated item of the packet. */
  readonly items: number;
  /** One packet, or several in one read. */
  readonly bytes: Uint8Array;
  readonly version: ProtocolVersion;
  /** Whether the bytes are one packet, so that the codec alone can read it. */
  readonly isOnePacket: boolean;
  /** Makes the link on which the packet arrives. */
  readonly link: (stage: BenchStage) => SimLink;
}

/** The optional parts of a case. */
interface CaseOptions {
  readonly version?: ProtocolVersion;
  readonly link?: (stage: BenchStage) => SimLink;
}

const connected = (stage: BenchStage) => stage.connect("sender");

function oneCase(name: string, items: number, packet: Packet, options: CaseOptions = {}): TurnCase {
  const { version = 5, link = connected } = options;
  return { name, items, bytes: encode(packet, version), version, isOnePacket: true, link };
}

/** Bytes of a packet that are not properties or filters, at most. */
const headBytes = 1_024;

/** Pairs of five bytes, as many as the limits and the packet's size permit. */
function emptyPairs({ userProperties }: BrokerLimits, sizeBytes: number): UserProperty[] {
  const count = Math.min(userProperties, Math.floor((sizeBytes - headBytes) / 5));
  return Array.from({ length: count }, () => ["", ""] as const);
}

/** The most pairs that the limits permit, which fill the packet. */
function fullPairs({ userProperties }: BrokerLimits, sizeBytes: number, character: string): UserProperty[] {
  const bytesOfPair = Math.floor((sizeBytes - headBytes) / userProperties) - 5;
  const text = character.repeat(
    Math.max(0, Math.min(65_000, bytesOfPair) / new TextEncoder().encode(character).length),
  );
  return Array.from({ length: userProperties }, () => [text, ""] as const);
}

const message = { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: new Uint8Array(0) } as const;

function publishOf(more: Partial<PublishPacket>): PublishPacket {
  return { ...message, ...(more.qos !== undefined && more.qos > 0 && { packetId: 1 }), ...more };
}

/** A sender and a subscriber of that version. */
function withSubscriber(version: ProtocolVersion = 5) {
  return (stage: BenchStage): SimLink => {
    stage.connect("subscriber", "#", version);
    return connected(stage);
  };
}

function propertyCases(limits: BrokerLimits): TurnCase[] {
  const { maximumPacketSizeBytes, connectBytes } = limits;
  const pairs = emptyPairs(limits, maximumPacketSizeBytes);
  const properties = { userProperties: pairs };
  const { length } = pairs;
  const ofConnect = emptyPairs(limits, connectBytes);
  const connect = (more: Partial<ConnectPacket>) => ({ ...connectOf("sender"), ...more }) as Packet;
  const dial = { link: (stage: BenchStage) => stage.dial() };
  const will = { topic: "w", payload: new Uint8Array(0), qos: 0, retain: false } as const;
  const full = ["a", "é"].map((character) => fullPairs(limits, maximumPacketSizeBytes, character));
  return [
    oneCase("PUBLISH QoS 0, user properties", length, publishOf({ properties })),
    oneCase("PUBLISH QoS 1, user properties", length, publishOf({ qos: 1, properties })),
    oneCase("… one 5.0 subscriber", length, publishOf({ qos: 1, properties }), { link: withSubscriber() }),
    oneCase("… one 3.1.1 subscriber", length, publishOf({ qos: 1, properties }), { link: withSubscriber(4) }),
    oneCase("… retained", length, publishOf({ qos: 1, retain: true, properties })),
    oneCase("… 2 MB of ASCII text, one subscriber", length, publishOf({ properties: { userProperties: full[0]! } }), {
      link: withSubscriber(),
    }),
    oneCase("… 2 MB of other text, one subscriber", length, publishOf({ properties: { userProperties: full[1]! } }), {
      link: withSubscriber(),
    }),
    oneCase(
      "CONNECT, user properties",
      ofConnect.length,
      connect({ properties: { userProperties: ofConnect } }),
      dial,
    ),
    oneCase(
      "CONNECT, user properties of the will",
      ofConnect.length,
      connect({ will: { ...will, properties: { userProperties: ofConnect } } }),
      dial,
    ),
    oneCase("PUBACK, user properties", length, { type: "puback", packetId: 1, reasonCode: 0, properties }),
    oneCase("AUTH, user properties", length, {
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: "m", userProperties: pairs },
    }),
    oneCase("DISCONNECT, user properties", length, { type: "disconnect", reasonCode: 4, properties }),
    oneCase("UNSUBSCRIBE, user properties", length, {
      type: "unsubscribe",
      packetId: 1,
      topicFilters: ["a"],
      properties,
    }),
  ];
}

/** As many filters as the limits permit. */
function filtersOf(limits: BrokerLimits, make: (at: number) => string): string[] {
  const filters: string[] = [];
  let bytesLeft = limits.maximumPacketSizeBytes - headBytes;
  let levelsLeft = limits.filterLevels;
  while (filters.length < limits.filters) {
    const filter = make(filters.length);
    bytesLeft -= filter.length + 3;
    levelsLeft -= levelsOf(filter);
    if (bytesLeft < 0 || levelsLeft < 0) break;
    filters.push(filter);
  }
  return filters;
}

function subscribeCase(
  name: string,
  filters: readonly string[],
  { properties, ...options }: CaseOptions & Pick<SubscribePacket, "properties"> = {},
): TurnCase {
  const subscriptions = filters.map((topicFilter) => ({ topicFilter, qos: 0 as const }));
  const packet = { type: "subscribe", packetId: 1, subscriptions, ...properties && { properties } } as const;
  return oneCase(`SUBSCRIBE, ${name}`, filters.length, packet, options);
}

/** A sender and 5,000 retained messages. */
function withRetained(stage: BenchStage): SimLink {
  const author = stage.connect("author");
  for (let at = 0; at < 5_000; at++) {
    send(author, publishOf({ topic: `r/${at}`, retain: true, payload: Uint8Array.of(1) }));
  }
  return connected(stage);
}

function subscribed(filters: readonly string[], limits: BrokerLimits) {
  return (stage: BenchStage): SimLink => {
    const link = connected(stage);
    for (let at = 0; at < filters.length; at += limits.filters) {
      const some = filters.slice(at, at + limits.filters);
      const subscriptions = some.map((topicFilter) => ({ topicFilter, qos: 0 as const }));
      send(link, { type: "subscribe", packetId: 1, subscriptions });
    }
    empty(link);
    return link;
  };
}

function filterCases(limits: BrokerLimits): TurnCase[] {
  const levels = (count: number, at: number) => `${at}/${"a/".repeat(count - 2)}b`;
  const own = (at: number) => Array.from({ length: 200 }, (_, level) => level === 0 ? at : level % 10).join("/");
  const short = filtersOf(limits, (at) => at.toString(36));
  const same = filtersOf(limits, () => "#");
  const deep = filtersOf(limits, own);
  const wild = (at: number) => Array.from({ length: 16 }, (_, bit) => (at >> bit) % 2 === 0 ? "a" : "+").join("/");
  const unsubscribe = (topicFilters: readonly string[]) =>
    ({ type: "unsubscribe", packetId: 1, topicFilters }) as const;
  const link = subscribed(short, limits);
  return [
    subscribeCase("different filters", short),
    subscribeCase("different filters, a subscription identifier", short, { properties: { subscriptionIdentifier: 1 } }),
    subscribeCase("different filters, MQTT 3.1.1", short, {
      version: 4,
      link: (stage) => stage.connect("sender", undefined, 4),
    }),
    subscribeCase("# each time", same),
    subscribeCase("# each time, 5,000 retained messages", same, { link: withRetained }),
    subscribeCase("+/… each time, 5,000 retained messages", filtersOf(limits, () => "+/+"), { link: withRetained }),
    subscribeCase("filters of 16 levels", filtersOf(limits, (at) => levels(16, at))),
    subscribeCase("filters of 200 levels", deep),
    subscribeCase("filters {a,+} of 16 levels", filtersOf(limits, wild)),
    subscribeCase(
      "filters of 65,500 levels",
      filtersOf({ ...limits, filterLevels: Infinity }, () => "/".repeat(65_500)),
    ),
    oneCase("UNSUBSCRIBE, unknown filters", short.length, unsubscribe(short)),
    oneCase("UNSUBSCRIBE, different filters", short.length, unsubscribe(short), { link }),
    oneCase("UNSUBSCRIBE, filters of 200 levels", deep.length, unsubscribe(deep), { link: subscribed(deep, limits) }),
  ];
}

/** As many copies of a packet as one read holds. */
function copies(name: string, packet: Packet, sizeBytes: number, options: CaseOptions = {}): TurnCase {
  const one = encode(packet, 5);
  const count = Math.floor(sizeBytes / one.length);
  const bytes = new Uint8Array(count * one.length);
  for (let at = 0; at < count; at++) bytes.set(one, at * one.length);
  return { name, items: count, bytes, version: 5, isOnePacket: false, link: options.link ?? connected };
}

/** The first and the largest read size of the epoll engine; payloads of a WebSocket have them too. */
const readsBytes = { first: 4 * 1_024, largest: 64 * 1_024 } as const;

function otherCases({ maximumPacketSizeBytes }: BrokerLimits): TurnCase[] {
  const topic = Array.from({ length: 200 }, () => "a").join("/");
  const payload = new Uint8Array(maximumPacketSizeBytes - headBytes);
  const crowd = (stage: BenchStage) => {
    for (let at = 0; at < 10_000; at++) stage.connect(`subscriber${at}`, "t");
    return connected(stage);
  };
  return [
    oneCase("PUBLISH, topic of 200 levels, one subscriber", 200, publishOf({ topic }), { link: withSubscriber() }),
    oneCase("PUBLISH, 2 MB of payload, one subscriber", 1, publishOf({ payload }), { link: withSubscriber() }),
    oneCase("PUBLISH QoS 0, 10,000 subscribers", 10_000, publishOf({}), { link: crowd }),
    oneCase("PUBLISH QoS 1, 10,000 subscribers", 10_000, publishOf({ qos: 1 }), { link: crowd }),
    ...Object.entries(readsBytes).flatMap(([name, bytes]) => [
      copies(`PINGREQ, the ${name} read`, { type: "pingreq" }, bytes),
      copies(`PUBLISH QoS 0, the ${name} read`, publishOf({}), bytes, { link: withSubscriber() }),
      copies(`PUBLISH QoS 1, the ${name} read`, publishOf({ qos: 1 }), bytes, { link: withSubscriber() }),
    ]),
  ];
}

/** All cases. */
export function turnCases(limits: BrokerLimits): readonly TurnCase[] {
  return [...propertyCases(limits), ...filterCases(limits), ...otherCases(limits)];
}

/** Limits that restrict the number of items only by the packet's size. */
export function withoutCounts(limits: BrokerLimits): BrokerLimits {
  return { ...limits, userProperties: 1e6, filters: 1e6, filterLevels: 1e9 };
}
