/**
 * The fleet's findings are true: for each kill mode a raw socket that shares no code with mqtt-sim ends in the same way
 * on the same broker, and the fleet's verdict must equal what the sockets saw. The test holds for any behaviour of a
 * broker, so it depends on no version.
 */
import assert from "node:assert/strict";
import { nats, startNats } from "../support/brokers/nats_peer.ts";
import {
  type BrokerPeer,
  mosquitto,
  type Peer,
  peerTest,
  startAedes,
  startAedes2,
  startMosquitto,
  startOurBroker,
  startOurs,
} from "../support/brokers/peers.ts";
import { connectBytes, type RawConnect, RawSocket, subscribeBytes } from "../support/clients/raw_mqtt.ts";

const keepAliveS = 2;
/** Longer than a broker needs to detect a silent client; nats-server needs 14 s for a packet that arrives slowly. */
const usualWatchMs = 11_000;
const natsWatchMs = 16_000;
const lateAfterMs = 1_000;

/** A kill mode on a raw socket. */
interface Death {
  readonly mode: string;
  /** The variant in the fleet's faults, where a mode has several. */
  readonly detail?: string;
  readonly only5?: boolean;
  /** The will is due when keep alive has passed. */
  readonly silent?: boolean;
  readonly die: (raw: RawSocket, connect: RawConnect, port: number) => void | Promise<void>;
}

