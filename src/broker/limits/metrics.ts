/** Counters of one broker. Its parts count into {@link Metrics}; observers take a {@link BrokerMetrics}. */
import { type LoginFailure, loginFailures } from "../access/login_failure.ts";
import { type EndingKind, endingKinds } from "../options/ending.ts";
import type { HeaderFault } from "../../net/link.ts";
import { type BrokerLimits, defaultLimits } from "../options/options.ts";

/** Why a message was not sent to a client. */
export type DropReason =
  /** The client's outbox was at its limit. */
  | "queue-full"
  /** All outboxes together were at their limit. */
  | "memory-full"
  /** QoS 0 for a client that is offline. */
  | "offline-qos0"
  /** The message expiry interval passed while the message was queued. */
  | "expired"
  /** Larger than the client's maximum packet size. */
  | "too-large"
  /** The session ended while the message was queued. */
  | "session-ended"
  /** The rules changed while the message was queued: its receiver may no longer read it. */
  | "denied";

const dropReasons: readonly DropReason[] = [
  "queue-full",
  "memory-full",
  "offline-qos0",
  "expired",
  "too-large",
  "session-ended",
  "denied",
];

/** An action of an operator on a running broker. */
export type OperatorAction = "disconnect" | "end-session" | "clear-retained";

/** The counters of a broker since its start, and some current values. Plain data. */
export interface BrokerMetrics {
  /** Connections. */
  readonly connections: {
    /** Connections accepted. */
    readonly accepted: number;
    /** Links that are open now. */
    readonly open: number;
    /** Maximum number of open links. */
    readonly limit: number;
    /** Clients that are online now. */
    readonly online: number;
    /** CONNECT packets answered with success. */
    readonly connected: number;
    /** CONNECT packets refused, by reason code in decimal. */
    readonly refused: Readonly<Record<string, number>>;
    /** Links that ended before an accepted CONNECT, including refused ones. */
    readonly endedEarly: number;
    /** Links closed because the header of the PROXY protocol was refused, by reason. */
    readonly headersRefused: Readonly<Record<HeaderFault, number>>;
    /** Pauses of accepting, because the operating system lacked descriptors or memory. */
    readonly acceptPauses: number;
    /** Ended connections of accepted clients, by cause. */
    readonly ended: Readonly<Record<EndingKind, number>>;
  };
  /** Logins. */
  readonly logins: {
    /** Failed logins, by reason. */
    readonly failed: Readonly<Record<LoginFailure, number>>;
  };
  /** Actions of an operator. */
  readonly operator: {
    /** Operator actions that changed something. */
    readonly actions: Readonly<Record<OperatorAction, number>>;
    /** Requests for an action that were refused for a missing or wrong token. */
    readonly refused: number;
  };
  /** Bytes that clients make the broker use, as counted for the memory limit. */
  readonly memory: { readonly usedBytes: number };
  /** Current sessions. */
  readonly sessions: { readonly held: number };
  /** Current subscriptions, and refused ones. */
  readonly subscriptions: { readonly held: number; readonly refused: number };
  /** Current retained messages, and messages that were not retained because of the limit. */
  readonly retained: { readonly held: number; readonly refused: number };
  /** Wills. */
  readonly wills: {
    /** Wills armed since the start. */
    readonly armed: number;
    /** Wills held now, armed or delayed. */
    readonly held: number;
    /** By the cause of the connection's end, or `session-end` if the session ended before the delay was over. */
    readonly published: Readonly<Record<EndingKind, number>>;
    readonly discarded: number;
    readonly delayed: number;
    /** Delayed wills whose client reconnected in time. */
    readonly cancelled: number;
    /** Due but not published: the client may not publish to the will's topic. */
    readonly denied: number;
    /** Copies of wills that were not sent to a subscriber, by reason; `messages.dropped` includes them. */
    readonly dropped: Readonly<Record<DropReason, number>>;
    /** Wills that could not be stored at a stop. */
    readonly lostAtStop: number;
    /** Wills with injected faults. */
    readonly faults: number;
    /** The same by kind of fault. */
    readonly faultsByKind: Readonly<Record<string, number>>;
  };
  /** PUBLISH packets. */
  readonly messages: {
    /** PUBLISH packets received. */
    readonly received: number;
    /** Of these, the ones that the client was not allowed to publish. */
    readonly denied: number;
    /** PUBLISH packets sent, retransmissions included. */
    readonly sent: number;
    readonly dropped: Readonly<Record<DropReason, number>>;
  };
  /** Control packets, and bytes of their links, without TLS and WebSocket frames. */
  readonly traffic: {
    readonly packetsReceived: number;
    readonly packetsSent: number;
    readonly bytesReceived: number;
    readonly bytesSent: number;
  };
  /** Internal errors; each ended one connection, or left one action incomplete. */
  readonly internalErrors: number;
  /** How often each limit was reached and something was refused, dropped or ended. */
  readonly limitsHit: Readonly<Record<keyof BrokerLimits, number>>;
  /** All 0 with the memory store. */
  readonly store: {
    /** Transactions with changes. */
    readonly commits: number;
    /** Failed transactions, including retries. */
    readonly failures: number;
    /** Connections that ended because a change could not be stored. */
    readonly refusals: number;
  };
}

