/** Attacks that make the broker store messages, wills, subscriptions, sessions or identifiers. */
import { joinedBytes } from "../../../src/base/bytes.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, PublishPacket, UserProperty } from "../../../src/mqtt/packet.ts";
import type { Attack } from "./attack.ts";
import type { AttackLink, AttackRig } from "./attack_rig.ts";

/** The number of links that send at the same time. */
const lanes = 8;
/** Empty pairs: five bytes each on the wire. */
const emptyPairs = (count: number): UserProperty[] => Array.from({ length: count }, () => ["", ""] as const);
const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 86_400 } } as const;
const message = { type: "publish", dup: false, qos: 1, retain: false, packetId: 1 } as const;

/** A client that sends, and reads what it receives. */
async function author(rig: AttackRig): Promise<AttackLink | undefined> {
  const link = await rig.login();
  void link?.drain();
  return link;
}

/** Each lane sends packets on its own link, and continues on a new link when the broker ends one. */
async function flood(rig: AttackRig, bytes: (number: number) => Uint8Array): Promise<void> {
  const links: (AttackLink | undefined)[] = [];
  let number = 0;
  await rig.repeat(lanes, async (lane) => {
    const link = links[lane]?.isOver === false ? links[lane] : links[lane] = await author(rig);
    return await link?.send(bytes(number++)) ?? false;
  });
}

function published(
  packet: Omit<PublishPacket, "type" | "dup" | "qos" | "retain"> & Partial<PublishPacket>,
): Uint8Array {
  return encode({ ...message, ...packet }, 5);
}

/** Sessions that subscribe to all topics and disconnect. */
async function leaveSessions(rig: AttackRig, count: number): Promise<void> {
  for (let each = 0; each < count; each++) {
    const link = await rig.login(lasting);
    const subscriptions = [{ topicFilter: `away/${each}/#`, qos: 1 }] as const;
    await link?.sendPacket({ type: "subscribe", packetId: 1, subscriptions });
    await link?.read();
    link?.close();
  }
}

function queueAttack(name: string, title: string, packets: (session: number) => Uint8Array, fault?: string): Attack {
  return {
    name,
    title,
    ...(fault !== undefined && { fault }),
    async run(rig) {
      await leaveSessions(rig, 50);
      const each = Array.from({ length: 50 }, (_, session) => packets(session));
      await flood(rig, (number) => each[number % each.length]!);
    },
  };
}

const many = (count: number, make: (at: number) => Uint8Array) =>
  joinedBytes(Array.from({ length: count }, (_, at) => make(at)));

const queueAttacks: readonly Attack[] = [
  queueAttack(
    "queue-small",
    "messages of 10 bytes, QoS 1, to 50 sessions whose clients are away",
    (session) => many(500, () => published({ topic: `away/${session}/t`, payload: new Uint8Array(10) })),
  ),
  queueAttack(
    "queue-large",
    "messages of 1 MB, QoS 1, to 50 sessions whose clients are away",
    (session) => published({ topic: `away/${session}/t`, payload: new Uint8Array(1e6) }),
  ),
  queueAttack(
    "queue-properties",
    "the same with 100,000 empty user properties each",
    (session) =>
      published({
        topic: `away/${session}/t`,
        payload: new Uint8Array(1),
        properties: { userProperties: emptyPairs(100_000) },
      }),
    "F8",
  ),
];

const retainedAttacks: readonly Attack[] = [
  {
    name: "retained-small",
    title: "retained messages of 10 bytes, each on a topic of its own",
    run: (rig) =>
      flood(
        rig,
        (number) =>
          many(200, (at) => published({ topic: `kept/${number}/${at}`, payload: new Uint8Array(10), retain: true })),
      ),
  },
  {
    name: "retained-large",
    title: "retained messages of 1 MB, each on a topic of its own",
    fault: "F22",
    run: (rig) =>
      flood(rig, (number) => published({ topic: `kept/${number}`, payload: new Uint8Array(1e6), retain: true })),
  },
  {
    name: "retained-properties",
    title: "retained messages with 100,000 empty user properties",
    fault: "F8",
    run(rig) {
      const properties = { userProperties: emptyPairs(100_000) };
      return flood(
        rig,
        (number) => published({ topic: `kept/${number}`, payload: new Uint8Array(1), retain: true, properties }),
      );
    },
  },
];

/** Clients that connect with a will, one after another on each lane, and stay. */
function willAttack(name: string, title: string, will: ConnectPacket["will"], fault?: string): Attack {
  return {
    name,
    title,
    ...(fault !== undefined && { fault }),
    run: (rig) => rig.repeat(4 * lanes, async () => will !== undefined && await rig.login({ will }) !== undefined),
  };
}

