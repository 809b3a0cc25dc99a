/**
 * The control packets of MQTT 3.1.1 and 5.0 as plain data, in the terms of the standard. A field that is absent on the
 * wire is absent here. Only `codec.ts` converts between bytes and packets.
 */

/** Protocol level in CONNECT: 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type ProtocolVersion = 4 | 5;

/** Quality of service: at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2;

/** A name and a value; order and repetition are significant and are kept. */
export type UserProperty = readonly [name: string, value: string];

/** Properties that an application message keeps unchanged from publisher to subscriber (5.0). */
export interface MessageProperties {
  /** 0: unspecified bytes; 1: UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Lifetime in seconds, from publication. */
  readonly messageExpiryIntervalS?: number;
  /** The content type of the payload. */
  readonly contentType?: string;
  /** The topic for a response. */
  readonly responseTopic?: string;
  /** Data that a response repeats. */
  readonly correlationData?: Uint8Array;
  /** User properties, in order. */
  readonly userProperties?: readonly UserProperty[];
}

/** The will in CONNECT. */
export interface ConnectWill {
  /** The topic of the will. */
  readonly topic: string;
  /** The payload of the will. */
  readonly payload: Uint8Array;
  /** The quality of service of the will. */
  readonly qos: QoS;
  /** Whether the will is retained. */
  readonly retain: boolean;
  /** Will Delay Interval in seconds (5.0); absent means 0. */
  readonly delayIntervalS?: number;
  /** 5.0 only; absent if there are none. */
  readonly properties?: MessageProperties;
}

/** A CONNECT packet. */
export interface ConnectPacket {
  /** The type of the packet. */
  readonly type: "connect";
  /** The protocol version: 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
  readonly protocolVersion: ProtocolVersion;
  /** Clean Start (5.0), Clean Session (3.1.1). */
  readonly cleanStart: boolean;
  /** Seconds; 0 disables keep alive. */
  readonly keepAliveS: number;
  /** The client identifier. */
  readonly clientId: string;
  /** The will, if there is one. */
  readonly will?: ConnectWill;
  /** The user name. */
  readonly username?: string;
  /** The password. */
  readonly password?: Uint8Array;
  /** Properties of MQTT 5.0. */
  readonly properties?: ConnectProperties;
}

/** 5.0 only. */
export interface ConnectProperties {
  /** Seconds; 0xFFFFFFFF never ends; absent means 0. */
  readonly sessionExpiryIntervalS?: number;
  /** QoS 1 and 2 messages that the sender accepts before it acknowledges one. */
  readonly receiveMaximum?: number;
  /** The largest packet that the sender accepts, in bytes. */
  readonly maximumPacketSize?: number;
  /** The highest topic alias that the sender accepts. */
  readonly topicAliasMaximum?: number;
  /** Whether CONNACK may contain response information. */
  readonly requestResponseInformation?: boolean;
  /** Whether packets may contain a reason string and user properties. */
  readonly requestProblemInformation?: boolean;
  /** The name of the authentication method. */
  readonly authenticationMethod?: string;
  /** Data of the authentication method. */
  readonly authenticationData?: Uint8Array;
  /** User properties, in order. */
  readonly userProperties?: readonly UserProperty[];
}

/** A CONNACK packet. */
export interface ConnackPacket {
  /** The type of the packet. */
  readonly type: "connack";
  /** Whether the server has a session of the client. */
  readonly sessionPresent: boolean;
  /** 3.1.1: return code 0 to 5. 5.0: reason code. */
  readonly reasonCode: number;
  /** Properties of MQTT 5.0. */
  readonly properties?: ConnackProperties;
}

/** 5.0 only. */
export interface ConnackProperties {
  /** The session expiry that the server uses, in seconds. */
  readonly sessionExpiryIntervalS?: number;
  /** QoS 1 and 2 messages that the sender accepts before it acknowledges one. */
  readonly receiveMaximum?: number;
  /** The highest quality of service of the server. */
  readonly maximumQoS?: number;
  /** Whether the server retains messages. */
  readonly retainAvailable?: boolean;
  /** The largest packet that the sender accepts, in bytes. */
  readonly maximumPacketSize?: number;
  /** The client identifier that the server has chosen. */
  readonly assignedClientIdentifier?: string;
  /** The highest topic alias that the sender accepts. */
  readonly topicAliasMaximum?: number;
  /** A text for people. */
  readonly reasonString?: string;
  /** Whether the server accepts wildcards. */
  readonly wildcardSubscriptionAvailable?: boolean;
  /** Whether the server accepts subscription identifiers. */
  readonly subscriptionIdentifiersAvailable?: boolean;
  /** Whether the server accepts shared subscriptions. */
  readonly sharedSubscriptionAvailable?: boolean;
  /** The keep alive that the server uses, in seconds. */
  readonly serverKeepAliveS?: number;
  /** The basis of a response topic. */
  readonly responseInformation?: string;
  /** Another server. */
  readonly serverReference?: string;
  /** The name of the authentication method. */
  readonly authenticationMethod?: string;
  /** Data of the authentication method. */
  readonly authenticationData?: Uint8Array;
  /** User properties, in order. */
  readonly userProperties?: readonly UserProperty[];
}

