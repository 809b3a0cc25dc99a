/** Brokers that get wills wrong. Which case finds out which is in `will_proofs.ts`. */
import type { WillCopy, WillInQuestion } from "../../../src/broker/options/will_fault.ts";
import { decode, encode, frameSize } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, ConnectWill, Packet } from "../../../src/mqtt/packet.ts";
import { givenRun } from "../../support/brokers/checked_broker.ts";
import { isOfCase, type Tamper, type TamperedLink } from "../../support/brokers/tampered_broker.ts";
import type { Fault } from "../proof.ts";
import { hears, says } from "../spoil.ts";

/** What goes out in place of the case's wills. */
function instead(copies: (question: WillInQuestion) => readonly WillCopy[]): Tamper {
  return {
    core: { willFault: { atPublication: (question) => isOfCase(question) ? copies(question) : undefined } },
  };
}

/** What goes out with other parts. */
function changed(change: (will: ConnectWill) => Partial<ConnectWill>): Tamper {
  return instead(({ will }) => [{ will: { ...will, ...change(will) }, delayMs: 0 }]);
}

/** What goes out at once although it is discarded, or delayed. */
function atOnce(decision: "discard" | "delay"): Tamper {
  return { core: { willFault: { atRelease: (question, asked) => isOfCase(question) && asked === decision } } };
}

export const losesWills: Fault = () => instead(() => []);
export const repeatsWills: Fault = () => instead(({ will }) => [{ will, delayMs: 0 }, { will, delayMs: 100 }]);
export const delaysWills: Fault = () => instead(({ will }) => [{ will, delayMs: 10_000 }]);
export const inventsWills: Fault = () => atOnce("discard");
export const hurriesWills: Fault = () => atOnce("delay");
export const changesPayloads: Fault = () => changed(() => ({ payload: Uint8Array.of(1, 2, 3) }));
export const lowersWillQos: Fault = () => changed(() => ({ qos: 0 }));
export const retainsEveryWill: Fault = () => changed(() => ({ retain: true }));
export const retainsNoWill: Fault = () => changed(() => ({ retain: false }));
export const sendsToNeighbours: Fault = () => changed(({ topic }) => ({ topic: `${topic}/below` }));
/** Denies a PUBLISH, and asks nobody when a will is sent. */
export const checksNoWill: Fault = () => ({
  ...hears("publish", (packet) => packet.topic === givenRun.deniedTopic ? undefined : packet)(),
  core: { authorize: () => true },
});

/** Forgets that the session was resumed: the will still comes. */
export const forgetsResumption: Fault = () => ({
  fromClient(bytes, link) {
    const will = link.connect?.will;
    if (isConnect(bytes) && will?.delayIntervalS !== undefined) {
      link.after(1_000 * will.delayIntervalS + 500, () => link.publish(will));
    }
    return bytes;
  },
});

/** Sends the older connection's will although the session was resumed. */
export const sendsAtResumption: Fault = () => ({
  fromClient(bytes, link) {
    const older = isConnect(bytes) ? sameClient(link) : undefined;
    if (older?.connect?.will !== undefined) link.publish(older.connect.will);
    return bytes;
  },
});

/** Sends the newer connection's will in place of the older one's. */
export const sendsNewerWill: Fault = () => ({
  fromClient(bytes, link) {
    const will = link.connect?.will;
    if (isConnect(bytes) && will !== undefined && sameClient(link) !== undefined) {
      link.after(50, () => link.publish(will));
    }
    return bytes;
  },
});

/** Keeps a client's will for good, and sends it at each later end of a connection. */
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

/** As {@link keepsWills}, with those of clients that leave as well: it is the CONNECT that it keeps. */
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

/** Takes every DISCONNECT for a proper one. */
export const takesAnyDisconnect: Fault = () => ({
  fromClient: (bytes) => bytes[0]! >> 4 === 14 ? Uint8Array.of(0xe0, 0) : bytes,
});

/** Does not read the session expiry of a DISCONNECT. */
export const keepsSessionExpiry: Fault = () => hears("disconnect", ({ properties: _, ...packet }) => packet)();

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

/** Says another reason in every DISCONNECT. */
export const tellsAnotherReason: Fault = () => says("disconnect", (packet) => [{ ...packet, reasonCode: 0x89 }])();

/** Takes client ids that differ in case for one. */
export const readsNoCase: Fault = () =>
  hears("connect", (connect) => ({ ...connect, clientId: connect.clientId.toLowerCase() }))();

export const countsNoSilence: Fault = () => hears("connect", (connect) => ({ ...connect, keepAliveS: 0 }))();

