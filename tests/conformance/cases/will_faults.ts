/** Faults of brokers with wills. `will_proofs.ts` lists the case that detects each. */
import type { WillCopy, WillInQuestion } from "../../../src/broker/options/will_fault.ts";
import { decode, encode, frameSize } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, ConnectWill, Packet } from "../../../src/mqtt/packet.ts";
import { givenRun } from "../../support/brokers/checked_broker.ts";
import { isOfCase, type Tamper, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import type { Fault } from "../proof.ts";
import { changesReceived, changesSent } from "../packet_changes.ts";

/** Publishes these copies in place of the case's wills. */
function instead(copies: (question: WillInQuestion) => readonly WillCopy[]): Tamper {
  return {
    core: { willFault: { atPublication: (question) => isOfCase(question) ? copies(question) : undefined } },
  };
}

/** Publishes the case's wills with changed parts. */
function changed(change: (will: ConnectWill) => Partial<ConnectWill>): Tamper {
  return instead(({ will }) => [{ will: { ...will, ...change(will) }, delayMs: 0 }]);
}

/** Publishes discarded or delayed wills at once. */
function atOnce(decision: "discard" | "delay"): Tamper {
  return { core: { willFault: { atRelease: (question, asked) => isOfCase(question) && asked === decision } } };
}

export const losesWills: Fault = () => instead(() => []);
export const repeatsWills: Fault = () => instead(({ will }) => [{ will, delayMs: 0 }, { will, delayMs: 100 }]);
export const delaysWills: Fault = () => instead(({ will }) => [{ will, delayMs: 10_000 }]);
export const publishesDiscardedWills: Fault = () => atOnce("discard");
export const publishesDelayedWillsAtOnce: Fault = () => atOnce("delay");
export const changesPayloads: Fault = () => changed(() => ({ payload: Uint8Array.of(1, 2, 3) }));
export const lowersWillQos: Fault = () => changed(() => ({ qos: 0 }));
export const retainsEveryWill: Fault = () => changed(() => ({ retain: true }));
export const retainsNoWill: Fault = () => changed(() => ({ retain: false }));
export const changesWillTopic: Fault = () => changed(({ topic }) => ({ topic: `${topic}/below` }));
/** Denies a PUBLISH to the topic, but does not check the topic of a will. */
export const checksNoWill: Fault = () => ({
  ...changesReceived("publish", (packet) => packet.topic === givenRun.deniedTopic ? undefined : packet)(),
  core: { authorize: () => true },
});

/** Does not cancel a delayed will when the session is resumed. */
export const forgetsResumption: Fault = () => ({
  fromClient(bytes, link) {
    const will = link.connect?.will;
    if (isConnect(bytes) && will?.delayIntervalS !== undefined) {
      link.after(1_000 * will.delayIntervalS + 500, () => link.publish(will));
    }
    return bytes;
  },
});

/** Publishes the older connection's will although the session was resumed. */
export const sendsAtResumption: Fault = () => ({
  fromClient(bytes, link) {
    const older = isConnect(bytes) ? sameClient(link) : undefined;
    if (older?.connect?.will !== undefined) link.publish(older.connect.will);
    return bytes;
  },
});

/** Publishes the newer connection's will in place of the older one's. */
export const sendsNewerWill: Fault = () => ({
  fromClient(bytes, link) {
    const will = link.connect?.will;
    if (isConnect(bytes) && will !== undefined && sameClient(link) !== undefined) {
      link.after(50, () => link.publish(will));
    }
    return bytes;
  },
});

/** Keeps a client's will, and publishes it at each later end of a connection. */
export const keepsWills: Fault = () => {
  const wills = new Map<string, ConnectWill>();
  return {
    hidesEnd(link) {
      const { clientId, will } = link.connect ?? {};
      const older = wills.get(clientId ?? "");
      if (older !== undefined) link.publish(older);
      else if (will !== undefined) wills.set(clientId!, will);
      return false;
    },
  };
};

/** As {@link keepsWills}, and also after a DISCONNECT: it keeps the CONNECT. */
export const keepsWillsOfConnects: Fault = () => {
  const wills = new Map<string, ConnectWill>();
  return {
    fromClient(bytes, { connect }) {
      if (isConnect(bytes) && connect?.will !== undefined && !wills.has(connect.clientId)) {
        wills.set(connect.clientId, connect.will);
      }
      return bytes;
    },
    hidesEnd(link) {
      const older = wills.get(link.connect?.clientId ?? "");
      if (older !== undefined && link.connect?.will !== older) link.publish(older);
      return false;
    },
  };
};

/** Treats each DISCONNECT as a normal one. */
export const discardsWillAtAnyDisconnect: Fault = () => ({
  fromClient: (bytes) => bytes[0]! >> 4 === 14 ? Uint8Array.of(0xe0, 0) : bytes,
});

/** Ignores the session expiry of a DISCONNECT. */
export const keepsSessionExpiry: Fault = () =>
  changesReceived("disconnect", ({ properties: _, ...packet }) => packet)();

/** Publishes the will of a second CONNECT. */
export const sendsSecondConnects: Fault = () => {
  const connected = new Set<TamperedLink>();
  return {
    fromClient(bytes, link) {
      const again = isConnect(bytes) && connected.has(link) ? connectOf(bytes) : undefined;
      if (again?.will !== undefined) link.publish(again.will);
      connected.add(link);
      return bytes;
    },
  };
};

/** Sends a wrong reason code in each DISCONNECT. */
export const sendsWrongReason: Fault = () => changesSent("disconnect", (packet) => [{ ...packet, reasonCode: 0x89 }])();

/** Treats client identifiers that differ in case as the same. */
export const ignoresCase: Fault = () =>
  changesReceived("connect", (connect) => ({ ...connect, clientId: connect.clientId.toLowerCase() }))();

export const enforcesNoKeepAlive: Fault = () =>
  changesReceived("connect", (connect) => ({ ...connect, keepAliveS: 0 }))();

/** Limits silence to 1.5 s. */
export const shortensKeepAlive: Fault = () =>
  changesReceived("connect", (connect) => connect.will === undefined ? connect : { ...connect, keepAliveS: 1 })();

/** Resets keep alive at each byte. */
export const countsBytesAsActivity: Fault = () => ({
  fromClient: (bytes) => bytes.length === 1 ? Uint8Array.of(0xc0, 0) : bytes,
});

/** Answers PINGREQ, and does not reset keep alive. */
export const ignoresPingreqForKeepAlive: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] !== 0xc0) return bytes;
    link.toClient({ type: "pingresp" });
    return undefined;
  },
});

