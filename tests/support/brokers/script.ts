/** The deviations of a scripted broker from the standard. */
import type {
  ConnackProperties,
  ConnectPacket,
  ConnectWill,
  PublishPacket,
  Subscription,
} from "../../../src/mqtt/packet.ts";

/** A will to publish, and its client. */
export interface HeldWill extends ConnectWill {
  readonly clientId: string;
}

/** One publication of a will: later than requested, or with altered parts. */
export interface Delivery {
  readonly afterMs?: number;
  readonly change?: Partial<PublishPacket>;
}

/** The causes of a connection's end, which may make its will due. */
export type Ending = "gone" | "silent" | "fault" | "taken over" | "disconnect" | "left";

/** The script's deviations from the standard; absent ones conform. */
export interface Script {
  /** The publications of a due will: none, one or several. */
  publish?(will: HeldWill): readonly Delivery[];
  /** How long a will waits, in milliseconds; undefined for never. `asked` is the delay of the standard. */
  wait?(will: HeldWill, ending: Ending, askedMs: number | undefined): number | undefined;
  /** Publishes a withheld will although its session was resumed. */
  resume?(will: HeldWill): boolean;
  /** CONNACK's code; undefined sends none. */
  connack?(connect: ConnectPacket): number | undefined;
  /** SUBACK's code; undefined sends none. */
  grant?(subscription: Subscription): number | undefined;
  /** Drops an ordinary message. */
  swallow?(packet: PublishPacket): boolean;
  /** Keeps a message from one subscriber. */
  hide?(clientId: string, packet: PublishPacket): boolean;
  /** The message to store when a retained message arrives; undefined for none. */
  retain?(packet: PublishPacket, older: PublishPacket | undefined): PublishPacket | undefined;
  /** Bytes that answer a message of a 5.0 client in place of PUBACK or PUBREC. */
  answer?(packet: PublishPacket): Uint8Array | undefined;
  /** False leaves a client's message unacknowledged; a number is the reason code of its acknowledgement. */
  acknowledge?(packet: PublishPacket): boolean | number;
  /** When the broker ends a silent connection, as a multiple of keep alive. */
  readonly patience?: number;
  /**
   * How long the link stays open after the connection is over for the broker, in milliseconds; undefined: without
   * limit.
   */
  linger?(ending: Ending): number | undefined;
  /** Retained messages come before SUBACK. */
  readonly retainedFirst?: boolean;
  /** The broker reads on after bytes that it must not accept, and closes nothing. */
  readonly takesFaults?: boolean;
  /** Server Keep Alive in CONNACK, 5.0. */
  readonly serverKeepAliveS?: number;
  /** Further properties of CONNACK, 5.0. */
  readonly announce?: ConnackProperties;
  /** Session Present 1 in CONNACK, regardless of the request. */
  sessionPresent?(connect: ConnectPacket): boolean;
  /** False leaves a PINGREQ unanswered. */
  pong?(clientId: string): boolean;
  /** Properties as bytes that the broker adds to a 5.0 PUBLISH, valid or not. */
  stray?(packet: PublishPacket): Uint8Array | undefined;
  /** The longest session expiry in seconds: the broker cuts a longer one, and CONNACK announces that. 5.0. */
  readonly longestSessionS?: number;
  /** The most subscriptions of one connection; the broker refuses more. */
  readonly subscriptionsAtMost?: number;
  /** Maximum Packet Size in CONNACK, 5.0. */
  readonly maximumPacketSize?: number;
}
