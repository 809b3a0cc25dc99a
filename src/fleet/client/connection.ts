/**
 * One MQTT connection of the fleet: a link, its packets, and keep alive. The owner handles the content of the packets:
 * a virtual client, a watcher, a canary.
 */
import { ConnectAuth } from "../../auth/connect_auth.ts";
import type { Deadline } from "../../base/deadlines.ts";
import type { ProtocolError } from "../../base/failure.ts";
import { encode } from "../../mqtt/codec/codec.ts";
import { type PacketFault, packetFaultText } from "../../mqtt/codec/lenient.ts";
import type {
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  ProtocolVersion,
} from "../../mqtt/packet.ts";
import type { DialReceiver, Link, LinkEnd, LinkReceiver } from "../../net/link.ts";
import { type PacketReceiver, PacketStream } from "../../net/packet_stream.ts";
import { Drip } from "./drip.ts";
import { Renewal } from "./renewal.ts";
import type { FleetAuth, FleetWorld, Wakeable } from "./fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";

/** The callbacks of a connection. */
export interface ConnectionOwner {
  /** The link is open: time for CONNECT. */
  onOpen(connection: ClientConnection, nowMs: number): void;
  /** @param faults the faults of the packet, where it has any */
  onPacket(connection: ClientConnection, packet: Packet, nowMs: number, faults?: readonly PacketFault[]): void;
  /** No packet follows; the connection calls it once. */
  onOver(connection: ClientConnection, end: ConnectionEnd, nowMs: number): void;
}

/** Far above any packet that this fleet can cause; a larger one is a fault of the broker's. */
const maximumPacketSize = 1_048_576;

const pingreq = encode({ type: "pingreq" }, 4);

/** Silent for this share of keep alive, a client sends PINGREQ: half of it is left for a slow machine. */
const pingShare = 0.75;

/**
 * Pings fall due at instants of a grid, so that a thread without other work wakes once for several: at least this
 * number of connections, and no sooner than this share of the interval. The interval of the grid is halved as the fleet
 * grows: connections of a smaller fleet keep instants of the finer grid.
 */
const pingsTogether = 16;
const leastGrid = 1 / 64;

/**
 * After a PINGREQ without an answer for a keep alive, the owner has so long to read the packets that wait.
 */
const pongGraceMs = 1_000;

/** How many of the last bytes a malformed packet keeps. */
const keptBytes = 16;

/** What a connection keeps to go on with another server. */
interface Referable {
  readonly place: number;
  connect?: ConnectPacket;
  hops: number;
  stamps: boolean;
}

/** Of a link whose server has referred the client to another one. */
const ended: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

export class ClientConnection implements DialReceiver, PacketReceiver, Wakeable {
  readonly version: ProtocolVersion;
  /** When this side sent the last bytes; 0 before the first. */
  lastSentMs = 0;
  /** This machine kept it from sending for longer than keep alive allows. */
  overslept = false;
  /** The number of PINGREQ packets sent. */
  pings = 0;
  /** The largest packet that the server takes, in bytes; any size if undefined. */
  #maximumPacketSize: number | undefined;
  /** The number of PINGRESP packets received. */
  #pongs = 0;
  /** When this side sent the oldest PINGREQ without an answer. */
  #pingedMs: number | undefined;
  #overdue = false;
  #cleanStart = false;
  #auth: ConnectAuth | undefined;
  #renewal: Renewal | undefined;
  #disconnect: DisconnectPacket | undefined;
  #received: Uint8Array | undefined;
  readonly #world: FleetWorld;
  readonly #owner: ConnectionOwner;
  readonly #client: number | undefined;
  #link: Link;
  #stream: PacketStream;
  /** What a further CONNECT needs, where the run follows references to other servers. */
  #referable: Referable | undefined;
  #pingEveryMs = 0;
  #ping: Deadline<Wakeable> | undefined;
  #nowMs = 0;
  #over = false;

  /** @param client the number of the client, where each may have a certificate or a password of its own */
  constructor(
    world: FleetWorld,
    version: ProtocolVersion,
    owner: ConnectionOwner,
    place: number,
    client?: number,
    node = 0,
  ) {
    this.version = version;
    this.#world = world;
    this.#owner = owner;
    this.#client = client;
    this.#stream = new PacketStream({ maximumPacketSize, receiver: this, version, lenient: true });
    if (world.references !== undefined) this.#referable = { place, hops: 0, stamps: false };
    this.#link = (world.references?.next(client) ?? world.nodes?.[node] ?? world).dial(this, place, client);
  }

  /** The broker, as `host:port`. */
  get peer(): string {
    return this.#link.peer;
  }