/** Ends each connection with a will after 1 s, whether it is silent or not. */
export const endsActiveConnections: Fault = () => ({
  fromClient(bytes, link) {
    if (isConnect(bytes) && link.connect?.will !== undefined) link.after(1_000, () => link.closeBroker());
    return bytes;
  },
});

/** Lets no session expire. */
export const keepsSessions: Fault = () =>
  changesReceived("connect", (connect) => ({ ...connect, properties: { sessionExpiryIntervalS: 0xffff_ffff } }))();

/** Resumes the session at a clean start. */
export const ignoresCleanStart: Fault = () =>
  changesReceived("connect", (connect) => ({ ...connect, cleanStart: false }))();

/** Publishes the will of a refused client. */
export const sendsWillsOfRefused: Fault = () =>
  changesSent("connack", (packet, link) => {
    if (packet.reasonCode !== 0 && link.connect?.will !== undefined) link.publish(link.connect.will);
    return [packet];
  })();

/** Reads packets after a CONNECT that it refuses. */
export const readsRefused: Fault = () => ({
  fromClient(bytes, link) {
    const size = isConnect(bytes) ? frameSize(bytes, 0, bytes.length) : bytes.length;
    const connect = size < bytes.length ? connectOf(bytes.slice(0, size)) : undefined;
    if (connect === undefined) return bytes;
    const next = decode(bytes.slice(size), connect.protocolVersion);
    if (next.type === "publish") link.publish(next);
    return bytes.slice(0, size);
  },
});

