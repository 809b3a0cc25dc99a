/**
 * A server that demands SCRAM in front of a broker without it: a TCP proxy that carries out the server's side of RFC
 * 5802 by Web Crypto, and passes all other packets on. It shares no code with the program: packets are read and written
 * by the library mqtt-packet.
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import { frameSize } from "../frame_size.ts";
import mqtt, { type IAuthPacket, type IConnackPacket, type IConnectPacket } from "mqtt-packet";

/** The server's records of a user: it has no password. */
interface ServerKeys {
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** How the server breaks the exchange; `none` for a lawful one. */
export type GateFault = "none" | "signature" | "nonce" | "no-data" | "method" | "twice" | "iterations";

/** The settings of a gate. */
export interface GateOptions {
  readonly hash: "SHA-1" | "SHA-256" | "SHA-512";
  readonly users: Readonly<Record<string, string>>;
  /** The address of the broker behind the gate. */
  readonly port: number;
  readonly fault?: GateFault;
  /** Sends its proof in an AUTH before CONNACK, as some servers do. */
  readonly proofInAuth?: boolean;
}

/** A running gate. */
export interface ScramGate extends AsyncDisposable {
  readonly port: number;
  /** The client identifiers that the server granted access, in order. */
  readonly granted: string[];
  /** The client identifiers that authenticated again on an open connection. */
  readonly renewed: string[];
  /** The client identifiers that the server refused. */
  readonly refused: string[];
  /** The passwords that came in a CONNECT: SCRAM has none there. */
  readonly passwords: string[];
}

const salt = Buffer.from("salt of the gate");
const iterations = 4_096;
const serverNonce = "of-the-server";
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

async function hmac(hash: string, key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const own = await crypto.subtle.importKey("raw", Uint8Array.from(key), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", own, Uint8Array.from(data)));
}

async function keysOf(hash: GateOptions["hash"], password: string): Promise<ServerKeys> {
  const secret = await crypto.subtle.importKey("raw", Buffer.from(password), "PBKDF2", false, ["deriveBits"]);
  const bits = { "SHA-1": 160, "SHA-256": 256, "SHA-512": 512 }[hash];
  const salted = new Uint8Array(
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash, salt, iterations }, secret, bits),
  );
  const clientKey = Uint8Array.from(await hmac(hash, salted, Buffer.from("Client Key")));
  return {
    storedKey: new Uint8Array(await crypto.subtle.digest(hash, clientKey)),
    serverKey: await hmac(hash, salted, Buffer.from("Server Key")),
  };
}