/** Allows at most 1.5 s of silence. */
export const losesPatience: Fault = () =>
  hears("connect", (connect) => connect.will === undefined ? connect : { ...connect, keepAliveS: 1 })();

/** Holds any byte for a sign of life. */
export const countsBytes: Fault = () => ({
  fromClient: (bytes) => bytes.length === 1 ? Uint8Array.of(0xc0, 0) : bytes,
});

/** Answers PINGREQ, and counts its silence on. */
export const countsNoPing: Fault = () => ({
  fromClient(bytes, link) {
    if (bytes[0] !== 0xc0) return bytes;
    link.toClient({ type: "pingresp" });
    return undefined;
  },
});

/** Ends every connection that has a will after a second, heard or not. */
export const endsTheLiving: Fault = () => ({
  fromClient(bytes, link) {
    if (isConnect(bytes) && link.connect?.will !== undefined) link.after(1_000, () => link.closeBroker());
    return bytes;
  },
});

/** Keeps every session for good. */
export const keepsSessions: Fault = () =>
  hears("connect", (connect) => ({ ...connect, properties: { sessionExpiryIntervalS: 0xffff_ffff } }))();

/** Resumes where a clean start was asked for. */
export const startsNothingAnew: Fault = () => hears("connect", (connect) => ({ ...connect, cleanStart: false }))();

/** Sends the will of refused clients. */
export const sendsWillsOfRefused: Fault = () =>
  says("connack", (packet, link) => {
    if (packet.reasonCode !== 0 && link.connect?.will !== undefined) link.publish(link.connect.will);
    return [packet];
  })();

/** Reads on after a CONNECT that it refuses. */
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

/** Ends the connection of the same client id before it looks at the login. */
export const endsBystanders: Fault = () => ({
  fromClient(bytes, link) {
    const isWrong = /^not /.test(new TextDecoder().decode(link.connect?.password));
    if (isConnect(bytes) && isWrong) sameClient(link)?.closeBroker();
    return bytes;
  },
});

/** Makes a will of any CONNECT that it cannot read: on the topic that somebody watches. */
export const salvagesWills: Fault = () => {
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

/** Refuses wills that ask for something. */
export const refusesRetain: Fault = () => refusing(({ retain }) => retain, 0x9a);
export const refusesQos2: Fault = () => refusing(({ qos }) => qos === 2, 0x9b);

function refusing(whom: (will: ConnectWill) => boolean, reasonCode: number): Tamper {
  return says("connack", (packet, { connect }) => {
    if (connect?.will === undefined || !whom(connect.will)) return [packet];
    return [{ type: "connack", sessionPresent: false, reasonCode }];
  })();
}

/** Forgets when a message is no longer wanted. */
export const forgetsExpiry: Fault = () =>
  changed(({ properties = {} }) => {
    const { messageExpiryIntervalS: _, ...kept } = properties;
    return { properties: kept };
  });

function isConnect(bytes: Uint8Array): boolean {
  return bytes[0] === 0x10;
}

/** The other link of the same client that is open. */
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

/** Passes on what it decoded, as a broker does that loses one property of messages. */
export function losing(name: string): Fault {
  const fault: Fault = () =>
    says("publish", (packet) => {
      const { [name]: _, ...properties } = (packet.properties ?? {}) as Record<string, unknown>;
      return [{ ...packet, properties }];
    })();
  return Object.defineProperty(fault, "name", { value: `loses ${name}` });
}

/** Adds a property that nobody sent. */
export const addsProperties: Fault = () =>
  says("publish", (packet) => [{ ...packet, properties: { ...packet.properties, contentType: "text/plain" } }])();

/** Sends messages with the whole of their expiry, however long they waited. */
export const countsNothingDown: Fault = () =>
  says("publish", (packet) => {
    const { messageExpiryIntervalS } = packet.properties ?? {};
    return [
      messageExpiryIntervalS === undefined ? packet : {
        ...packet,
        properties: { ...packet.properties, messageExpiryIntervalS: 60 },
      },
    ];
  })();

/** Reads no Maximum Packet Size. */
export const overrunsPacketSize: Fault = () => ({
  fromClient(bytes, { connect }) {
    if (!isConnect(bytes) || connect?.properties?.maximumPacketSize === undefined) return bytes;
    const { maximumPacketSize: _, ...properties } = connect.properties;
    return encode({ ...connect, properties }, 5);
  },
});

/** Reads no No Local. */
export const readsNoLocal: Fault = () =>
  hears("subscribe", (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((each) => ({ ...each, noLocal: false })),
  }))();

/** Sets the flag on whatever is retained or was to be. */
export const setsRetain: Fault = () => says("publish", (packet) => [{ ...packet, retain: true }])();
