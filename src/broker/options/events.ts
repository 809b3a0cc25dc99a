/**
 * The events of a running broker: what happens to connections and wills. Events without a listener are not constructed.
 */
import type { ConnectWill, ProtocolVersion } from "../../mqtt/packet.ts";
import type { EndingKind } from "./ending.ts";

/** What happened to a will. */
export type WillEvent =
  /** CONNECT was accepted, and the broker keeps its will. */
  | { readonly type: "will-armed"; readonly clientId: string; readonly will: ConnectWill }
  /** The will is published to its subscribers; `ending` made it due. */
  | {
    readonly type: "will-published";
    readonly clientId: string;
    readonly will: ConnectWill;
    readonly ending: EndingKind;
  }
  /** The client disconnected normally. */
  | { readonly type: "will-discarded"; readonly clientId: string; readonly will: ConnectWill }
  /** The connection ended; the will is due after `delayMs` unless the client reconnects before. */
  | {
    readonly type: "will-delayed";
    readonly clientId: string;
    readonly will: ConnectWill;
    readonly ending: EndingKind;
    readonly delayMs: number;
  }
  /** The client resumed its session before its delayed will was due. */
  | { readonly type: "will-cancelled"; readonly clientId: string; readonly will: ConnectWill }
  /** The will was due but not published: the client may not publish to its topic. */
  | { readonly type: "will-denied"; readonly clientId: string; readonly will: ConnectWill }
  /** The will could be neither published nor stored when the broker stopped. */
  | { readonly type: "will-lost"; readonly clientId: string; readonly will: ConnectWill };

/** What happened to a connection. */
export type ConnectionEvent =
  /** CONNECT was accepted. */
  | {
    readonly type: "connected";
    readonly clientId: string;
    /** The peer of the link, as `host:port`. */
    readonly peer: string;
    /** 4 is MQTT 3.1.1, 5 is 5.0. */
    readonly version: ProtocolVersion;
    readonly sessionPresent: boolean;
  }
  /** A link was refused; the reason code is that of MQTT 5.0, also for a 3.1.1 client. */
  | { readonly type: "refused"; readonly peer: string; readonly reasonCode: number }
  /** The connection of an accepted client ended. */
  | {
    readonly type: "ended";
    readonly clientId: string;
    readonly peer: string;
    readonly ending: EndingKind;
    /** From the client's DISCONNECT, or for its fault. */
    readonly reasonCode: number | undefined;
  };

/** Every event of a broker. Later versions may add types: ignore unknown ones. */
export type BrokerEvent = WillEvent | ConnectionEvent;

/** Receives events synchronously and in order. It must be quick; the broker logs what it throws. */
export type BrokerListener = (event: BrokerEvent) => void;

/** The type that distinguishes events. */
export type BrokerEventType = BrokerEvent["type"];

const every: Readonly<Record<BrokerEventType, true>> = {
  "connected": true,
  "refused": true,
  "ended": true,
  "will-armed": true,
  "will-published": true,
  "will-discarded": true,
  "will-delayed": true,
  "will-cancelled": true,
  "will-denied": true,
  "will-lost": true,
};

/** Every {@link BrokerEventType}. */
export const brokerEventTypes = Object.keys(every) as readonly BrokerEventType[];

/** The listener for each type of event; undefined without one, so that the broker does not construct the event. */
export type BrokerListeners = {
  readonly [T in BrokerEventType]?: (event: Extract<BrokerEvent, { readonly type: T }>) => void;
};

/** The listener for each of these types, wrapped so that its errors cannot affect the broker. */
export function listenersOf(
  listener: BrokerListener | undefined,
  types: readonly BrokerEventType[],
  failed: (sentence: string) => void,
): BrokerListeners {
  if (listener === undefined) return {};
  const guarded: BrokerListener = (event) => {
    try {
      listener(event);
    } catch (error) {
      failed(`The event listener failed at ${event.type}: ${String(error)}`);
    }
  };
  return Object.fromEntries(types.map((type) => [type, guarded]));
}
