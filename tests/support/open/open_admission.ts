/**
 * The clients and packets that the test broker accepts: the settings that its seed draws, its announcements of them,
 * and its refusals.
 */
import { keepsPayloadFormat } from "../../../src/mqtt/message.ts";
import type {
  ConnackProperties,
  ConnectPacket,
  ProtocolVersion,
  PublishPacket,
  QoS,
} from "../../../src/mqtt/packet.ts";
import { isSharedFilter, parseSharedFilter } from "../../../src/mqtt/topic.ts";
import type { OpenGiven } from "./open_broker.ts";
import type { Choices, OpenChoice } from "./open_choices.ts";
import type { OpenDeps } from "./open_session.ts";

/** A refusal of a CONNECT: the code of 5.0 and that of 3.1.1, if any. */
export interface Refusal {
  readonly reasonCode: number;
  readonly returnCode: number | undefined;
}

/** The settings of one connection. */
export interface Terms {
  readonly expiryS: number;
  readonly keepAliveS: number;
  readonly properties?: ConnackProperties;
}

const decoder = new TextDecoder();
const smallPackets = "maximum packet size: small, announced; a larger packet ends the connection";

export class OpenAdmission {
  readonly #deps: OpenDeps;
  readonly #choices: Choices;
  readonly #given: OpenGiven;
  readonly maximumPacketSize: number | undefined;
  readonly receiveMaximum: number;
  readonly #announcedReceive: number | undefined;
  readonly #maximumQoS: 0 | 1 | undefined;
  readonly #expiry: { readonly cap: number } | { readonly floor: number } | undefined;
  readonly #serverKeepAliveS: number | undefined;
  readonly #unspoken: ProtocolVersion | undefined;
  readonly #grants: number | undefined;
  readonly #willBytes: number;
  readonly levelsLimit: number;
  readonly aliasesIn: number;
  readonly #perSecond: number | undefined;
  #tokens = 0;
  #filledMs = 0;
  #assigned = 0;

  constructor(deps: OpenDeps, given: OpenGiven) {
    this.#deps = deps;
    const choices = this.#choices = deps.choices;
    this.#given = given;
    this.maximumPacketSize = choices.setting(smallPackets, [150, 250, 600, 4_096, 20_000, 70_000]);
    this.#announcedReceive = choices.setting("receive maximum: small, announced", [1, 1, 2, 10]);
    this.receiveMaximum = this.#announcedReceive ?? 65_535;
    this.#maximumQoS = choices.setting("maximum qos: 0 or 1, announced", [0, 1] as const);
    const caps = [{ cap: 0 }, { cap: 1 }, { cap: 1 }, { cap: 2 }, { cap: 30 }, { floor: 3 }];
    this.#expiry = choices.setting("session expiry: another than asked for, announced", caps);
    const others = [1, 2, 5, 60, 600, 0];
    this.#serverKeepAliveS = choices.setting("server keep alive: another than asked for, announced", others);
    this.#unspoken = choices.setting("version: one of the two is not spoken", [4, 5] as const);
    this.#grants = choices.setting("granted qos: lower than asked for", [0, 1, 1]);
    this.#willBytes = choices.setting("refusal: a will of too many bytes", [50, 100, 1_000]) ?? Infinity;
    this.levelsLimit = choices.setting("refusal: a topic of too many levels", [3, 5, 8, 20]) ?? Infinity;
    this.aliasesIn = choices.setting("topic alias maximum: aliases of clients are taken", [1, 2, 10, 65_535]) ?? 0;
    this.#perSecond = choices.setting("refusal: a CONNECT too many in a while", [10, 30, 100]);
    this.#tokens = this.#perSecond ?? 0;
  }

  /** The highest accepted QoS; 3.1.1 cannot announce it. */
  qosLimit(version: ProtocolVersion): QoS {
    return this.#limits(version) ? this.#maximumQoS ?? 2 : 2;
  }

  /** Whether the broker retains messages. */
  retains(version: ProtocolVersion): boolean {
    return !this.#choices.makes("retain: not available, announced") || !this.#limits(version);
  }

