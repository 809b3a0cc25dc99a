/** Packets drawn by fast-check: every packet of either version, with unusual strings too. */
import fc from "fast-check";
import type { Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { mayCarry } from "../../../src/mqtt/reason.ts";
import { isValidSubscription, isValidTopicName } from "../../../src/mqtt/topic.ts";

/** Optional fields are absent, never undefined; the prototype is that of plain objects. */
function object<T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[]): fc.Arbitrary<T> {
  return fc.record(shape, { requiredKeys, noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
}

const string = fc.string({ unit: "binary", maxLength: 12 }).filter((s) => s.isWellFormed() && !s.includes("\0"));
const name = fc.oneof(string, fc.constantFrom("", "__proto__", "constructor", "toString", "1", "0", "\ufeff"));
const binary = fc.uint8Array({ maxLength: 12 }).map((bytes) => new Uint8Array(bytes));
const payload = fc.oneof(
  binary,
  fc.uint8Array({ minLength: 120, maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
);
const topic = fc.oneof(string, fc.constantFrom("a", "/", "$SYS/x")).filter(isValidTopicName);
const twoBytes = fc.integer({ min: 0, max: 65_535 });
export const packetId = fc.integer({ min: 1, max: 65_535 });
const fourBytes = fc.integer({ min: 0, max: 0xffff_ffff });
const aboveZero = fc.integer({ min: 1, max: 0xffff_ffff });
const qos = fc.constantFrom(0, 1, 2);
const bit = fc.constantFrom(0, 1);
const subscriptionIdentifier = fc.integer({ min: 1, max: 268_435_455 });
const userProperties = fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 6 });
const reasonProperties = { reasonString: string, userProperties };
const authentication = { authenticationMethod: string, authenticationData: binary };
const messageProperties = {
  payloadFormatIndicator: bit,
  messageExpiryIntervalS: fourBytes,
  contentType: string,
  responseTopic: topic,
  correlationData: binary,
  userProperties,
};

/** At least one of these properties; authentication data only with a method. */
function properties(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  return object<Record<string, unknown>>(shape, []).map((some) =>
    "authenticationData" in some && !("authenticationMethod" in some) ? { ...some, authenticationMethod: "m" } : some
  ).filter((some) => Object.keys(some).length > 0);
}

function codes(packet: Packet["type"]): fc.Arbitrary<number> {
  return fc.constantFrom(...Array.from({ length: 256 }, (_, code) => code).filter((code) => mayCarry(packet, code)));
}

/** A packet's fields, with properties in 5.0 only, where they may be absent too. */
function packet(
  version: ProtocolVersion,
  type: string,
  fields: Record<string, fc.Arbitrary<unknown>>,
  shape: Record<string, fc.Arbitrary<unknown>>,
  optional: readonly string[] = [],
): fc.Arbitrary<Packet> {
  const all = { type: fc.constant(type), ...fields, ...version === 5 && { properties: properties(shape) } };
  const required = Object.keys(all).filter((key) => key !== "properties" && !optional.includes(key));
  return object<Record<string, unknown>>(all, required) as unknown as fc.Arbitrary<Packet>;
}

function will(version: ProtocolVersion): fc.Arbitrary<unknown> {
  const fields = { topic, payload: binary, qos, retain: fc.boolean() };
  const five = { delayIntervalS: fourBytes, properties: properties(messageProperties) };
  return object<Record<string, unknown>>({ ...fields, ...version === 5 && five }, Object.keys(fields));
}

function connects(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const fields = {
    protocolVersion: fc.constant(version),
    cleanStart: fc.boolean(),
    keepAliveS: twoBytes,
    clientId: string,
    will: will(version),
    username: string,
    password: binary,
  };
  const shape = {
    sessionExpiryIntervalS: fourBytes,
    receiveMaximum: packetId,
    maximumPacketSize: aboveZero,
    topicAliasMaximum: twoBytes,
    requestResponseInformation: fc.boolean(),
    requestProblemInformation: fc.boolean(),
    userProperties,
    ...authentication,
  };
  return packet(version, "connect", fields, shape, ["will", "username", "password"]).filter((read) =>
    version === 5 || !("password" in read) || "username" in read
  );
}

function connacks(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const code = version === 5 ? codes("connack") : fc.integer({ min: 0, max: 5 });
  const outcome = fc.oneof(fc.constant([true, 0]), code.map((refusal) => [false, refusal]));
  const fields = { outcome };
  const shape = {
    sessionExpiryIntervalS: fourBytes,
    receiveMaximum: packetId,
    maximumQoS: bit,
    retainAvailable: fc.boolean(),
    maximumPacketSize: aboveZero,
    assignedClientIdentifier: string,
    topicAliasMaximum: twoBytes,
    wildcardSubscriptionAvailable: fc.boolean(),
    subscriptionIdentifiersAvailable: fc.boolean(),
    sharedSubscriptionAvailable: fc.boolean(),
    serverKeepAliveS: twoBytes,
    responseInformation: string,
    serverReference: string,
    ...reasonProperties,
    ...authentication,
  };
  return packet(version, "connack", fields, shape).map((drawn) => {
    const { outcome: [sessionPresent, reasonCode], ...rest } = drawn as unknown as { outcome: [boolean, number] };
    return { ...rest, sessionPresent, reasonCode } as unknown as Packet;
  });
}

/** PUBLISH at every QoS. */
export function publishes(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const shape = {
    ...messageProperties,
    topicAlias: packetId,
    subscriptionIdentifiers: fc.array(subscriptionIdentifier, { minLength: 1, maxLength: 4 }),
  };
  const fields = { dup: fc.boolean(), qos, retain: fc.boolean(), topic, packetId, payload };
  return packet(version, "publish", fields, shape).map((drawn) => {
    const { packetId, ...rest } = drawn as Packet & { type: "publish" };
    return rest.qos === 0 ? { ...rest, dup: false } : { ...rest, packetId: packetId! };
  });
}

function acknowledgements(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const one = (type: "puback" | "pubrec" | "pubrel" | "pubcomp") => {
    if (version === 4) return packet(4, type, { packetId }, {});
    const short = packet(4, type, { packetId, reasonCode: codes(type).filter((code) => code > 0) }, {}, ["reasonCode"]);
    const long = object<Record<string, unknown>>({
      type: fc.constant(type),
      packetId,
      reasonCode: codes(type),
      properties: properties(reasonProperties),
    }, ["type", "packetId", "reasonCode", "properties"]) as unknown as fc.Arbitrary<Packet>;
    return fc.oneof(short, long);
  };
  return fc.oneof(one("puback"), one("pubrec"), one("pubrel"), one("pubcomp"));
}

function subscriptions(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const filters = fc.oneof(string, fc.constantFrom("#", "+", "a/+/b", "$share/g/a", "/")).filter((filter) =>
    isValidSubscription(filter, version)
  );
  const options = { noLocal: fc.boolean(), retainAsPublished: fc.boolean(), retainHandling: fc.constantFrom(0, 1, 2) };
  const shape = { topicFilter: filters, qos, ...version === 5 && options };
  const subscription = object<Record<string, unknown>>(shape, Object.keys(shape) as never[]).map((drawn) =>
    drawn.noLocal === true && String(drawn.topicFilter).startsWith("$share/") ? { ...drawn, noLocal: false } : drawn
  );
  const granted = version === 5 ? codes("suback") : fc.constantFrom(0, 1, 2, 0x80);
  const many = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 5 });
  return fc.oneof(
    packet(version, "subscribe", { packetId, subscriptions: many(subscription) }, {
      subscriptionIdentifier,
      userProperties,
    }),
    packet(version, "suback", { packetId, reasonCodes: many(granted) }, reasonProperties),
    packet(version, "unsubscribe", { packetId, topicFilters: many(filters) }, { userProperties }),
    packet(
      version,
      "unsuback",
      { packetId, reasonCodes: version === 5 ? many(codes("unsuback")) : fc.constant([]) },
      reasonProperties,
    ),
  );
}