/** Starts a gate on a free port. */
export async function openScramGate(options: GateOptions): Promise<ScramGate> {
  const keys = new Map<string, ServerKeys>();
  for (const [user, password] of Object.entries(options.users)) keys.set(user, await keysOf(options.hash, password));
  const seen = { granted: [] as string[], renewed: [] as string[], refused: [] as string[], passwords: [] as string[] };
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    new GateConnection(socket, options, keys, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...seen,
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One client at the gate, and its connection to the broker. */
class GateConnection {
  readonly #method: string;
  readonly #upstream: net.Socket;
  #received = Buffer.alloc(0);
  #connect: IConnectPacket | undefined;
  /** The CONNECT for the broker; the library would not keep the order of user properties. */
  #connectBytes: Buffer | undefined;
  /** What both sides sign, without the client's last message; undefined before the challenge. */
  #signed: { readonly user: string; readonly bare: string; readonly challenge: string } | undefined;
  #finalData: Buffer | undefined;
  #isOpen = false;
  /** The steps of one connection follow each other, although some wait for Web Crypto. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    readonly socket: net.Socket,
    readonly options: GateOptions,
    readonly keys: ReadonlyMap<string, ServerKeys>,
    readonly seen: Pick<ScramGate, "granted" | "renewed" | "refused" | "passwords">,
  ) {
    this.#method = `SCRAM-${options.hash}`;
    this.#upstream = net.connect(options.port, "127.0.0.1");
    this.#upstream.on("data", (bytes) => this.#fromBroker(bytes as Buffer)).on("error", () => {});
    this.#upstream.on("end", () => socket.end()).on("close", (failed) => failed ? socket.resetAndDestroy() : undefined);
    socket.on("data", (bytes) => this.#take(bytes as Buffer));
    socket.on("error", () => this.#upstream.resetAndDestroy());
    socket.on("end", () => void (this.#turn = this.#turn.then(() => void this.#upstream.end())));
  }

  /** Cuts the client's bytes into packets. */
  #take(bytes: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const size = this.#sizeOfNext();
      if (size === undefined || this.#received.length < size) return;
      const frame = this.#received.subarray(0, size);
      this.#received = this.#received.subarray(size);
      this.#turn = this.#turn.then(() => this.#onFrame(frame)).catch((error) => this.#refuse(String(error)));
    }
  }

  #sizeOfNext(): number | undefined {
    try {
      return frameSize(this.#received);
    } catch {
      this.#received = Buffer.alloc(0);
      this.socket.end();
      this.#upstream.resetAndDestroy();
      return undefined;
    }
  }

  async #onFrame(frame: Buffer): Promise<void> {
    const type = frame[0]! >> 4;
    if (type !== 1 && type !== 15) {
      if (!this.#isOpen && type !== 14) throw new Error("a packet before CONNACK");
      return void this.#upstream.write(frame);
    }
    const packet = parsed<IConnectPacket | IAuthPacket>(frame);
    if (packet.cmd === "auth") return await this.#onAuth(packet);
    if (this.#connect !== undefined) return void this.#upstream.write(frame);
    this.#connect = packet;
    this.#connectBytes = withoutMethod(frame);
    if (packet.password !== undefined) this.seen.passwords.push(text(packet.password));
    if (packet.properties?.authenticationMethod !== this.#method) throw new Error("another method");
    this.#challenge(text(packet.properties.authenticationData));
  }

  /** Answers the client's first message. */
  #challenge(first: string): void {
    const [, bare = "", name = "", nonce = ""] = /^n,,(n=([^,]*),r=([^,]+))$/.exec(first) ?? [];
    if (nonce === "") throw new Error("no first message of SCRAM");
    const user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const { fault } = this.options;
    const whole = fault === "nonce" ? `x${nonce}${serverNonce}` : `${nonce}${serverNonce}`;
    const count = fault === "iterations" ? 2_000_000_000 : iterations;
    const challenge = `r=${whole},s=${salt.toString("base64")},i=${count}`;
    this.#signed = { user, bare, challenge };
    this.#sendAuth(0x18, Buffer.from(challenge));
  }

  async #onAuth({ reasonCode, properties }: IAuthPacket): Promise<void> {
    const data = text(properties?.authenticationData);
    if (properties?.authenticationMethod !== this.#method) throw new Error("another method");
    if (reasonCode === 0x19) return this.#challenge(data);
    if (this.#finalData !== undefined) return this.#grant(undefined);
    const proven = await this.#verify(data);
    if (this.options.proofInAuth) {
      this.#finalData = proven;
      return this.#sendAuth(0x18, proven);
    }
    this.#grant(proven);
  }

  /** Checks the proof; returns the server's own. */
  async #verify(final: string): Promise<Buffer> {
    const { hash, fault } = this.options;
    const { user, bare, challenge } = this.#signed!;
    const [, withoutProof = "", nonce = "", proof = ""] = /^(c=biws,r=([^,]+)),p=(.+)$/.exec(final) ?? [];
    const known = this.keys.get(user);
    if (known === undefined || !challenge.startsWith(`r=${nonce},`)) throw new Error("unknown user or nonce");
    const message = Buffer.from(`${bare},${challenge},${withoutProof}`);
    const signature = await hmac(hash, known.storedKey, message);
    const clientKey = Buffer.from(proof, "base64").map((byte, at) => byte ^ signature[at]!);
    const stored = new Uint8Array(await crypto.subtle.digest(hash, Uint8Array.from(clientKey)));
    if (!Buffer.from(stored).equals(Buffer.from(known.storedKey))) throw new Error("wrong proof");
    const own = await hmac(hash, fault === "signature" ? known.storedKey : known.serverKey, message);
    return Buffer.from(`v=${Buffer.from(own).toString("base64")}`);
  }

  #grant(data: Buffer | undefined): void {
    const clientId = this.#connect!.clientId;
    if (this.#isOpen) {
      this.seen.renewed.push(clientId);
      return this.#sendAuth(0x00, data);
    }
    if (this.options.fault === "twice") return this.#sendAuth(0x18, Buffer.from("r=again"));
    this.#finalData = data;
    this.#upstream.write(this.#connectBytes!);
  }

  #fromBroker(bytes: Uint8Array): void {
    if (this.#isOpen) return void this.socket.write(bytes);
    // CONNACK is the broker's first packet, and small: it comes whole.
    const size = frameSize(Buffer.from(bytes))!;
    const packet = parsed<IConnackPacket>(Buffer.from(bytes.subarray(0, size)));
    this.#isOpen = true;
    const data = this.options.proofInAuth || this.options.fault === "no-data" ? undefined : this.#finalData;
    this.#finalData = undefined;
    const method = this.options.fault === "method" ? "PLAIN" : this.#method;
    if (packet.reasonCode === 0) this.seen.granted.push(this.#connect!.clientId);
    const properties = {
      ...packet.properties,
      authenticationMethod: method,
      ...data && { authenticationData: data },
    };
    this.socket.write(mqtt.generate({ ...packet, properties }, { protocolVersion: 5 }));
    this.socket.write(bytes.subarray(size));
  }

  #sendAuth(reasonCode: number, data: Buffer | undefined): void {
    const properties = { authenticationMethod: this.#method, ...data && { authenticationData: data } };
    this.socket.write(mqtt.generate({ cmd: "auth", reasonCode, properties }, { protocolVersion: 5 }));
  }

  #refuse(why: string): void {
    const clientId = this.#connect?.clientId ?? "";
    this.seen.refused.push(clientId);
    const properties = { reasonString: why };
    const packet = { cmd: "connack", sessionPresent: false, reasonCode: 0x87, properties } as const;
    this.socket.end(mqtt.generate(packet, { protocolVersion: 5 }));
    this.#upstream.destroy();
  }
}

/** The sizes of properties of CONNECT by identifier; `text`: two bytes with the length, then so many. */
const propertySizes: Readonly<Record<number, number | "text" | "pair">> = {
  0x11: 4,
  0x15: "text",
  0x16: "text",
  0x17: 1,
  0x19: 1,
  0x21: 2,
  0x22: 2,
  0x26: "pair",
  0x27: 4,
};

/** A CONNECT without authentication method and data. */
function withoutMethod(frame: Buffer): Buffer {
  const header = frame.length < 130 ? 2 : 3;
  const [from, length] = variable(frame, header + 10);
  const kept: Buffer[] = [];
  for (let at = from; at < from + length;) {
    const size = propertySizes[frame[at]!]!;
    const textEnd = (begin: number) => begin + 2 + frame.readUInt16BE(begin);
    const end = typeof size === "number" ? at + 1 + size : size === "text" ? textEnd(at + 1) : textEnd(textEnd(at + 1));
    if (frame[at] !== 0x15 && frame[at] !== 0x16) kept.push(frame.subarray(at, end));
    at = end;
  }
  const properties = Buffer.concat(kept);
  const body = Buffer.concat([
    frame.subarray(header, header + 10),
    Buffer.from([properties.length]),
    properties,
    frame.subarray(from + length),
  ]);
  const size = body.length < 128 ? [body.length] : [body.length % 128 + 128, Math.floor(body.length / 128)];
  return Buffer.concat([Buffer.from([0x10, ...size]), body]);
}

/** Where the bytes after a variable length begin, and that length. */
function variable(bytes: Buffer, at: number): [begin: number, length: number] {
  if (bytes[at]! < 128) return [at + 1, bytes[at]!];
  return [at + 2, bytes[at]! % 128 + 128 * bytes[at + 1]!];
}

function parsed<P>(frame: Buffer): P {
  let found: unknown;
  const parser = mqtt.parser({ protocolVersion: 5 });
  parser.on("packet", (packet) => found = packet);
  parser.on("error", (error) => {
    throw error;
  });
  parser.parse(frame);
  return found as P;
}