/** Ends the connection of the same client identifier before it checks the login. */
export const endsConnectionBeforeLogin: Fault = () => ({
  fromClient(bytes, link) {
    const isWrong = /^not /.test(new TextDecoder().decode(link.connect?.password));
    if (isConnect(bytes) && isWrong) sameClient(link)?.closeBroker();
    return bytes;
  },
});

/** Publishes a will for each unreadable CONNECT, on the subscribed topic. */
export const publishesWillsOfUnreadableConnects: Fault = () => {
  let watched = "";
  return {
    fromClient(bytes, link) {
      if (bytes[0] === 0x82) watched = watchedIn(bytes, link) ?? watched;
      if (isConnect(bytes) && connectOf(bytes) === undefined) {
        link.publish({ topic: watched, payload: Uint8Array.of(1) });
      }
      return bytes;
    },
  };
};

/** Refuses wills with retain, or with QoS 2. */
export const refusesRetain: Fault = () => refusing(({ retain }) => retain, 0x9a);
export const refusesQos2: Fault = () => refusing(({ qos }) => qos === 2, 0x9b);

function refusing(whom: (will: ConnectWill) => boolean, reasonCode: number): Tamper {
  return changesSent("connack", (packet, { connect }) => {
    if (connect?.will === undefined || !whom(connect.will)) return [packet];
    return [{ type: "connack", sessionPresent: false, reasonCode }];
  })();
}

/** Drops the message expiry of wills. */
export const forgetsExpiry: Fault = () =>
  changed(({ properties = {} }) => {
    const { messageExpiryIntervalS: _, ...kept } = properties;
    return { properties: kept };
  });

function isConnect(bytes: Uint8Array): boolean {
  return bytes[0] === 0x10;
}

/** The other open link of the same client. */
function sameClient(link: TamperedLink): TamperedLink | undefined {
  return link.others.find(({ connect }) => connect?.clientId === link.connect?.clientId && connect !== undefined);
}

function connectOf(bytes: Uint8Array): ConnectPacket | undefined {
  try {
    const packet = decode(bytes, undefined);
    return packet.type === "connect" ? packet : undefined;
  } catch {
    return undefined;
  }
}

function watchedIn(bytes: Uint8Array, link: TamperedLink): string | undefined {
  const packet: Packet = decode(bytes, link.connect!.protocolVersion);
  return packet.type === "subscribe" ? packet.subscriptions[0]!.topicFilter : undefined;
}

/** Forwards decoded messages without one property. */
export function losing(name: string): Fault {
  const fault: Fault = () =>
    changesSent("publish", (packet) => {
      const { [name]: _, ...properties } = (packet.properties ?? {}) as Record<string, unknown>;
      return [{ ...packet, properties }];
    })();
  return Object.defineProperty(fault, "name", { value: `loses ${name}` });
}

/** Adds a property to each message. */
export const addsProperties: Fault = () =>
  changesSent(
    "publish",
    (packet) => [{ ...packet, properties: { ...packet.properties, contentType: "text/plain" } }],
  )();

/** Sends each message with its original expiry, however long it waited. */
export const sendsFullExpiry: Fault = () =>
  changesSent("publish", (packet) => {
    const { messageExpiryIntervalS } = packet.properties ?? {};
    return [
      messageExpiryIntervalS === undefined ? packet : {
        ...packet,
        properties: { ...packet.properties, messageExpiryIntervalS: 60 },
      },
    ];
  })();

/** Ignores Maximum Packet Size. */
export const overrunsPacketSize: Fault = () => ({
  fromClient(bytes, { connect }) {
    if (!isConnect(bytes) || connect?.properties?.maximumPacketSize === undefined) return bytes;
    const { maximumPacketSize: _, ...properties } = connect.properties;
    return encode({ ...connect, properties }, 5);
  },
});

/** Ignores No Local. */
export const ignoresNoLocal: Fault = () =>
  changesReceived("subscribe", (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((each) => ({ ...each, noLocal: false })),
  }))();

/** Sets the retain flag on each message. */
export const setsRetain: Fault = () => changesSent("publish", (packet) => [{ ...packet, retain: true }])();
