/**
 * The control packets of MQTT 3.1.1 and 5.0 as plain data, in the standard's own terms. What is not said on the wire
 * is absent here. Bytes become packets, and packets bytes, in `codec.ts` alone.
 */

/** Protocol level as it stands in CONNECT: 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type ProtocolVersion = 4 | 5;

/** Quality of service: at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2;

/** A name and a value; order and repetition carry meaning and are kept. */
export type UserProperty = readonly [name: string, value: string];

/** Properties that travel with an application message from publisher to subscriber, unaltered (5.0). */
export interface MessageProperties {
  /** 0: unspecified bytes; 1: UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Lifetime in seconds, from publication. */
  readonly messageExpiryIntervalS?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: readonly UserProperty[];
}

/** The will as CONNECT carries it. */
export interface ConnectWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Will Delay Interval in seconds (5.0); absent means 0. */
  readonly delayIntervalS?: number;
  /** 5.0 only; absent when there are none. */
  readonly properties?: MessageProperties;
}

export interface ConnectPacket {
  readonly type: "connect";
  readonly protocolVersion: ProtocolVersion;
  /** Clean Start (5.0), Clean Session (3.1.1). */
  readonly cleanStart: boolean;
  /** Seconds; 0 turns keep alive off. */
  readonly keepAliveS: number;
  readonly clientId: string;
  readonly will?: ConnectWill;
  readonly username?: string;
  readonly password?: Uint8Array;
  readonly properties?: ConnectProperties;
}

/** 5.0 only. */
export interface ConnectProperties {
  /** Seconds; 0xFFFFFFFF never ends; absent means 0. */
  readonly sessionExpiryIntervalS?: number;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly topicAliasMaximum?: number;
  readonly requestResponseInformation?: boolean;
  readonly requestProblemInformation?: boolean;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly userProperties?: readonly UserProperty[];
}

export interface ConnackPacket {
  readonly type: "connack";
  readonly sessionPresent: boolean;
  /** 3.1.1: return code 0 to 5. 5.0: reason code. */
  readonly reasonCode: number;
  readonly properties?: ConnackProperties;
}

/** 5.0 only. */
export interface ConnackProperties {
  readonly sessionExpiryIntervalS?: number;
  readonly receiveMaximum?: number;
  readonly maximumQoS?: number;
  readonly retainAvailable?: boolean;
  readonly maximumPacketSize?: number;
  readonly assignedClientIdentifier?: string;
  readonly topicAliasMaximum?: number;
  readonly reasonString?: string;
  readonly wildcardSubscriptionAvailable?: boolean;
  readonly subscriptionIdentifiersAvailable?: boolean;
  readonly sharedSubscriptionAvailable?: boolean;
  readonly serverKeepAliveS?: number;
  readonly responseInformation?: string;
  readonly serverReference?: string;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly userProperties?: readonly UserProperty[];
}

export interface PublishPacket {
  readonly type: "publish";
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  /** May be empty in 5.0 when a topic alias stands for it. */
  readonly topic: string;
  /** Present at QoS 1 and 2. */
  readonly packetId?: number;
  readonly payload: Uint8Array;
  readonly properties?: PublishProperties;
}

/** 5.0 only. */
export interface PublishProperties extends MessageProperties {
  readonly topicAlias?: number;
  readonly subscriptionIdentifiers?: readonly number[];
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP have one form. */
export interface AcknowledgePacket {
  readonly type: "puback" | "pubrec" | "pubrel" | "pubcomp";
  readonly packetId: number;
  /** 5.0; absent means 0x00. */
  readonly reasonCode?: number;
  readonly properties?: ReasonProperties;
}

/** 5.0 only. */
export interface ReasonProperties {
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
}

export interface Subscription {
  readonly topicFilter: string;
  readonly qos: QoS;
  /** 5.0 subscription options; absent in 3.1.1. */
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
}

export interface SubscribePacket {
  readonly type: "subscribe";
  readonly packetId: number;
  readonly subscriptions: readonly Subscription[];
  readonly properties?: { readonly subscriptionIdentifier?: number; readonly userProperties?: readonly UserProperty[] };
}

export interface SubackPacket {
  readonly type: "suback";
  readonly packetId: number;
  /** One for each subscription, in its order: granted QoS, or 0x80 and above for a refusal. */
  readonly reasonCodes: readonly number[];
  readonly properties?: ReasonProperties;
}

export interface UnsubscribePacket {
  readonly type: "unsubscribe";
  readonly packetId: number;
  readonly topicFilters: readonly string[];
  readonly properties?: { readonly userProperties?: readonly UserProperty[] };
}

export interface UnsubackPacket {
  readonly type: "unsuback";
  readonly packetId: number;
  /** 5.0: one for each topic filter. 3.1.1: none. */
  readonly reasonCodes: readonly number[];
  readonly properties?: ReasonProperties;
}

export interface PingreqPacket {
  readonly type: "pingreq";
}

export interface PingrespPacket {
  readonly type: "pingresp";
}

export interface DisconnectPacket {
  readonly type: "disconnect";
  /** 5.0; absent means 0x00. */
  readonly reasonCode?: number;
  readonly properties?: ReasonProperties & {
    readonly sessionExpiryIntervalS?: number;
    readonly serverReference?: string;
  };
}

/** 5.0 only. */
export interface AuthPacket {
  readonly type: "auth";
  readonly reasonCode: number;
  readonly properties?: ReasonProperties & {
    readonly authenticationMethod?: string;
    readonly authenticationData?: Uint8Array;
  };
}

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgePacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

/** Every kind of packet by name. */
export type PacketType = Packet["type"];