const plainWill = { topic: "attack/will", qos: 1, retain: false } as const;
const willAttacks: readonly Attack[] = [
  willAttack("wills-large", "clients with a will of 60 kB", { ...plainWill, payload: new Uint8Array(60_000) }),
  willAttack("wills-properties", "clients with a will of 19,000 empty user properties", {
    ...plainWill,
    payload: new Uint8Array(1),
    properties: { userProperties: emptyPairs(19_000) },
  }, "F8"),
];

/** A filter of 128 new levels. */
const deepFilter = (number: number) => Array.from({ length: 128 }, (_, level) => `${number}-${level}`).join("/");

/** All 65,536 filters with `a` or `+` at each of 16 levels. */
function* overlappingFilters(): Generator<string> {
  for (let bits = 0; bits < 65_536; bits++) {
    yield Array.from({ length: 16 }, (_, level) => (bits >> level & 1) === 0 ? "a" : "+").join("/");
  }
}

/** Subscribes to many filters, some hundreds in a packet. */
async function subscribeAll(rig: AttackRig, link: AttackLink, filters: Iterable<string>): Promise<void> {
  let subscriptions: { topicFilter: string; qos: 0 }[] = [];
  for (const topicFilter of filters) {
    if (rig.isOver || link.isOver) return;
    subscriptions.push({ topicFilter, qos: 0 });
    if (subscriptions.length < 256) continue;
    await link.sendPacket({ type: "subscribe", packetId: 1, subscriptions });
    subscriptions = [];
  }
}

const subscriptionAttacks: readonly Attack[] = [
  {
    name: "deep-filters",
    title: "SUBSCRIBE to filters of 128 levels, each of its own",
    fault: "F9",
    run(rig) {
      const subscribe = (number: number) => {
        const subscriptions = Array.from(
          { length: 32 },
          (_, at) => ({ topicFilter: deepFilter(32 * number + at), qos: 0 }),
        );
        return encode({ type: "subscribe", packetId: 1, subscriptions: subscriptions as never }, 5);
      };
      return flood(rig, subscribe);
    },
  },
  {
    name: "same-filter",
    title: "SUBSCRIBE to # 40,000 times in a packet, with 5,000 retained messages",
    fault: "F10",
    async run(rig) {
      const first = await author(rig);
      await first?.send(
        many(5_000, (at) => published({ topic: `kept/${at}`, payload: new Uint8Array(10), retain: true })),
      );
      const subscriptions = Array.from({ length: 40_000 }, () => ({ topicFilter: "#", qos: 0 } as const));
      const bytes = encode({ type: "subscribe", packetId: 1, subscriptions }, 5);
      await flood(rig, () => bytes);
    },
  },
  {
    name: "overlapping-filters",
    title: "65,536 filters {a,+}^16, and messages to a/a/…",
    fault: "F11",
    async run(rig) {
      const reader = await author(rig);
      if (reader !== undefined) await subscribeAll(rig, reader, overlappingFilters());
      const topic = Array.from({ length: 16 }, () => "a").join("/");
      const bytes = published({ topic, payload: new Uint8Array(1), qos: 0 });
      await flood(rig, () => bytes);
    },
  },
];

const identifierAttacks: readonly Attack[] = [
  {
    name: "qos2-unreleased",
    title: "QoS 2 messages that are never released, in lasting sessions of MQTT 3.1.1",
    async run(rig) {
      const all = many(
        65_535,
        (at) => encode({ ...message, qos: 2, packetId: at + 1, topic: "t", payload: new Uint8Array(1) }, 4),
      );
      await rig.repeat(lanes, async () => {
        const link = await rig.login({ protocolVersion: 4, cleanStart: false });
        void link?.drain();
        return await link?.send(all) ?? false;
      });
    },
  },
  {
    name: "topic-aliases",
    title: "topic aliases for topics of 60 kB, on ever more links",
    async run(rig) {
      await rig.repeat(lanes, async () => {
        const link = await author(rig);
        if (link === undefined) return false;
        for (let topicAlias = 1; topicAlias <= 10 && !link.isOver; topicAlias++) {
          const topic = `${topicAlias}`.padEnd(60_000, "x");
          await link.send(published({ topic, payload: new Uint8Array(1), qos: 0, properties: { topicAlias } }));
        }
        return true;
      });
    },
  },
  {
    name: "sessions",
    title: "client identifiers of 1,000 characters with a session expiry of a day, each once",
    async run(rig) {
      await rig.repeat(4 * lanes, async () => {
        const link = await rig.login({ ...lasting, clientId: rig.newName().padEnd(1_000, "x") });
        link?.close();
        return link !== undefined;
      });
    },
  },
];

export const keptAttacks: readonly Attack[] = [
  ...queueAttacks,
  ...retainedAttacks,
  ...willAttacks,
  ...subscriptionAttacks,
  ...identifierAttacks,
];
