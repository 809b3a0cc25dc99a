/**
 * The events of the clients of one squad, life by life: only this module changes the data of a life, counts it and
 * passes it to the ledger. A run calls it as events happen, a recording's replay at their recorded instants.
 */
import { Histogram } from "../../base/histogram.ts";
import type { ConnackPacket } from "../../mqtt/packet.ts";
import type { ClientCounters } from "../result/client_counters.ts";
import { endsLater, type KillMode } from "../plan/kill_mode.ts";
import type { Ledger } from "./ledger.ts";
import type { Life, LifeEnd } from "../life/life.ts";
import type { Note } from "../recording/record_event.ts";
import type { RestartWindow } from "../result/restart_result.ts";

/** The values of a CONNACK that apply to a life. */
export interface Accepted {
  readonly present: boolean;
  /** The server's keep alive, where it sets one. */
  readonly keepAliveS?: number | undefined;
  /** The session expiry that the server uses, where it announces one. */
  readonly sessionExpiryS?: number | undefined;
  /** Its client has never been connected before. */
  readonly first: boolean;
}

/** The content of a CONNACK with code 0. */
export function acceptedOf({ properties, sessionPresent }: ConnackPacket, first: boolean): Accepted {
  return {
    present: sessionPresent,
    keepAliveS: properties?.serverKeepAliveS,
    sessionExpiryS: properties?.sessionExpiryIntervalS,
    first,
  };
}

export class ClientEvents {
  readonly counters: ClientCounters = {
    alive: 0,
    peakAlive: 0,
    connected: 0,
    reconnects: 0,
    refused: 0,
    lost: 0,
    kills: 0,
    deferred: 0,
    overslept: 0,
  };
  /** From the due instant of a kill to its start. */
  readonly slip: Histogram;
  /** From the start of a kill to the return of its system call, of kills that end the connection. */
  readonly killTimes = new Histogram();
  readonly #ledger: Ledger;
  readonly #note: Note | undefined;

  constructor(ledger: Ledger, note?: Note, slip = new Histogram()) {
    this.#ledger = ledger;
    this.slip = slip;
    this.#note = note;
  }

  /** How late the kills began, and how long they took: encoded histograms. */
  lateness(): { readonly slip: string; readonly killTimes: string } {
    return { slip: this.slip.encode(), killTimes: this.killTimes.encode() };
  }