  #limits(version: ProtocolVersion): boolean {
    return version === 5 || this.#choices.makes("limits in 3.1.1: kept, for it cannot announce them");
  }

  /** Why the broker refuses a CONNECT; undefined if it accepts. */
  refusal(connect: ConnectPacket): Refusal | "unspoken" | undefined {
    const { protocolVersion, clientId, cleanStart, properties } = connect;
    const choices = this.#choices;
    if (protocolVersion === this.#unspoken) {
      choices.made("version: one of the two is not spoken");
      return "unspoken";
    }
    if (this.#isTooOften()) {
      return { reasonCode: choices.pick([0x9f, 0x9f, 0x97, 0x89, 0x88]), returnCode: choices.pick([3, 3, undefined]) };
    }
    if (properties?.authenticationMethod !== undefined) return { reasonCode: 0x8c, returnCode: undefined };
    if (!this.#knows(connect)) return this.#badLogin();
    if (clientId === "" && protocolVersion === 4 && !cleanStart) return { reasonCode: 0x85, returnCode: 2 };
    if (clientId === "" && choices.does("client identifier: a client without one is refused")) {
      return { reasonCode: 0x85, returnCode: 2 };
    }
    if (clientId.length > 23 && choices.does("client identifier: one of more than 23 bytes is refused")) {
      return { reasonCode: 0x85, returnCode: 2 };
    }
    return this.#willRefusal(connect);
  }

  #willRefusal({ protocolVersion, will }: ConnectPacket): Refusal | undefined {
    const choices = this.#choices;
    if (will === undefined) return undefined;
    const limited = (reasonCode: number, choice: OpenChoice): Refusal => {
      choices.made(choice);
      if (protocolVersion === 4) choices.made("limits in 3.1.1: kept, for it cannot announce them");
      return { reasonCode, returnCode: choices.pick([5, 3, undefined]) };
    };
    if (will.qos > this.qosLimit(protocolVersion)) return limited(0x9b, "maximum qos: 0 or 1, announced");
    if (will.retain && !this.retains(protocolVersion)) return limited(0x9a, "retain: not available, announced");
    if (will.payload.length > this.#willBytes) return limited(0x97, "refusal: a will of too many bytes");
    if (will.topic.split("/").length > this.levelsLimit) return limited(0x90, "refusal: a topic of too many levels");
    if (!this.mayPublish(will.topic)) {
      const refuses = choices.does("authorization: a will that may not be published refuses its CONNECT");
      if (refuses) return { reasonCode: 0x87, returnCode: 5 };
    }
    if (!keepsPayloadFormat(will.payload, will.properties) && choices.does("payload format: looked at, and refused")) {
      return { reasonCode: 0x99, returnCode: undefined };
    }
    return undefined;
  }

  #isTooOften(): boolean {
    if (this.#perSecond === undefined) return false;
    const nowMs = this.#deps.nowMs();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (nowMs - this.#filledMs) / 1_000 * this.#perSecond);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return this.#choices.made("refusal: a CONNECT too many in a while");
    this.#tokens--;
    return false;
  }

  #knows({ username, password }: ConnectPacket): boolean {
    const { login } = this.#given;
    if (login === undefined) return true;
    return username === login.username && password !== undefined && decoder.decode(password) === login.password;
  }

  #badLogin(): Refusal {
    const other = this.#choices.does("login: refused with another of the codes that fit");
    return other ? { reasonCode: 0x87, returnCode: 5 } : { reasonCode: 0x86, returnCode: 4 };
  }

  /** The client identifier of an accepted CONNECT: its own, or an assigned one. */
  clientIdOf({ clientId }: ConnectPacket): string {
    if (clientId !== "") return clientId;
    this.#choices.made("client identifier: assigned to a client without one");
    return `assigned${++this.#assigned}`;
  }

  /** The settings of an accepted connection, and their announcement. */
  terms(connect: ConnectPacket, clientId: string): Terms {
    const { protocolVersion, cleanStart, keepAliveS, properties = {} } = connect;
    if (protocolVersion === 4) return { expiryS: cleanStart ? 0 : Infinity, keepAliveS };
    const asked = properties.sessionExpiryIntervalS ?? 0;
    const expiryS = this.#expiryOf(asked);
    const serverKeepAliveS = this.#serverKeepAliveS;
    if (serverKeepAliveS !== undefined) this.#choices.made("server keep alive: another than asked for, announced");
    const announced: ConnackProperties = {
      ...this.#announced(),
      ...expiryS !== asked && { sessionExpiryIntervalS: expiryS },
      ...serverKeepAliveS !== undefined && { serverKeepAliveS },
      ...connect.clientId === "" && { assignedClientIdentifier: clientId },
      ...properties.requestResponseInformation === true && this.#choices.does("response information") &&
        { responseInformation: "answers/here" },
    };
    return {
      expiryS: expiryS === 0xffff_ffff ? Infinity : expiryS,
      keepAliveS: serverKeepAliveS ?? keepAliveS,
      ...Object.keys(announced).length > 0 && { properties: announced },
    };
  }

  #expiryOf(asked: number): number {
    const other = this.#expiry;
    if (other === undefined) return asked;
    const expiryS = "cap" in other ? Math.min(asked, other.cap) : asked === 0 ? 0 : Math.max(asked, other.floor);
    if (expiryS !== asked) this.#choices.made("session expiry: another than asked for, announced");
    return expiryS;
  }

  #announced(): ConnackProperties {
    const choices = this.#choices;
    const usual = choices.does("announcement: what is usual is announced too");
    const without = (choice: OpenChoice) => {
      if (!choices.makes(choice)) return usual ? true : undefined;
      choices.made(choice);
      return false;
    };
    if (this.#maximumQoS !== undefined) choices.made("maximum qos: 0 or 1, announced");
    if (this.maximumPacketSize !== undefined) choices.made(smallPackets);
    const receive = this.#announcedReceive;
    if (receive !== undefined) choices.made("receive maximum: small, announced");
    const all = {
      maximumPacketSize: this.maximumPacketSize ?? (usual ? 268_435_460 : undefined),
      receiveMaximum: receive ?? (usual ? 65_535 : undefined),
      maximumQoS: this.#maximumQoS,
      retainAvailable: without("retain: not available, announced"),
      wildcardSubscriptionAvailable: without("wildcards: not available, announced"),
      sharedSubscriptionAvailable: without("shared subscriptions: not available, announced"),
      subscriptionIdentifiersAvailable: without("subscription identifiers: not available, announced"),
      topicAliasMaximum: this.aliasesIn > 0 ? this.aliasesIn : usual ? 0 : undefined,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as ConnackProperties;
  }

  /** True for a topic that clients may publish to. */
  mayPublish(topic: string): boolean {
    return topic !== this.#given.deniedTopic;
  }

  /** The answer to a PUBLISH. */
  judge(version: ProtocolVersion, { qos, payload, properties }: PublishPacket, topic: string): number | "close" {
    const choices = this.#choices;
    if (!this.mayPublish(topic)) {
      const closes = choices.does("authorization: a message that may not be published ends the connection");
      return closes ? "close" : 0x87;
    }
    if (version === 4) return 0;
    if (!keepsPayloadFormat(payload, properties) && qos > 0 && choices.does("payload format: looked at, and refused")) {
      return 0x99;
    }
    const quota = "refusal: a PUBLISH for the quota";
    if (qos > 0 && choices.makes(quota) && choices.random.below(10) === 0 && choices.does(quota)) return 0x97;
    return 0;
  }

  /** The granted QoS of a subscription. */
  grant(asked: QoS, version: ProtocolVersion): QoS {
    const limit = this.qosLimit(version);
    const { random } = this.#choices;
    if (this.#grants !== undefined && asked > this.#grants && random.below(2) === 0) {
      this.#choices.made("granted qos: lower than asked for");
      return Math.min(this.#grants, limit) as QoS;
    }
    return Math.min(asked, limit) as QoS;
  }

  /** Why the broker refuses a subscription; undefined if it accepts. */
  subscriptionRefusal(version: ProtocolVersion, asked: string, identifier: number | undefined): number | undefined {
    const choices = this.#choices;
    const isShared = version === 5 && isSharedFilter(asked);
    const filter = isShared ? parseSharedFilter(asked)!.filter : asked;
    const refused = (code: number, choice: OpenChoice) => {
      choices.made(choice);
      if (version === 4) choices.made("limits in 3.1.1: kept, for it cannot announce them");
      return code;
    };
    const limits = (choice: OpenChoice) => choices.makes(choice) && this.#limits(version);
    if (isShared && limits("shared subscriptions: not available, announced")) {
      return refused(0x9e, "shared subscriptions: not available, announced");
    }
    if (/[+#]/.test(filter) && limits("wildcards: not available, announced")) {
      return refused(0xa2, "wildcards: not available, announced");
    }
    if (identifier !== undefined && limits("subscription identifiers: not available, announced")) {
      return refused(0xa1, "subscription identifiers: not available, announced");
    }
    if (filter.split("/").length > this.levelsLimit) return refused(0x8f, "refusal: a topic of too many levels");
    const quota = "refusal: a SUBSCRIBE for the quota";
    if (choices.makes(quota) && choices.random.below(10) === 0 && choices.does(quota)) return 0x97;
    return undefined;
  }
}