const garbage: Readonly<Record<string, readonly number[]>> = {
  "packet type 0": [0x00, 0x00],
  "a PUBLISH with both QoS bits set": [0x36, 7, 0, 1, 0x61, 0, 1, 0, 0],
  "a remaining length of five bytes": [0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
  "a PUBREL with its reserved flags at 0": [0x60, 2, 0, 1],
  "a topic that is not UTF-8": [0x30, 5, 0, 2, 0xc3, 0x28, 0x00],
};

const half = Uint8Array.of(0x30, 28, 0, 13, 0x6d, 0x71, 0x74, 0x74, 0x2d);

const deaths: readonly Death[] = [
  { mode: "reset", die: (raw) => raw.socket.resetAndDestroy() as unknown as void },
  { mode: "close", die: (raw) => void raw.socket.end() },
  { mode: "freeze", silent: true, die: (raw) => void raw.socket.pause() },
  { mode: "half-packet", detail: "then FIN", die: (raw) => void raw.socket.end(half) },
  {
    mode: "half-packet",
    detail: "then silence",
    silent: true,
    // An incomplete packet does not reset keep alive: it counts from CONNECT, and a broker that counts from here is
    // late.
    die: async (raw) => {
      await new Promise((resolve) => setTimeout(resolve, 0.9 * keepAliveS * 1_000));
      raw.send(half);
    },
  },
  ...Object.entries(garbage).map(([detail, bytes]): Death => ({
    mode: "garbage",
    detail,
    die: (raw) => raw.send(Uint8Array.from(bytes)),
  })),
  { mode: "second-connect", die: (raw, connect) => raw.send(connectBytes(connect)) },
  {
    mode: "takeover",
    die: async (_raw, connect, port) => {
      const { willTopic: _, ...plain } = connect;
      await (await RawSocket.open(port)).connect(plain);
    },
  },
  { mode: "disconnect-with-will", only5: true, die: (raw) => void raw.socket.end(Uint8Array.of(0xe0, 1, 0x04)) },
  { mode: "disconnect-error", only5: true, die: (raw) => void raw.socket.end(Uint8Array.of(0xe0, 1, 0x80)) },
  {
    mode: "slow-loris",
    silent: true,
    // Seven bytes until keep alive has passed, of a packet of 102.
    die: (raw) => {
      const bytes = [0x30, 100, 0, 1, 0x61, ...new Array(90).fill(0x2e)];
      const timer = setInterval(() => {
        const byte = bytes.shift();
        if (byte === undefined || raw.closed) clearInterval(timer);
        else raw.send(Uint8Array.of(byte));
      }, 0.2 * keepAliveS * 1_000);
    },
  },
  {
    mode: "stall",
    silent: true,
    die: (raw, { version, clientId }) => {
      raw.socket.pause();
      raw.send(subscribeBytes(version, clientId));
      const size = 16_384;
      const body = [0, clientId.length, ...new TextEncoder().encode(clientId), ...(version === 5 ? [0] : [])];
      const length = body.length + size;
      const message = Uint8Array.from([0x30, length & 127 | 128, length >> 7 & 127 | 128, length >> 14, ...body]);
      for (let sent = 0; sent < 512; sent++) {
        raw.send(message);
        raw.send(new Uint8Array(size));
      }
    },
  },
  { mode: "leave", die: (raw) => void raw.socket.end(Uint8Array.of(0xe0, 0)) },
];

/** Each mode equally often. */
const modes = [...new Set(deaths.map(({ mode }) => mode))].join();

/** Wills by topic: the time from the end of the client to each. */
type Seen = Map<string, number[]>;

/** The observation of a raw socket: no will, one in time, one late, or several. */
type Sight = "none" | "onTime" | "late" | "several";

interface Setting {
  readonly version: 4 | 5;
  readonly willDelayS: number;
  readonly watchMs: number;
}

async function witness(
  port: number,
  { version, willDelayS, watchMs }: Setting,
  marks: string,
): Promise<Map<Death, Sight>> {
  const seen: Seen = new Map();
  const died = new Map<string, number>();
  const watcher = await RawSocket.open(port);
  await watcher.connect({ version, clientId: `raw-w-${marks}`, clean: true, keepAliveS: 60 });
  watcher.send(subscribeBytes(version, `raw-${marks}/+`));
  // The first client dies at once: before SUBACK, its will might find no subscription.
  while ((await watcher.next()).first >> 4 !== 9);
  void watch(watcher, seen);
  const mine = deaths.filter(({ only5 }) => version === 5 || !only5);
  await Promise.all(mine.map(async (death, number) => {
    const willTopic = `raw-${marks}/${number}`;
    const sessionExpiryS = willDelayS > 0 ? 60 : 0;
    const connect = {
      version,
      clientId: `raw-${marks}-${number}`,
      clean: true,
      keepAliveS,
      willTopic,
      willDelayS,
      sessionExpiryS,
    };
    const raw = await RawSocket.open(port);
    await raw.connect(connect);
    died.set(willTopic, performance.now());
    await death.die(raw, connect, port);
  }));
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  watcher.socket.destroy();
  return new Map(mine.map((death, number) => {
    const topic = `raw-${marks}/${number}`;
    const dueMs = died.get(topic)! + (death.silent ? keepAliveS * 1_500 : 0) + delayOf(death, willDelayS);
    return [death, sightOf((seen.get(topic) ?? []).map((atMs) => atMs - dueMs))];
  }));
}

/** A takeover by Clean Start ends the session and with it the delay. */
function delayOf({ mode }: Death, willDelayS: number): number {
  return mode === "takeover" ? 0 : willDelayS * 1_000;
}

async function watch(watcher: RawSocket, seen: Seen): Promise<void> {
  try {
    for (;;) {
      const { first, body } = await watcher.next();
      if (first >> 4 !== 3) continue;
      const topic = new TextDecoder().decode(body.subarray(2, 2 + body[1]!));
      seen.set(topic, [...(seen.get(topic) ?? []), performance.now()]);
    }
  } catch {
    // The test closed the socket.
  }
}

function sightOf(afterMs: readonly number[]): Sight {
  if (afterMs.length > 1) return "several";
  if (afterMs.length === 0) return "none";
  return afterMs[0]! > lateAfterMs ? "late" : "onTime";
}

interface ModeCounts {
  readonly expected: number;
  readonly onTime: number;
  readonly late: number;
  readonly missing: number;
  readonly unwanted: number;
  readonly duplicate: number;
  readonly altered: number;
  readonly early: number;
}

interface Report {
  readonly kills: { readonly byMode: Readonly<Record<string, ModeCounts>> };
  readonly faults: readonly { readonly mode: string; readonly verdict: string; readonly text: string }[];
}

async function fleet(broker: BrokerPeer, { version, willDelayS, watchMs }: Setting): Promise<Report> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const delayed = willDelayS > 0
    ? ["--will-delay", `${willDelayS}s`, "--session-expiry", "60s", "--clean-start", "yes"]
    : [];
  const flags = ["--protocol", version === 5 ? "5" : "3.1.1", "--keepalive", `${keepAliveS}s`, "--kill-mode", modes];
  const size = ["--clients", "150", "--kill-rate", "50/s", "--duration", "4s", "--reconnect-after", "never"];
  // The fleet waits after the due time, the sockets after the connect.
  const watch = ["--drain", `${watchMs - 1_000}ms`];
  await using run = startOurs([
    "fleet",
    "--url",
    broker.url,
    "--seed",
    "3",
    "--report",
    path,
    ...flags,
    ...delayed,
    ...size,
    ...watch,
  ]);
  await run.exit(60_000);
  const report: Report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return report;
}

/** The fleet's verdict on a mode must equal the raw sockets' observations of that mode, variant by variant. */
function compare(sights: ReadonlyMap<Death, Sight>, report: Report): void {
  for (const mode of new Set([...sights.keys()].map((death) => death.mode))) {
    const counts = report.kills.byMode[mode];
    assert.ok(counts !== undefined, `no client was killed by ${mode}`);
    const ways = [...sights].filter(([death]) => death.mode === mode);
    const message = `${mode}: sockets saw ${ways.map(([{ detail = "" }, sight]) => `${detail} ${sight}`)}, fleet ${
      JSON.stringify(counts)
    }`;
    if (mode === "leave") {
      assert.equal(counts.unwanted > 0, ways[0]![1] !== "none", message);
      continue;
    }
    // A broker that checks for silent clients every few seconds is on time for some of them.
    const silent = ways.some(([death, sight]) => death.silent && sight === "late");
    assert.equal(counts.missing > 0, ways.some(([, sight]) => sight === "none"), message);
    if (!silent) assert.equal(counts.late > 0, ways.some(([, sight]) => sight === "late"), message);
    assert.equal(counts.duplicate > 0, ways.some(([, sight]) => sight === "several"), message);
    if (ways.every(([, sight]) => sight === "none")) assert.equal(counts.missing, counts.expected, message);
    if (ways.every(([, sight]) => sight === "onTime")) assert.equal(counts.onTime, counts.expected, message);
    assert.equal(counts.altered + counts.early + counts.unwanted, 0, message);
  }
}