  /** The client sent CONNECT: a life begins, and follows another. */
  begin(life: Life, previous: Life | undefined, nowMs: number): void {
    const { client, incarnation, bucket, version, qos, cleanStart } = life;
    life.sentMs = life.lastPacketMs = nowMs;
    this.#ledger.begin(life);
    if (previous !== undefined) {
      previous.next = { cleanStart, sentMs: nowMs, acknowledgedMs: undefined, sessionPresent: undefined };
      this.#ledger.back(previous);
    }
    this.#note?.("connect", nowMs, {
      ...{ client, life: incarnation, bucket, version, qos, clean: cleanStart },
      ...previous !== undefined && { after: previous.incarnation },
      ...life.node !== undefined && { node: life.node },
    });
  }

  /** CONNACK accepted it. */
  accept(life: Life, previous: Life | undefined, accepted: Accepted, nowMs: number): void {
    const { present, keepAliveS, sessionExpiryS, first } = accepted;
    const { counters } = this;
    life.connectedMs = nowMs;
    // The server's keep alive overrides the client's. [MQTT5 3.2.2-21]
    life.keepAliveS = keepAliveS ?? life.keepAliveS;
    // The server announces a session expiry that differs from the requested one. 5.0 has this in its section 3.2.2.3.2,
    // without a number.
    if (sessionExpiryS !== undefined && sessionExpiryS < life.sessionExpiryS) {
      this.#ledger.tally.remark({ shortSessions: { lives: 1, shortestS: sessionExpiryS } });
    }
    life.sessionExpiryS = sessionExpiryS ?? life.sessionExpiryS;
    if (previous?.next !== undefined) {
      previous.next.acknowledgedMs = nowMs;
      previous.next.sessionPresent = present;
    }
    counters.alive++;
    counters.peakAlive = Math.max(counters.peakAlive, counters.alive);
    if (first) {
      counters.connected++;
      this.#ledger.countClient(life.client);
    } else counters.reconnects++;
    this.#note?.("connack", nowMs, {
      ...{ client: life.client, life: life.incarnation, code: 0, present },
      ...keepAliveS !== undefined && { keepAliveS },
      ...sessionExpiryS !== undefined && { sessionExpiryS },
      ...first && { first },
    });
  }

  /** A CONNACK refused it: the life before it still waits for its next. */
  refuse(life: Life, previous: Life | undefined, code: number, nowMs: number): void {
    life.refused = true;
    if (previous !== undefined) previous.next = undefined;
    this.#note?.("connack", nowMs, { client: life.client, life: life.incarnation, code, present: false });
  }

  /** A CONNECT failed, for any reason. */
  fail(client: number, text: string, nowMs: number): void {
    this.counters.refused++;
    this.#note?.("failed", nowMs, { client, text });
  }

  /** A kill has to wait until its client is connected. */
  defer(client: number, mode: KillMode, nowMs: number): void {
    this.counters.deferred++;
    this.#note?.("deferred", nowMs, { client, mode });
  }

  /** Records that a takeover started; it completes when the broker accepts the second connection. */
  takeOver(client: number, dueMs: number, nowMs: number): void {
    this.slip.record(nowMs - dueMs);
    this.#note?.("takeover", nowMs, { client, dueMs });
  }

  /** Records that a command to end a client's connection started; the kill completes with the broker's close. */
  kick(client: number, dueMs: number, nowMs: number): void {
    this.slip.record(nowMs - dueMs);
    this.#note?.("kick", nowMs, { client, dueMs });
  }

  /** This machine kept a life silent for longer than keep alive allows. */
  oversleep(life: Life, nowMs: number): void {
    life.overslept = true;
    this.counters.overslept++;
    this.#note?.("overslept", nowMs, { client: life.client, life: life.incarnation });
  }

  /** The fleet ended a life. */
  kill(life: Life, end: LifeEnd & { readonly mode: KillMode }, lastPacketMs: number): void {
    const { mode, dueMs, doneMs, sinceMs, silent, detail } = end;
    if (!endsLater(mode)) {
      const startMs = sinceMs ?? doneMs;
      this.slip.record(startMs - dueMs);
      if (!silent) this.killTimes.record(doneMs - startMs);
    }
    life.lastPacketMs = lastPacketMs;
    life.end = end;
    this.counters.kills++;
    // A refused CONNECT was never alive.
    if (!life.refused) this.counters.alive--;
    this.#ledger.end(life);
    this.#note?.("killed", doneMs, {
      ...{ client: life.client, life: life.incarnation, mode, dueMs, lastPacketMs },
      ...silent && { silent },
      ...sinceMs !== undefined && { sinceMs },
      ...detail !== undefined && { detail },
    });
  }

  /**
   * The broker closed a connection that it had to close: of a silent client, or after bytes that it must not accept.
   *
   * @param sinceMs the instant since which the close may have waited here unread
   */
  closed(life: Life, sinceMs: number, nowMs: number): void {
    const { closedSinceMs = sinceMs } = life.end!;
    life.end = { ...life.end!, closedMs: nowMs, closedSinceMs };
    this.#ledger.postpone(life);
    this.#note?.("closed", nowMs, { client: life.client, life: life.incarnation, sinceMs });
  }

  /** The broker announces that it is about to close such a connection. */
  closing(life: Life, sinceMs: number, nowMs: number): void {
    if (life.end!.closedSinceMs !== undefined) return;
    life.end = { ...life.end!, closedSinceMs: sinceMs };
    this.#note?.("closing", nowMs, { client: life.client, life: life.incarnation, sinceMs });
  }

  /** The fleet itself ends a connection that the broker had to close and did not. */
  cut(life: Life, nowMs: number): void {
    life.end = { ...life.end!, cutMs: nowMs };
    this.#note?.("cut", nowMs, { client: life.client, life: life.incarnation });
  }

  /** A connection ended without a kill: with the broker that the run restarts, or lost. */
  end(life: Life, nowMs: number, why?: string): void {
    const restart = this.restartOf(life, nowMs);
    if (restart === undefined) this.lose(life, nowMs, why);
    else this.endByRestart(life, restart.fromMs, nowMs);
  }

  /** A client found its connection closed without a kill. @param text how it ended, as a text */
  lose(life: Life, nowMs: number, text?: string): void {
    life.end = { mode: "lost", dueMs: nowMs, doneMs: nowMs, silent: false };
    this.counters.lost++;
    this.counters.alive--;
    this.#ledger.end(life);
    this.#ledger.tally.remark({ lostConnections: { [text ?? "the connection was over"]: 1 } });
    this.#note?.("lost", nowMs, { client: life.client, life: life.incarnation, ...text !== undefined && { text } });
  }

  /** The broker restart that ended this connection, or undefined if it ended for another reason. */
  restartOf(life: Life, nowMs: number): RestartWindow | undefined {
    // Where its end produced no packet, a client notices it with its next PINGREQ.
    return this.#ledger.restarts.endedIn(life, nowMs, life.keepAliveS * 1_500);
  }

  /** A connection ended with the broker, which the fleet has restarted. */
  endByRestart(life: Life, sinceMs: number, nowMs: number): void {
    life.end = { mode: "restart", dueMs: nowMs, doneMs: nowMs, sinceMs, silent: false };
    this.counters.alive--;
    this.#ledger.end(life);
    this.#note?.("ended", nowMs, { client: life.client, life: life.incarnation, sinceMs });
  }

  /** The broker refused or did not answer the CONNECT that had to take a life over: it ended then, or ends now. */
  unanswered(life: Life, nowMs: number): void {
    life.end = { ...life.end!, dueMs: nowMs, doneMs: nowMs, sinceMs: life.end!.doneMs };
    this.#ledger.postpone(life);
    this.#note?.("unanswered", nowMs, { client: life.client, life: life.incarnation });
  }

  /** A client received a packet that the standard forbids. @param text the fault of the packet */
  faultyPacket(text: string, nowMs: number): void {
    this.#ledger.tally.remark({ faultyPackets: { [text]: 1 } });
    this.#note?.("faulty", nowMs, { text });
  }

  /** A connection follows the reference of a server. @param text the address of the other server */
  refer(text: string, nowMs: number): void {
    this.#ledger.tally.remark({ references: { [text]: 1 } });
    this.#note?.("referred", nowMs, { text });
  }

  /** A client left properly at the end of the run. */
  leave(life: Life, nowMs: number): void {
    life.retired = true;
    life.leftMs = nowMs;
    this.counters.alive--;
    this.#note?.("left", nowMs, { client: life.client, life: life.incarnation });
  }
}
