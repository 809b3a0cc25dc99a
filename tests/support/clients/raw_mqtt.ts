/**
 * MQTT on a raw socket, byte by byte: it shares no code with mqtt-sim, so that it is independent evidence. Packets of
 * at most 127 bytes.
 */
import net from "node:net";

const text = new TextEncoder();

/** A two-byte length and the text. */
function field(value: string): number[] {
  return [0, value.length, ...text.encode(value)];
}

function packet(first: number, body: readonly number[]): Uint8Array {
  if (body.length > 127) throw new Error("raw packets are short");
  return Uint8Array.of(first, body.length, ...body);
}

function fourBytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** The fields of a raw CONNECT. */
export interface RawConnect {
  readonly version: 4 | 5;
  readonly clientId: string;
  readonly clean: boolean;
  readonly keepAliveS: number;
  readonly willTopic?: string;
  readonly willDelayS?: number;
  readonly sessionExpiryS?: number;
  readonly username?: string;
  readonly password?: string;
}

/** CONNECT, with a will of QoS 1 and payload `w` if a topic is given. */
export function connectBytes(connect: RawConnect): Uint8Array {
  const { version, clientId, clean, keepAliveS, willTopic, willDelayS = 0, sessionExpiryS = 0 } = connect;
  const { username, password } = connect;
  const login = [username, password].flatMap((word) => word === undefined ? [] : field(word));
  const flags = (clean ? 0x02 : 0) | (willTopic === undefined ? 0 : 0x04 | 0x08) |
    (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  const properties = version === 5 ? [5, 0x11, ...fourBytes(sessionExpiryS)] : [];
  const willProperties = version === 5 ? [5, 0x18, ...fourBytes(willDelayS)] : [];
  const will = willTopic === undefined ? [] : [...willProperties, ...field(willTopic), ...field("w")];
  const head = [...field("MQTT"), version, flags, 0, keepAliveS, ...properties];
  return packet(0x10, [...head, ...field(clientId), ...will, ...login]);
}

/** SUBSCRIBE to one filter at QoS 0. */
export function subscribeBytes(version: 4 | 5, filter: string): Uint8Array {
  return packet(0x82, [0, 1, ...(version === 5 ? [0] : []), ...field(filter), 0]);
}

/** A socket with the bytes received. */
export class RawSocket {
  readonly socket: net.Socket;
  readonly #received: number[] = [];
  readonly #waiting: (() => void)[] = [];
  closed = false;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.#received.push(...bytes);
      this.#waiting.splice(0).forEach((wake) => wake());
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#waiting.splice(0).forEach((wake) => wake());
    });
  }

  static open(port: number): Promise<RawSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<RawSocket>();
    const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    const raw = new RawSocket(socket);
    socket.once("connect", () => resolve(raw));
    socket.once("error", reject);
    return promise;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next whole packet: its first byte and its body. Rejects when the socket closes first. */
  async next(): Promise<{ readonly first: number; readonly body: Uint8Array }> {
    for (;;) {
      const [first, length] = this.#received;
      if (length !== undefined && this.#received.length >= 2 + length) {
        return { first: first!, body: Uint8Array.from(this.#received.splice(0, 2 + length).slice(2)) };
      }
      if (this.closed) throw new Error("the broker closed the socket");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Sends CONNECT, and waits for CONNACK with code 0. */
  async connect(connect: RawConnect): Promise<void> {
    this.send(connectBytes(connect));
    const { first, body } = await this.next();
    if (first !== 0x20 || body[1] !== 0) throw new Error(`CONNACK ${first} ${body}`);
  }
}