  /** True once no packet follows. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether the server takes a packet of that size. [MQTT5 3.2.2-15] */
  takes(sizeBytes: number): boolean {
    return sizeBytes <= (this.#maximumPacketSize ?? Infinity);
  }

  /** Dates packets by their arrival at this machine, where the engine knows it, instead of by their reading. */
  stampArrivals(): void {
    if (this.#referable !== undefined) this.#referable.stamps = true;
    this.#link.stampArrivals?.();
  }

  /** Sends one packet. */
  send(given: Packet, nowMs: number): void {
    const { auth, passwords } = this.#world;
    let packet = given;
    if (packet.type === "connect") {
      this.#cleanStart = packet.cleanStart;
      if (this.#referable !== undefined) this.#referable.connect = packet;
      if (passwords !== undefined) packet = withPassword(packet, passwords.passwordOf(this.#client));
    }
    if (packet.type !== "connect" || auth === undefined || this.version === 4) {
      return this.sendBytes(encode(packet, this.version), nowMs);
    }
    this.#auth = this.#authOf(packet, auth);
    this.#auth.start();
  }

  /** Enhanced authentication: it sends CONNECT, at once or after the user's command. */
  #authOf(connect: ConnectPacket, { authenticator }: FleetAuth): ConnectAuth {
    return new ConnectAuth(authenticator, connect, {
      send: (packet) => this.sendBytes(encode(packet, this.version), this.#world.clock.nowMs()),
      fail: (sentence) => this.#giveUp({ kind: "auth", sentence }),
    });
  }

  /** Sends bytes, a packet or not. */
  sendBytes(bytes: Uint8Array, nowMs: number): void {
    this.oversleeps(nowMs);
    this.lastSentMs = nowMs;
    this.#link.write(bytes);
  }

  /** Checks whether this side was silent for so long that the broker may have ended this connection. */
  oversleeps(nowMs: number): boolean {
    // A ping falls due at half the time that the broker must wait: beyond nine tenths of it, it is too late to be sure.
    if (this.#pingEveryMs > 0 && nowMs - this.lastSentMs > this.#pingEveryMs / pingShare * 1.5 * 0.9) {
      this.overslept = true;
    }
    return this.overslept;
  }

  /** Sends PINGREQ whenever this side was silent for a while; 0 disables it. */
  keepAlive(keepAliveS: number, nowMs: number): void {
    if (keepAliveS === 0) return;
    this.#pingEveryMs = keepAliveS * 1_000 * pingShare;
    this.#ping = this.#world.wakes.add(this.#pingAtMs(nowMs + this.#pingEveryMs), this);
  }

  /** The last instant of the grid before a ping is due: each connection has one wake-up in the queue. */
  #pingAtMs(dueMs: number): number {
    const halvings = 31 - Math.clz32(Math.max(1, leastGrid * this.#world.wakes.size / pingsTogether));
    const gridMs = this.#pingEveryMs * leastGrid / (1 << halvings);
    return Math.floor(dueMs / gridMs) * gridMs;
  }

  wake(nowMs: number): void {
    if (this.#over || this.#pingEveryMs === 0) return;
    const keepAliveMs = this.#pingEveryMs / pingShare;
    if (this.#pingedMs !== undefined && nowMs >= this.#pingedMs + keepAliveMs) {
      if (this.#overdue) return this.#giveUp({ kind: "mute", withinS: keepAliveMs / 1_000 });
      // This machine may have been busy, and the answer may wait here unread.
      this.#overdue = true;
      return this.#world.wakes.move(this.#ping!, nowMs + pongGraceMs);
    }
    if (this.lastSentMs + this.#pingEveryMs * (1 - leastGrid) <= nowMs) this.ping(nowMs);
    this.#world.wakes.move(
      this.#ping!,
      Math.min(this.#pingAtMs(this.lastSentMs + this.#pingEveryMs), (this.#pingedMs ?? Infinity) + keepAliveMs),
    );
  }

  /** Ends the connection because of an action of the broker, or of a missing one. */
  #giveUp(end: ConnectionEnd): void {
    this.#finish(end);
    this.#link.reset();
  }

  /** Sends PINGREQ. */
  ping(nowMs: number): void {
    this.pings++;
    this.#pingedMs ??= nowMs;
    this.sendBytes(pingreq, nowMs);
  }

  /** Stops the packets that the connection sends by itself. */
  fallSilent(): void {
    this.#renewal?.stop();
    this.#pingEveryMs = 0;
    if (this.#ping !== undefined) this.#world.wakes.cancel(this.#ping);
  }

  /** Sends bytes one by one, so many milliseconds apart, and no other packet. */
  drip(bytes: Uint8Array, everyMs: number, nowMs: number): void {
    this.fallSilent();
    new Drip(this.#world.wakes, this.#link, bytes, everyMs).wake(nowMs);
  }

  /** Cuts the cable: no packet of the connection passes in either direction, not even its end. */
  vanish(): void {
    this.fallSilent();
    this.#world.cable!.cut(this.#link);
  }

  /** Reads no more; the end of the connection may then stay unknown until it is closed here. */
  stopReading(): void {
    this.#link.pause();
  }

  /** Sends FIN after the bytes written so far. */
  end(): void {
    this.fallSilent();
    this.#link.end();
  }

  /** Sends RST. */
  reset(): void {
    this.fallSilent();
    this.#link.reset();
  }

  onOpen(): void {
    const { passwords } = this.#world;
    if (passwords === undefined) return this.#opened();
    passwords.ready(this.#client, (sentence) => {
      if (this.#over) return;
      if (sentence === undefined) this.#opened();
      else this.#giveUp({ kind: "auth", sentence });
    });
  }

  /** Time for CONNECT: that of the owner, or the same one at another server. */
  #opened(): void {
    const { connect, hops } = this.#referable ?? {};
    const nowMs = this.#world.clock.nowMs();
    if (connect !== undefined && hops! > 0) return this.send(connect, nowMs);
    this.#owner.onOpen(this, nowMs);
  }

  onBytes(bytes: Uint8Array): void {
    this.#nowMs = this.#link.arrivedMs ?? this.#world.clock.nowMs();
    this.#received = bytes;
    this.#stream.push(bytes);
  }

  onDrain(): void {}

  onPacket(packet: Packet, faults?: readonly PacketFault[]): void {
    if (this.#over) return;
    switch (packet.type) {
      case "connack":
        if (packet.reasonCode !== 0 && this.#follow(packet)) return;
        if (packet.reasonCode !== 0) break;
        if (this.#auth?.onAccepted(packet) === false) return;
        this.#beginRenewal();
        if (faults !== undefined) return this.#malformed(`CONNACK ${packetFaultText(faults[0]!, this.version)}`);
        // A client that has no session may not go on. [MQTT5 3.2.2-4] [MQTT311 3.2.2-1]
        if (packet.sessionPresent && this.#cleanStart) return this.#giveUp({ kind: "sessionPresent" });
        this.#maximumPacketSize = packet.properties?.maximumPacketSize;
        break;
      case "auth":
        return this.#onAuth(packet);
      case "pingresp":
        this.#onPong();
        break;
      case "disconnect":
        this.#disconnect = packet;
        this.#world.references?.note(packet, this.#client);
        break;
    }
    this.#owner.onPacket(this, packet, this.#nowMs, faults);
  }

  /** Goes on with the server to which a refusal refers; returns true if it does. [MQTT5 4.11] */
  #follow(packet: ConnackPacket): boolean {
    const from = this.#referable;
    if (from?.connect === undefined) return false;
    const server = this.#world.references!.follow(packet, from.hops, this.#client);
    if (server === undefined) return false;
    from.hops++;
    this.#auth?.stop();
    this.#auth = undefined;
    this.#stream.stop();
    this.#stream = new PacketStream({ maximumPacketSize, receiver: this, version: this.version, lenient: true });
    this.#link.receiver = ended;
    this.#link.reset();
    this.#link = server.dial(this, from.place, this.#client);
    if (from.stamps) this.#link.stampArrivals?.();
    return true;
  }

  /** Only a client that named a method may get AUTH. [MQTT5 4.12.0-6] */
  #onAuth(packet: AuthPacket): void {
    if (this.#auth !== undefined) return this.#auth.onAuth(packet);
    this.#giveUp({ kind: "auth", sentence: "the broker sent AUTH to a client without an authentication method" });
  }

  #beginRenewal(): void {
    const everyMs = this.#world.auth?.renewEveryMs;
    if (this.#auth === undefined || everyMs === undefined) return;
    this.#renewal = new Renewal(this.#world, this.#auth, everyMs);
  }

  #onPong(): void {
    this.#pongs++;
    this.#overdue = false;
    this.#pingedMs = this.#pongs >= this.pings ? undefined : this.#nowMs;
  }

  onProtocolError({ message }: ProtocolError): void {
    this.#malformed(message);
  }

  #malformed(message: string): void {
    this.#giveUp({ kind: "malformed", message, bytes: this.#received!.slice(0, keptBytes) });
  }

  onEnd(end: LinkEnd): void {
    const packet = this.#disconnect;
    const isTheirs = end.kind === "fin" || end.kind === "reset";
    this.#finish(packet === undefined || !isTheirs ? end : { kind: "disconnect", packet, version: this.version });
  }

  #finish(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.fallSilent();
    this.#auth?.stop();
    this.#stream.stop();
    this.#owner.onOver(this, end, this.#world.clock.nowMs());
  }
}

/** A CONNECT with the password of the user's command, unless it has one. 3.1.1 requires a user name with it. */
function withPassword(connect: ConnectPacket, password: Uint8Array | undefined): ConnectPacket {
  if (connect.password !== undefined || password === undefined) return connect;
  return { ...connect, username: connect.username ?? "", password };
}
