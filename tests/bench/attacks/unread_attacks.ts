/** Attacks whose client does not read the broker's answers, and packets that stay incomplete. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { Attack } from "./attack.ts";
import { type AttackLink, type AttackRig, plainConnect } from "./attack_rig.ts";

const kilobyte = 1_024;
/** The number of links that send at the same time. */
const lanes = 8;

/** The PINGREQ packets of one call. */
const pings = new Uint8Array(64 * kilobyte).map((_, at) => at % 2 === 0 ? 0xc0 : 0);

/** The start of a PUBLISH that claims to be 2,000,000 bytes long. */
function publishStart(bytes: number): Uint8Array {
  const start = new Uint8Array(bytes);
  start.set([0x30, 0x80, 0x89, 0x7a, 0, 1, 0x74, 0]);
  return start;
}

/** The start of a CONNECT that claims to be 100,000 bytes long. */
function connectStart(bytes: number): Uint8Array {
  const start = new Uint8Array(bytes).fill(0x61);
  start.set([0x10, 0xa0, 0x8d, 0x06, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0, 0xff, 0xff]);
  return start;
}

/** Sends on new links as long as the broker reads each; a paused link stays open. */
async function floodUnread(rig: AttackRig, prepare: (link: AttackLink) => Promise<Uint8Array>): Promise<void> {
  await rig.repeat(lanes, async () => {
    const link = await rig.login();
    if (link === undefined) return false;
    const bytes = await prepare(link);
    void keepSending(rig, link, bytes);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return true;
  });
}

async function keepSending(rig: AttackRig, link: AttackLink, bytes: Uint8Array): Promise<void> {
  while (!rig.isOver && await link.send(bytes));
}

/** Opens links that send only the start of a packet. */
function openPartial(rig: AttackRig, open: () => Promise<AttackLink | undefined>, start: Uint8Array): Promise<void> {
  return rig.repeat(4 * lanes, async () => await (await open())?.send(start) ?? false);
}

/** A link with a WebSocket request. */
async function webSocket(rig: AttackRig): Promise<AttackLink | undefined> {
  const link = await rig.dial(rig.webSocketPort);
  const lines = [
    "GET /mqtt HTTP/1.1",
    `Host: 127.0.0.1:${rig.webSocketPort}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: mqtt",
  ];
  if (!await link?.send(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`))) return undefined;
  return new TextDecoder().decode(await link!.read()).includes(" 101 ") ? link : undefined;
}

/** The start of a masked binary frame of 100,000 bytes, with the start of a CONNECT. */
function frameStart(): Uint8Array {
  const start = new Uint8Array(99_000);
  start.set([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]);
  start.set(connectStart(start.length - 14), 14);
  return start;
}

export const unreadAttacks: readonly Attack[] = [
  {
    name: "pings-unread",
    title: "PINGREQ on ever more links that read no answer",
    fault: "F4",
    run: (rig) => floodUnread(rig, () => Promise.resolve(pings)),
  },
  {
    name: "echo-unread",
    title: "messages of 100 kB, QoS 0, to the sender itself, which reads none",
    fault: "F4",
    run: (rig) =>
      floodUnread(rig, async (link) => {
        const topic = `echo/${rig.newName()}`;
        await link.sendPacket({ type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: topic, qos: 0 }] });
        return encode({ type: "publish", dup: false, qos: 0, retain: false, topic, payload: new Uint8Array(1e5) }, 5);
      }),
  },
  {
    name: "retained-unread",
    title: "SUBSCRIBE to 60 retained messages of 1 MB on ever more links that read none",
    fault: "F4",
    async run(rig) {
      const author = await rig.login();
      for (let each = 0; each < 60 && author !== undefined; each++) {
        const topic = `large/${each}`;
        await author.sendPacket({
          ...{ type: "publish", dup: false, qos: 0, retain: true, topic, payload: new Uint8Array(1e6) },
        });
      }
      const subscribe = {
        type: "subscribe",
        packetId: 1,
        subscriptions: [{ topicFilter: "large/#", qos: 1 }],
      } as const;
      await rig.repeat(lanes, async () => await (await rig.login())?.sendPacket(subscribe) ?? false);
    },
  },
  {
    name: "partial-packets",
    title: "after login, 1.9 MB of a PUBLISH that never ends, on ever more links",
    run: (rig) => openPartial(rig, () => rig.login(), publishStart(1_900_000)),
  },
  {
    name: "first-packet",
    title: "before login, 1.9 MB of a PUBLISH, on ever more links",
    fault: "F16",
    run: (rig) => openPartial(rig, () => rig.dial(), publishStart(1_900_000)),
  },
  {
    name: "half-connect",
    title: "99 kB of a CONNECT that never ends, on ever more links",
    fault: "F16",
    run: (rig) => openPartial(rig, () => rig.dial(), connectStart(99_000)),
  },
  {
    name: "websocket-partial",
    title: "WebSocket: 99 kB of a frame that never ends, on ever more links",
    run: (rig) => openPartial(rig, () => webSocket(rig), frameStart()),
  },
  {
    name: "connections",
    title: "links without a byte, and clients that connect and stay",
    run: async (rig) => {
      const connect = encode({ ...plainConnect, clientId: "" }, 5);
      await rig.repeat(4 * lanes, async (lane) => {
        const link = await rig.dial();
        if (link === undefined || rig.count.links > 9_000) return false;
        return lane % 2 === 0 || await link.send(connect);
      });
    },
  },
];
