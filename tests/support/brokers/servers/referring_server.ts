/**
 * A server that refers clients to another one, by the library mqtt-packet: with CONNACK, or with DISCONNECT some time
 * after it has passed a client on to a broker.
 */
import net from "node:net";
import mqtt, { type IConnectPacket } from "mqtt-packet";
import { frameSize } from "../frame_size.ts";

/** The reference of a server. */
export interface Referral {
  readonly reasonCode: 0x9c | 0x9d;
  readonly serverReference: string;
  readonly reasonString?: string;
  /** The broker behind the server: DISCONNECT refers clients with a will so long after their CONNECT. */
  readonly behind?: { readonly port: number; readonly afterMs: number };
}

/** A running server. */
export interface ReferringServer extends AsyncDisposable {
  readonly port: number;
  /** The client identifiers of each CONNECT. */
  readonly connects: string[];
}

/** Starts a server; `refer` returns its reference, so that two servers can refer to each other. */
export async function openReferringServer(refer: () => Referral): Promise<ReferringServer> {
  const connects: string[] = [];
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.once("data", (bytes) => {
      const packet = connectIn(bytes as Uint8Array);
      connects.push(packet.clientId);
      answer(socket, bytes as Uint8Array, packet, refer());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connects,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(
  socket: net.Socket,
  bytes: Uint8Array,
  { will, protocolVersion }: IConnectPacket,
  referral: Referral,
): void {
  const { reasonCode, serverReference, reasonString, behind } = referral;
  const properties = { serverReference, ...reasonString !== undefined && { reasonString } };
  if (behind === undefined) {
    if (protocolVersion !== 5) return void socket.end(Uint8Array.of(0x20, 2, 0, 3));
    const packet = { cmd: "connack", sessionPresent: false, reasonCode, properties } as const;
    return void socket.end(mqtt.generate(packet, { protocolVersion: 5 }));
  }
  const broker = net.connect(behind.port, "127.0.0.1", () => broker.write(bytes));
  broker.on("error", () => {}).on("data", (data) => void socket.write(data)).on("end", () => socket.end());
  socket.on("data", (data) => void broker.write(data)).on("error", () => broker.resetAndDestroy());
  socket.on("end", () => broker.end());
  if (will === undefined || protocolVersion !== 5) return;
  setTimeout(() => {
    if (!socket.writable) return;
    socket.end(mqtt.generate({ cmd: "disconnect", reasonCode, properties }, { protocolVersion: 5 }));
    broker.resetAndDestroy();
  }, behind.afterMs);
}

function connectIn(bytes: Uint8Array): IConnectPacket {
  let found: unknown;
  const parser = mqtt.parser();
  parser.on("packet", (packet) => found = packet);
  parser.parse(Buffer.from(bytes.subarray(0, frameSize(bytes))));
  return found as IConnectPacket;
}