/** The running counters. */
export class Metrics {
  accepted = 0;
  open = 0;
  connectionsLimit = 0;
  online = 0;
  connected = 0;
  readonly refused: Record<string, number> = {};
  endedEarly = 0;
  readonly headersRefused = zeros<HeaderFault>(["missing", "unsupported", "malformed", "too-long"]);
  acceptPauses = 0;
  readonly ended = zeros(endingKinds);
  readonly loginsFailed = zeros(loginFailures);
  readonly operatorActions: Record<OperatorAction, number> = { disconnect: 0, "end-session": 0, "clear-retained": 0 };
  operatorRefused = 0;
  /** Called for each snapshot. */
  memoryUsedBytes: () => number = () => 0;
  sessionsHeld = 0;
  subscriptionsHeld = 0;
  subscriptionsRefused = 0;
  retainedHeld = 0;
  retainedRefused = 0;
  willsArmed = 0;
  willsHeld = 0;
  readonly willsPublished = zeros(endingKinds);
  willsDiscarded = 0;
  willsDelayed = 0;
  willsCancelled = 0;
  willsDenied = 0;
  readonly willsDropped = zeros(dropReasons);
  willsLostAtStop = 0;
  willFaults = 0;
  /** Filled by the fault injection. */
  willFaultsByKind: Readonly<Record<string, number>> = {};
  storeCommits = 0;
  storeFailures = 0;
  storeRefusals = 0;
  received = 0;
  denied = 0;
  sent = 0;
  readonly dropped = zeros(dropReasons);

  internalErrors = 0;
  packetsReceived = 0;
  packetsSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  readonly limitsHit = zeros(Object.keys(defaultLimits) as (keyof BrokerLimits)[]);

  /** Counts a copy of a message that was not sent. */
  drop({ isWill }: { readonly isWill: boolean }, reason: DropReason): void {
    this.dropped[reason]++;
    if (isWill) this.willsDropped[reason]++;
  }

  /** Counts that a limit was reached, and returns the reason code for it. */
  limited(limit: keyof BrokerLimits, reasonCode: number): number {
    this.limitsHit[limit]++;
    return reasonCode;
  }

  /** Counts a refused CONNECT. */
  refuse(reasonCode: number): void {
    this.refused[reasonCode] = (this.refused[reasonCode] ?? 0) + 1;
  }

  /** A copy of the current values. */
  snapshot(): BrokerMetrics {
    return {
      connections: {
        accepted: this.accepted,
        open: this.open,
        limit: this.connectionsLimit,
        online: this.online,
        connected: this.connected,
        refused: { ...this.refused },
        endedEarly: this.endedEarly,
        headersRefused: { ...this.headersRefused },
        acceptPauses: this.acceptPauses,
        ended: { ...this.ended },
      },
      logins: { failed: { ...this.loginsFailed } },
      operator: { actions: { ...this.operatorActions }, refused: this.operatorRefused },
      memory: { usedBytes: this.memoryUsedBytes() },
      sessions: { held: this.sessionsHeld },
      subscriptions: { held: this.subscriptionsHeld, refused: this.subscriptionsRefused },
      retained: { held: this.retainedHeld, refused: this.retainedRefused },
      wills: {
        armed: this.willsArmed,
        held: this.willsHeld,
        published: { ...this.willsPublished },
        discarded: this.willsDiscarded,
        delayed: this.willsDelayed,
        cancelled: this.willsCancelled,
        denied: this.willsDenied,
        dropped: { ...this.willsDropped },
        lostAtStop: this.willsLostAtStop,
        faults: this.willFaults,
        faultsByKind: { ...this.willFaultsByKind },
      },
      messages: { received: this.received, denied: this.denied, sent: this.sent, dropped: { ...this.dropped } },
      traffic: {
        packetsReceived: this.packetsReceived,
        packetsSent: this.packetsSent,
        bytesReceived: this.bytesReceived,
        bytesSent: this.bytesSent,
      },
      internalErrors: this.internalErrors,
      limitsHit: { ...this.limitsHit },
      store: { commits: this.storeCommits, failures: this.storeFailures, refusals: this.storeRefusals },
    };
  }
}

function zeros<K extends string>(names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
}
