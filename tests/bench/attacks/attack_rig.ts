/** The interface of an attack: links to the broker that count bytes and refusals. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, Packet } from "../../../src/mqtt/packet.ts";

/** The counts of an attack. */
export interface AttackCount {
  sentBytes: number;
  /** TCP links that the broker accepted. */
  links: number;
  /** CONNECT packets that the broker answered with success. */
  logins: number;
  /** CONNECT packets that the broker refused, or answered by the end of the link. */
  refusedLogins: number;
  /** Links that the broker ended. */
  endedLinks: number;
}

/** The largest part of one write, so that the count of sent bytes is at most this much too low. */
const partBytes = 64 * 1024;
const connackBytes = 1_024;

/** One link of an attack. */
export class AttackLink {
  readonly #conn: Deno.TcpConn;
  readonly #count: AttackCount;
  isOver = false;

  constructor(conn: Deno.TcpConn, count: AttackCount) {
    this.#conn = conn;
    this.#count = count;
  }

  /** Sends bytes as fast as the broker reads them; returns false once the broker has ended the link. */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length;) {
        const written = await this.#conn.write(bytes.subarray(at, at + partBytes));
        at += written;
        this.#count.sentBytes += written;
      }
      return true;
    } catch {
      this.#ended();
      return false;
    }
  }

  sendPacket(packet: Packet): Promise<boolean> {
    return this.send(encode(packet, 5));
  }

  /** Reads and discards what the broker sends. */
  async drain(): Promise<void> {
    const buffer = new Uint8Array(partBytes);
    try {
      while (await this.#conn.read(buffer) !== null);
    } catch {
      // The broker reset the link, or the attack closed it.
    }
    this.#ended();
  }

  /** Reads once; empty at the end of the link. */
  async read(): Promise<Uint8Array> {
    const buffer = new Uint8Array(connackBytes);
    try {
      const size = await this.#conn.read(buffer);
      return buffer.subarray(0, size ?? 0);
    } catch {
      return buffer.subarray(0, 0);
    }
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#conn.close();
  }

  #ended(): void {
    if (this.isOver) return;
    this.#count.endedLinks++;
    this.close();
  }
}

/** The broker under attack, and the time limit of the attack. */
export class AttackRig {
  readonly count: AttackCount = { sentBytes: 0, links: 0, logins: 0, refusedLogins: 0, endedLinks: 0 };
  readonly #links: AttackLink[] = [];
  #isOver = false;
  #names = 0;

  constructor(readonly port: number, readonly webSocketPort: number) {}

  /** Whether the time of the attack is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the attack; its links stay open. */
  stop(): void {
    this.#isOver = true;
  }

  /** A client identifier that the attack has not used before. */
  newName(): string {
    return `attacker-${++this.#names}`;
  }

  /** A TCP link; undefined if the broker accepts none. */
  async dial(port = this.port): Promise<AttackLink | undefined> {
    try {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      this.count.links++;
      const link = new AttackLink(conn, this.count);
      this.#links.push(link);
      return link;
    } catch {
      return undefined;
    }
  }

  /** A connected client; undefined if the broker refused it. */
  async login(connect: Partial<ConnectPacket> = {}): Promise<AttackLink | undefined> {
    const link = await this.dial();
    if (link === undefined) return undefined;
    const packet = { ...plainConnect, clientId: this.newName(), ...connect };
    await link.send(encode(packet, packet.protocolVersion));
    const answer = await link.read();
    if (answer[0] === 0x20 && answer[3] === 0) {
      this.count.logins++;
      return link;
    }
    this.count.refusedLogins++;
    link.close();
    return undefined;
  }

  /** Runs `act` on several lanes at once until the time is over; pauses a lane that the broker refuses. */
  async repeat(lanes: number, act: (lane: number) => Promise<boolean>): Promise<void> {
    await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
      while (!this.#isOver) {
        if (!await act(lane)) await pause(refusedPauseMs);
      }
    }));
  }
}

/** The pause of a refused lane, in milliseconds. */
const refusedPauseMs = 20;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A client that never disconnects. */
export const plainConnect: ConnectPacket = {
  type: "connect",
  protocolVersion: 5,
  cleanStart: true,
  keepAliveS: 0,
  clientId: "",
};
