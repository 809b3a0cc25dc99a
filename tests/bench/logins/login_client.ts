/** Timed logins with a user name and password from any loopback address. */
import net from "node:net";
import { encode } from "../../../src/mqtt/codec/codec.ts";

export interface LoginAsked {
  readonly port: number;
  /** The local address. */
  readonly from: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

export interface LoginResult {
  /** The code of CONNACK; undefined if the link ended without one. */
  readonly code: number | undefined;
  /** From the first byte of the TCP handshake to CONNACK, or to the end. */
  readonly ms: number;
  readonly socket: net.Socket;
}

const text = new TextEncoder();

/** Connects and logs in once; the socket stays open. */
export function login({ port, from, clientId, username, password }: LoginAsked): Promise<LoginResult> {
  const { promise, resolve } = Promise.withResolvers<LoginResult>();
  const fromMs = performance.now();
  const socket = net.connect({ host: "127.0.0.1", port, localAddress: from, noDelay: true });
  const done = (code?: number) => resolve({ code, ms: performance.now() - fromMs, socket });
  socket.once("connect", () => {
    socket.write(encode({
      ...{ type: "connect", protocolVersion: 5, cleanStart: true, keepAliveS: 0 },
      ...{ clientId, username, password: text.encode(password) },
    }, 5));
  });
  socket.once("data", (bytes: Uint8Array) => done(bytes[0] === 0x20 ? bytes[3] : undefined));
  socket.on("error", () => done());
  socket.on("close", () => done());
  return promise;
}

/** Logs in until the broker accepts, with a pause after each refusal; returns the time since the first attempt. */
export async function loginAtLast(asked: LoginAsked): Promise<LoginResult & { readonly refusals: number }> {
  const fromMs = performance.now();
  for (let refusals = 0;; refusals++) {
    const result = await login(asked);
    if (result.code === 0) return { ...result, ms: performance.now() - fromMs, refusals };
    result.socket.destroy();
    if (performance.now() - fromMs > giveUpMs) throw new Error(`${asked.clientId} is not let in: ${result.code}`);
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

const againMs = 200;
const giveUpMs = 60_000;
