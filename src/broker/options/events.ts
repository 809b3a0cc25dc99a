/**
 * What a broker can tell while it runs: what becomes of connections and of wills, each as it happens. Nothing is made
 * of an event that nobody wants to be told of.
 */
import type { ConnectWill, ProtocolVersion } from "../../mqtt/packet.ts";
import type { EndingKind } from "./ending.ts";

/** What became of a will. */
export type WillEvent =
  /** CONNECT was accepted, and its will is kept. */
  | { readonly type: "will-armed"; readonly clientId: string; readonly will: ConnectWill }
  /** It goes out to the subscribers; `ending` is what made it due. */
  | {
    readonly type: "will-published";
    readonly clientId: string;
    readonly will: ConnectWill;
    readonly ending: EndingKind;
  }
  /** The client left properly. */
  | { readonly type: "will-discarded"; readonly clientId: string; readonly will: ConnectWill }
  /** The connection is over; the will is due in so many milliseconds unless the client comes back before. */
  | {
    readonly type: "will-delayed";
    readonly clientId: string;
    readonly will: ConnectWill;
    readonly ending: EndingKind;
    readonly delayMs: number;
  }
  /** The client came back to its session before a delayed will was due. */
  | { readonly type: "will-cancelled"; readonly clientId: string; readonly will: ConnectWill }
  /** The client may not publish to the will's topic: it was due, and did not go out. */
  | { readonly type: "will-denied"; readonly clientId: string; readonly will: ConnectWill }
  /** It could be neither published nor kept when the broker stopped. */
  | { readonly type: "will-lost"; readonly clientId: string; readonly will: ConnectWill };

/** What became of a connection. */
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
  /** A link that asked to be let in was not; the reason code is that of MQTT 5.0, also for a 3.1.1 client. */
  | { readonly type: "refused"; readonly peer: string; readonly reasonCode: number }
  /** The connection of a client that had been accepted is over. */
  | {
    readonly type: "ended";
    readonly clientId: string;
    readonly peer: string;
    readonly ending: EndingKind;
    /** Of a DISCONNECT from the client, or of its fault. */
    readonly reasonCode: number | undefined;
  };

/** Everything that a broker tells. More types may come: what is not known is to be left alone. */
export type BrokerEvent = WillEvent | ConnectionEvent;

/** Told of events, synchronously and in their order; it must be quick, and what it throws is logged. */
export type BrokerListener = (event: BrokerEvent) => void;

/** What tells one event from another. */
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

/** The listener for each type of event. Skip events without listeners. */
export type BrokerListeners = {
  readonly [T in BrokerEventType]?: (event: Extract<BrokerEvent, { readonly type: T }>) => void;
};

/** The listener for each of these types, so that it cannot harm who tells it. */
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