function endings(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const plain = fc.constantFrom<Packet>({ type: "pingreq" }, { type: "pingresp" }, { type: "disconnect" });
  if (version === 4) return plain;
  const shape = { sessionExpiryIntervalS: fourBytes, serverReference: string, ...reasonProperties };
  const withReason = (
    type: "disconnect" | "auth",
    code: fc.Arbitrary<number>,
    some: Record<string, fc.Arbitrary<unknown>>,
  ) =>
    object<Record<string, unknown>>({ type: fc.constant(type), reasonCode: code, properties: properties(some) }, [
      "type",
      "reasonCode",
      "properties",
    ]) as unknown as fc.Arbitrary<Packet>;
  const shortDisconnect = codes("disconnect").filter((code) => code > 0).map((reasonCode): Packet => ({
    type: "disconnect",
    reasonCode,
  }));
  const auth = withReason("auth", codes("auth"), { ...authentication, ...reasonProperties }).map((drawn) => {
    const read = drawn as Packet & { type: "auth" };
    return { ...read, properties: { authenticationMethod: "m", ...read.properties } };
  });
  return fc.oneof(plain, shortDisconnect, withReason("disconnect", codes("disconnect"), shape), auth);
}

/** Any packet that may be sent to a peer of that version. */
export function packets(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const kinds = [connects, connacks, publishes, acknowledgements, subscriptions, endings];
  return fc.oneof(...kinds.map((kind) => kind(version)));
}