const brokers: readonly {
  readonly name: string;
  readonly needs: readonly Peer[];
  readonly start: () => Promise<BrokerPeer>;
  readonly versions: readonly (4 | 5)[];
  readonly watchMs?: number;
}[] = [
  { name: "mqtt-sim broker", needs: [], start: startOurBroker, versions: [4, 5] },
  { name: "mosquitto", needs: [mosquitto], start: startMosquitto, versions: [4, 5] },
  { name: "aedes", needs: [], start: startAedes, versions: [4] },
  { name: "aedes 2", needs: [], start: startAedes2, versions: [4] },
  { name: "nats-server", needs: [nats], start: startNats, versions: [4], watchMs: natsWatchMs },
];

for (const { name, needs, start, versions, watchMs = usualWatchMs } of brokers) {
  for (const version of versions) {
    peerTest(
      `fleet and raw sockets observe the same on ${name}, ${version === 5 ? "5.0" : "3.1.1"}`,
      needs,
      async () => {
        await using broker = await start();
        const setting = { version, willDelayS: 0, watchMs };
        const marks = crypto.randomUUID().slice(0, 4);
        const [sights, report] = await Promise.all([witness(broker.port, setting, marks), fleet(broker, setting)]);
        compare(sights, report);
      },
      90_000,
    );
  }
}

const streamDelayS = 2;
const streamDeaths = 40;
const streamEveryMs = 100;

/** Raw sockets end one after the other, each with a delayed will; returns how many of the wills were late or lost. */
async function streamOfDeaths(port: number): Promise<number> {
  const seen: Seen = new Map();
  const diedMs: number[] = [];
  const watcher = await RawSocket.open(port);
  await watcher.connect({ version: 5, clientId: "raw-w", clean: true, keepAliveS: 60 });
  watcher.send(subscribeBytes(5, "raw/+"));
  void watch(watcher, seen);
  for (let number = 0; number < streamDeaths; number++) {
    const raw = await RawSocket.open(port);
    const will = { willTopic: `raw/${number}`, willDelayS: streamDelayS, sessionExpiryS: 60 };
    await raw.connect({ version: 5, clientId: `raw-${number}`, clean: true, keepAliveS: 60, ...will });
    raw.socket.resetAndDestroy();
    diedMs.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, streamEveryMs));
  }
  await new Promise((resolve) => setTimeout(resolve, 2 * streamDelayS * 1_000));
  watcher.socket.destroy();
  return diedMs.filter((atMs, number) => {
    const dueMs = atMs + streamDelayS * 1_000;
    return sightOf((seen.get(`raw/${number}`) ?? []).map((eachMs) => eachMs - dueMs)) !== "onTime";
  }).length;
}

/** The same stream of wills, by the fleet. */
async function streamOfKills(broker: BrokerPeer): Promise<number> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const perSecond = 1_000 / streamEveryMs;
  const will = [
    "--protocol",
    "5",
    "--will-delay",
    `${streamDelayS}s`,
    "--session-expiry",
    "60s",
    "--kill-mode",
    "reset=1",
  ];
  const size = ["--clients", "100", "--kill-rate", `${perSecond}/s`, "--duration", `${streamDeaths / perSecond}s`];
  const rest = ["--reconnect-after", "never", "--seed", "3", "--report", path];
  await using run = startOurs(["fleet", "--url", broker.url, ...will, ...size, ...rest]);
  await run.exit(60_000);
  const { wills } = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return wills.late + wills.missing;
}

for (const { name, needs, start, versions } of brokers.filter((broker) => broker.versions.includes(5))) {
  assert.ok(versions.includes(5));
  peerTest(`fleet and raw sockets observe the same stream of delayed wills on ${name}`, needs, async () => {
    await using broker = await start();
    const raw = await streamOfDeaths(broker.port);
    const found = await streamOfKills(broker);
    // The two may differ by chance, but not in whether most wills are held back.
    assert.equal(
      found > streamDeaths / 4,
      raw > streamDeaths / 4,
      `sockets: ${raw}, fleet: ${found} of ${streamDeaths}`,
    );
    if (raw === 0) assert.equal(found, 0);
  }, 90_000);
}
