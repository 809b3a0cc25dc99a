/**
 * A server with the limits that operators of clouds document, in front of a broker without them: a TCP proxy that
 * refuses what a limit excludes, and passes all else on. It reads packets by the library mqtt-packet.
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import mqtt, { type IConnectPacket, type ISubscribePacket } from "mqtt-packet";
import { frameSize } from "../frame_size.ts";

/** The limits of a server. */
export interface CloudLimits {
  readonly keepAliveS: readonly [min: number, max: number];
  readonly connectsPerSecond: number;
  readonly clients: number;
  readonly topicSlashes: number;
  readonly topicBytes: number;
  readonly willDelayS: number;
  readonly maximumQos: 1 | 2;
}

/** A running server. */
export interface CloudGate extends AsyncDisposable {
  readonly port: number;
  /** What the server refused, by the limit, with its count. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Starts a server in front of the broker at that port. */
export async function openCloudGate(port: number, limits: CloudLimits): Promise<CloudGate> {
  const refused = new Map<string, number>();
  const open = new Set<net.Socket>();
  const connects: number[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    const upstream = net.connect(port, "127.0.0.1");
    const end = (why: string) => {
      refused.set(why, (refused.get(why) ?? 0) + 1);
      socket.end();
      upstream.resetAndDestroy();
    };
    upstream.on("data", (bytes) => void socket.write(bytes)).on("error", () => {});
    upstream.on("end", () => socket.end());
    socket.on("error", () => upstream.resetAndDestroy()).on("close", () => open.delete(socket));
    socket.on("end", () => upstream.end());
    let received = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes as Buffer]);
      for (let size = frameSize(received); size !== undefined && size <= received.length; size = frameSize(received)) {
        const frame = received.subarray(0, size);
        received = received.subarray(size);
        const why = faultOf(frame, limits, connects, open.size);
        if (why !== undefined) return end(why);
        upstream.write(frame);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    refused,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Which limit excludes a packet; undefined for none. @param connects when the last CONNECT packets came */
function faultOf(frame: Buffer, limits: CloudLimits, connects: number[], open: number): string | undefined {
  const type = frame[0]! >> 4;
  if (type === 1) return connectFault(parsed<IConnectPacket>(frame), limits, connects, open);
  if (type === 8) {
    const { subscriptions } = parsed<ISubscribePacket>(frame, 4) ?? parsed<ISubscribePacket>(frame);
    const topics = subscriptions.map(({ topic }) => topic);
    if (topics.some((topic) => topic.startsWith("$SYS"))) return "$SYS";
    return subscriptions.some(({ qos }) => qos > limits.maximumQos)
      ? "SUBSCRIBE with QoS 2"
      : topicFault(topics, limits);
  }
  return type === 3 && (frame[0]! & 6) >> 1 > limits.maximumQos ? "PUBLISH with QoS 2" : undefined;
}

function connectFault(
  { keepalive = 0, will }: IConnectPacket,
  { keepAliveS: [min, max], connectsPerSecond, clients, willDelayS, maximumQos, ...topics }: CloudLimits,
  connects: number[],
  open: number,
): string | undefined {
  const nowMs = performance.now();
  while (connects.length > 0 && connects[0]! <= nowMs - 1_000) connects.shift();
  connects.push(nowMs);
  if (connects.length > connectsPerSecond) return "connect rate";
  if (open > clients) return "clients";
  if (keepalive < min || keepalive > max) return "keep alive";
  if ((will?.qos ?? 0) > maximumQos) return "will QoS 2";
  if ((will?.properties?.willDelayInterval ?? 0) > willDelayS) return "will delay";
  return will === undefined ? undefined : topicFault([will.topic], topics);
}

function topicFault(
  topics: readonly string[],
  { topicSlashes, topicBytes }: Pick<CloudLimits, "topicSlashes" | "topicBytes">,
): string | undefined {
  const isLong = (topic: string) => Buffer.byteLength(topic) > topicBytes || topic.split("/").length > topicSlashes + 1;
  return topics.some(isLong) ? "topic" : undefined;
}

function parsed<P>(frame: Buffer, protocolVersion?: number): P {
  let found: unknown;
  const parser = mqtt.parser({ protocolVersion: protocolVersion ?? 5 });
  parser.on("packet", (packet) => found = packet).on("error", () => {});
  parser.parse(frame);
  return found as P;
}