/** Properties that leave a packet plain: numbers of two or four bytes, user properties, and properties of a message. */
const plain = new Set([
  "sessionExpiryIntervalS",
  "serverKeepAliveS",
  "receiveMaximum",
  "maximumPacketSize",
  "topicAliasMaximum",
  "topicAlias",
  ...Object.keys(messageProperties),
]);

/** Packets whose properties leave them plain, wills included. AUTH always has other properties, so it is absent. */
export function plainPackets(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return packets(version).filter(({ type }) => type !== "auth").map((packet) => {
    const bare = withPlainAlone(packet);
    return "will" in bare && bare.will ? { ...bare, will: withPlainAlone(bare.will) } : bare;
  });
}

function withPlainAlone<T extends object>(carrier: T): T {
  const { properties, ...bare } = carrier as { properties?: object };
  const kept = Object.entries(properties ?? {}).filter(([name]) => plain.has(name));
  return (kept.length > 0 ? { ...bare, properties: Object.fromEntries(kept) } : bare) as T;
}

/** The `version` argument of `decode` for that packet. */
export function readingVersion(packet: Packet, version: ProtocolVersion): ProtocolVersion | undefined {
  return packet.type === "connect" ? undefined : version;
}

/** Changes a few bytes of a packet and corrects its length. */
export function mutations(version: ProtocolVersion, write: (packet: Packet) => Uint8Array): fc.Arbitrary<Mutation> {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom("set", "drop", "add"),
  });
  const drawn = fc.oneof(packets(version), plainPackets(version));
  return fc.tuple(drawn, fc.array(change, { minLength: 1, maxLength: 3 })).map(([packet, changes]) => {
    const bytes = [...write(packet)];
    for (const { at, byte, kind } of changes) {
      bytes.splice(at % bytes.length, kind === "add" ? 0 : 1, ...kind === "drop" ? [] : [byte]);
    }
    if (bytes.length < 128) bytes[1] = Math.max(0, bytes.length - 2);
    return { frame: Uint8Array.from(bytes), version: readingVersion(packet, version) };
  });
}

/** A damaged frame, and the `version` argument of `decode`. */
export interface Mutation {
  readonly frame: Uint8Array;
  readonly version: ProtocolVersion | undefined;
}