/** A PUBLISH packet. */
export interface PublishPacket {
  /** The type of the packet. */
  readonly type: "publish";
  /** Whether the packet may be a repetition. */
  readonly dup: boolean;
  /** The quality of service. */
  readonly qos: QoS;
  /** The retain flag. */
  readonly retain: boolean;
  /** In 5.0 it may be empty if a topic alias replaces it. */
  readonly topic: string;
  /** Present at QoS 1 and 2. */
  readonly packetId?: number;
  /** The payload. */
  readonly payload: Uint8Array;
  /** Properties of MQTT 5.0. */
  readonly properties?: PublishProperties;
}

/** 5.0 only. */
export interface PublishProperties extends MessageProperties {
  /** The alias of the topic on this connection. */
  readonly topicAlias?: number;
  /** The identifiers of the subscriptions that match. */
  readonly subscriptionIdentifiers?: readonly number[];
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP have the same form. */
export interface AcknowledgePacket {
  /** The type of the packet. */
  readonly type: "puback" | "pubrec" | "pubrel" | "pubcomp";
  /** The packet identifier. */
  readonly packetId: number;
  /** 5.0; absent means 0x00. */
  readonly reasonCode?: number;
  /** Properties of MQTT 5.0. */
  readonly properties?: ReasonProperties;
}

/** 5.0 only. */
export interface ReasonProperties {
  /** A text for people. */
  readonly reasonString?: string;
  /** User properties, in order. */
  readonly userProperties?: readonly UserProperty[];
}

/** A subscription in SUBSCRIBE. */
export interface Subscription {
  /** The topic filter. */
  readonly topicFilter: string;
  /** The highest quality of service. */
  readonly qos: QoS;
  /** 5.0 subscription options; absent in 3.1.1. */
  readonly noLocal?: boolean;
  /** Whether the retain flag stays as published. */
  readonly retainAsPublished?: boolean;
  /** When the server sends retained messages: 0 always, 1 for a new subscription, 2 never. */
  readonly retainHandling?: 0 | 1 | 2;
}

/** A SUBSCRIBE packet. */
export interface SubscribePacket {
  /** The type of the packet. */
  readonly type: "subscribe";
  /** The packet identifier. */
  readonly packetId: number;
  /** The subscriptions. */
  readonly subscriptions: readonly Subscription[];
  /** Properties of MQTT 5.0. */
  readonly properties?: { readonly subscriptionIdentifier?: number; readonly userProperties?: readonly UserProperty[] };
}

/** A SUBACK packet. */
export interface SubackPacket {
  /** The type of the packet. */
  readonly type: "suback";
  /** The packet identifier. */
  readonly packetId: number;
  /** One for each subscription, in order: granted QoS, or 0x80 and above for a refusal. */
  readonly reasonCodes: readonly number[];
  /** Properties of MQTT 5.0. */
  readonly properties?: ReasonProperties;
}

/** A UNSUBSCRIBE packet. */
export interface UnsubscribePacket {
  /** The type of the packet. */
  readonly type: "unsubscribe";
  /** The packet identifier. */
  readonly packetId: number;
  /** The topic filters. */
  readonly topicFilters: readonly string[];
  /** Properties of MQTT 5.0. */
  readonly properties?: { readonly userProperties?: readonly UserProperty[] };
}

/** A UNSUBACK packet. */
export interface UnsubackPacket {
  /** The type of the packet. */
  readonly type: "unsuback";
  /** The packet identifier. */
  readonly packetId: number;
  /** 5.0: one for each topic filter. 3.1.1: none. */
  readonly reasonCodes: readonly number[];
  /** Properties of MQTT 5.0. */
  readonly properties?: ReasonProperties;
}

/** A PINGREQ packet. */
export interface PingreqPacket {
  /** The type of the packet. */
  readonly type: "pingreq";
}

/** A PINGRESP packet. */
export interface PingrespPacket {
  /** The type of the packet. */
  readonly type: "pingresp";
}

/** A DISCONNECT packet. */
export interface DisconnectPacket {
  /** The type of the packet. */
  readonly type: "disconnect";
  /** 5.0; absent means 0x00. */
  readonly reasonCode?: number;
  /** Properties of MQTT 5.0. */
  readonly properties?: ReasonProperties & {
    readonly sessionExpiryIntervalS?: number;
    readonly serverReference?: string;
  };
}

/** 5.0 only. */
export interface AuthPacket {
  /** The type of the packet. */
  readonly type: "auth";
  /** The reason code. */
  readonly reasonCode: number;
  /** Properties of MQTT 5.0. */
  readonly properties?: ReasonProperties & {
    readonly authenticationMethod?: string;
    readonly authenticationData?: Uint8Array;
  };
}

/** Any packet of MQTT. */
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
