/** Serves one link: decodes bytes to packets, passes packets to handlers, and handles faults and ends. */
import { ProtocolError } from "../../base/failure.ts";
import { PacketLimitError, pubackBytes, pubackId } from "../../mqtt/codec/codec.ts";
import type { Packet } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import { type AwaitedHeader, highWaterBytes, type Link, type LinkEnd, type LinkReceiver } from "../../net/link.ts";
import { type PacketReceiver, PacketStream } from "../../net/packet_stream.ts";
import type { Core } from "../core/core.ts";
import { dispatch } from "./dispatch.ts";
import { contain } from "../handle/internal_error.ts";
import { cost } from "../limits/memory.ts";
import { handleConnect, type PendingConnection, refuse } from "../handle/connect.ts";
import { disconnectWith, leave } from "../handle/leave.ts";
import type { BrokerLimits } from "../options/options.ts";
import { ConnectionOf } from "../session/connection.ts";
import type { Connection, Session } from "../session/session.ts";
import { runDue } from "./tick.ts";

/** Serves an accepted link. `afterwards` is called after each event, because deadlines may have changed. */
export function serve(core: Core, link: Link, afterwards: () => void): void {
  const { limits, linkRoom } = core.settings;
  if (core.metrics.open >= Math.min(2 * limits.connections, linkRoom)) return turnAway(core, link, "connections");
  const nowMs = core.settings.clock.nowMs();
  if (!core.memory.hasRoomForLink(linkBytes(link), nowMs)) return turnAway(core, link, "memoryBytes");
  const overRate = link.awaited === undefined ? core.connectRate.count(link, nowMs) : 0;
  if (overRate >= 2) return turnAway(core, link, "connectsPerSecond");
  const served = new ServedLink(core, link, afterwards, nowMs, overRate > 0);
  link.receiver = served;
  if (link.awaited !== undefined) awaitSource(core, link, link.awaited, served);
  afterwards();
}

/** Behind a proxy, the address that counts is known when the proxy's header has arrived. */
function awaitSource(core: Core, link: Link, awaited: AwaitedHeader, served: ServedLink): void {
  const { clock } = core.settings;
  awaited.onSource = () => {
    const overRate = core.connectRate.count(link, clock.nowMs());
    if (overRate > 0) served.limitRate();
    if (overRate < 2) return;
    core.metrics.limitsHit.connectsPerSecond++;
    link.reset();
  };
  awaited.onFault = (fault) => core.warnings.headerRefused(link.peer, fault, clock.nowMs());
}

/** The current cost of a link: during the TLS handshake it is higher than afterwards. */
function linkBytes({ overheadBytes = 0 }: Link): number {
  return cost.link + overheadBytes;
}

/** Closes a link without an answer, because there are too many. */
function turnAway(core: Core, link: Link, limit: keyof BrokerLimits): void {
  core.metrics.accepted++;
  core.metrics.endedEarly++;
  core.metrics.limitsHit[limit]++;
  link.reset();
}

/** Maximum number of packets while a login is being judged; a client that sends more has not waited for CONNACK. */
const waitingLimit = 1_024;

/** Limits whose violation is a protocol error. */
const limitByReason: Readonly<Record<number, keyof BrokerLimits>> = {
  [ReasonCode.packetTooLarge]: "maximumPacketSizeBytes",
  [ReasonCode.receiveMaximumExceeded]: "receiveMaximum",
  [ReasonCode.topicAliasInvalid]: "topicAliasMaximum",
};

/**
 * Messages fill a link up to its high-water mark: more than twice as much output is answers that the client does not
 * read.
 */
const pauseAboveBytes = 2 * highWaterBytes;
/** Share of the reserve for one connected client, for its input and queued answers: one or two messages. */
const servedBytes = 16 * 1024;
/** Output below this size is not checked. */
const fewBytes = 1_024;

class ServedLink implements LinkReceiver, PacketReceiver, PendingConnection {
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #stream: PacketStream;
  readonly #link: Link;
  /** The memory cost of the link. */
  #linkBytes = 0;
  readonly #afterwards: () => void;
  #nowMs: number;

  constructor(core: Core, link: Link, afterwards: () => void, nowMs: number, tooFast: boolean) {
    const { limits } = core.settings;
    this.#core = core;
    this.#afterwards = afterwards;
    this.#nowMs = nowMs;
    const guarded = core.turn.guard(link, this);
    this.#connection = new ConnectionOf<Session>(core.nextConnectionId(), guarded, nowMs, core.metrics, core.memory);
    this.#connection.tooFast = tooFast;
    this.#stream = new PacketStream({
      maximumPacketSize: limits.maximumPacketSizeBytes,
      maximumConnectSize: limits.connectBytes,
      packetLimits: limits,
      receiver: this,
    });
    this.#connection.deadline = core.deadlines.add(nowMs + limits.timeToConnectMs, this.#connection);
    core.connections.add(this.#connection);
    core.metrics.accepted++;
    core.metrics.open++;
    this.#link = link;
    this.#countLink(linkBytes(link));
  }

  /** The address of the client opens too many links. */
  limitRate(): void {
    this.#connection.tooFast = true;
  }

  #countLink(bytes: number): void {
    this.#core.memory.add(bytes - this.#linkBytes);
    this.#linkBytes = bytes;
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#connection.phase === "over") return;
    this.#nowMs = this.#core.settings.clock.nowMs();
    this.#core.metrics.bytesReceived += bytes.length;
    try {
      this.#stream.push(bytes);
      this.#boundInput();
      this.#boundOutput();
    } catch (error) {
      this.#contain(error);
    }
    this.#settle();
  }

  #contain(error: unknown): void {
    contain(this.#core, error, this.#connection, this.#core.settings.clock.nowMs());
  }

  onDrain(): void {
    const connection = this.#connection;
    connection.writable = true;
    connection.countOutput();
    if (connection.paused) {
      connection.paused = false;
      connection.link.resume();
    }
    if (connection.phase !== "online") return;
    try {
      connection.session!.usedOutbox?.pump(this.#core.settings.clock.nowMs());
    } catch (error) {
      this.#contain(error);
    }
  }

  onEnd(_end: LinkEnd): void {
    this.#core.metrics.open--;
    this.#countLink(0);
    this.#core.connections.delete(this.#connection);
    this.#connection.countNothing();
    try {
      leave(this.#core, this.#connection, { kind: "link-end" }, this.#core.settings.clock.nowMs());
    } catch (error) {
      this.#contain(error);
    }
    this.#settle();
  }

  onPacket(packet: Packet): void {
    const connection = this.#connection;
    if (connection.phase === "over") return;
    connection.lastPacketMs = this.#nowMs;
    connection.probed = false;
    this.#core.metrics.packetsReceived++;
    connection.trace?.("in", packet);
    if (connection.phase === "online") dispatch(this.#core, connection, packet, this.#nowMs);
    else if (connection.phase === "checking") this.#wait(packet);
    else this.#begin(packet);
  }

  onPubacks(bytes: Uint8Array, from: number, to: number): void {
    const connection = this.#connection;
    if (connection.phase !== "online" || connection.trace !== undefined) {
      for (let at = from; at < to; at += pubackBytes) {
        this.onPacket({ type: "puback", packetId: pubackId(bytes, at) });
      }
      return;
    }
    connection.lastPacketMs = this.#nowMs;
    connection.probed = false;
    this.#core.metrics.packetsReceived += (to - from) / pubackBytes;
    connection.session!.usedOutbox?.acknowledgeRun(bytes, from, to, this.#nowMs); // [MQTT5 4.3.2-3]
  }

  onProtocolError(error: ProtocolError): void {
    const connection = this.#connection;
    const { reasonCode, message } = error;
    const limit = error instanceof PacketLimitError ? error.limit : limitByReason[reasonCode];
    if (limit !== undefined) this.#core.metrics.limitsHit[limit]++;
    this.#core.settings.log("info", `${connection.link.peer} broke the protocol: ${message}`);
    if (connection.phase === "new") return this.#refuseFirst(reasonCode, message);
    if (connection.phase === "checking") return refuse(this.#core, connection, reasonCode, this.#nowMs, message);
    disconnectWith(this.#core, connection, reasonCode, { kind: "protocol-error", reasonCode }, this.#nowMs, message);
  }

  /** Handles due actions before this CONNECT: a will whose delay is over, a session that has expired. */
  #begin(packet: Packet): void {
    if (packet.type !== "connect") { // [MQTT5 3.1.0-1] [MQTT311 3.1.0-1]
      const ending = { kind: "protocol-error", reasonCode: ReasonCode.protocolError } as const;
      return disconnectWith(this.#core, this.#connection, ReasonCode.protocolError, ending, this.#nowMs);
    }
    this.#countLink(linkBytes(this.#link));
    runDue(this.#core, this.#nowMs);
    if (this.#connection.phase === "new") {
      handleConnect(this.#core, this.#connection, packet, this.#nowMs, this);
    }
  }

  #wait(packet: Packet): void {
    const waiting = this.#connection.waiting ??= [];
    if (waiting.length < waitingLimit) waiting.push(packet);
    else refuse(this.#core, this.#connection, ReasonCode.quotaExceeded, this.#nowMs);
  }

  /** Handles the packets that arrived while the login was being judged. */
  accepted(): void {
    this.#nowMs = this.#core.settings.clock.nowMs();
    const waiting = this.#connection.waiting ?? [];
    this.#connection.waiting = undefined;
    try {
      for (const packet of waiting) this.onPacket(packet);
    } catch (error) {
      if (error instanceof ProtocolError) this.onProtocolError(error);
      else this.#contain(error);
    }
    this.#settle();
  }

  /** Refuses an unreadable first packet. Only a peer that speaks 5.0, or an unsupported version, receives an answer. */
  #refuseFirst(reasonCode: number, text: string): void {
    const connection = this.#connection;
    connection.version = this.#stream.claimedVersion ?? 4;
    refuse(this.#core, connection, reasonCode, this.#nowMs, text); // [MQTT5 3.1.2-2] [MQTT311 3.1.2-2] [MQTT311 3.1.4-1]
  }

  /**
   * Counts incomplete packets and topic aliases as memory; beyond the limit the connection ends. The reserve is for
   * small packets of clients that have logged in.
   */
  #boundInput(): void {
    const connection = this.#connection;
    if (connection.phase === "over") return;
    const bytes = this.#stream.heldSizeBytes + connection.aliasBytes;
    if (!connection.countInput(bytes)) return;
    const isServed = bytes <= servedBytes && connection.phase === "online";
    const { memory } = this.#core;
    if (isServed ? memory.hasReserve(0, this.#nowMs) : memory.hasRoom(0, this.#nowMs)) return;
    this.#endForQuota("memoryBytes");
  }

  /**
   * Pauses reading from a client that does not read its answers, until they are sent. If the client still provokes more
   * output, by a large message or while its keep alive is probed, the connection ends at the limit.
   */
  #boundOutput(): void {
    const connection = this.#connection;
    const { bufferedBytes } = connection.link;
    if (bufferedBytes > this.#core.settings.limits.unreadBytes) return this.#endForQuota("unreadBytes");
    if (connection.phase !== "online" || bufferedBytes <= fewBytes) return;
    connection.countOutput();
    const { memory } = this.#core;
    if (!memory.hasReserve(0, this.#nowMs)) return this.#endForQuota("memoryBytes");
    // At the limit a client gets no more than its share of the reserve.
    if (bufferedBytes <= servedBytes) return;
    if (bufferedBytes <= pauseAboveBytes && memory.hasRoom(0, this.#nowMs)) return;
    connection.paused = true;
    connection.link.pause();
  }

  #endForQuota(limit: "unreadBytes" | "memoryBytes"): void {
    this.#core.metrics.limitsHit[limit]++;
    const ending = { kind: "protocol-error", reasonCode: ReasonCode.quotaExceeded } as const;
    disconnectWith(this.#core, this.#connection, ReasonCode.quotaExceeded, ending, this.#nowMs);
  }

  /**
   * The commit failed: the packets held back for this client must not be sent, and its will may not have been stored.
   */
  unstored(reasonCode: number, unsent: boolean): void {
    const connection = this.#connection;
    const nowMs = this.#core.settings.clock.nowMs();
    if (connection.phase === "online" && unsent) {
      this.#core.wills.forget(connection.session!.clientId, connection.id);
      refuse(this.#core, connection, ReasonCode.serverUnavailable, nowMs);
    } else {
      disconnectWith(
        this.#core,
        connection,
        reasonCode,
        { kind: "protocol-error", reasonCode },
        nowMs,
        "the store is full",
      );
    }
    this.#settle();
  }

  #settle(): void {
    this.#core.collectGarbage();
    if (this.#connection.phase === "over") this.#stream.stop();
    this.#afterwards();
  }
}
