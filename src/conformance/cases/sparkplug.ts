/**
 * What Sparkplug 3.0 requires of an MQTT server: Sparkplug Compliant, section 10.1.3. The rules are the identifiers of its
 * assertions.
 */
import {
  dataType,
  decodePayload,
  encodePayload,
  isSameContent,
  loadSparkplug,
  type Payload,
} from "../../mqtt/sparkplug/payload.ts";
import {
  deviceTopic,
  type EdgeNodeName,
  namespace,
  nodeTopic,
  statePayload,
  stateTopic,
} from "../../mqtt/sparkplug/topic.ts";
import type { ConnectWill } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { CaseContext } from "../context/case_context.ts";

const both = (...ids: readonly string[]) => ({ "3.1.1": ids, "5.0": ids });

/** An edge node with names of this case's own. */
export function nodeOf(context: CaseContext): EdgeNodeName {
  return { group: `mqtt-sim-${context.topic().split("/")[1]}`, node: "node" };
}

/** A certificate: births have a sequence number, deaths have none. */
function certificate(bdSeq: number | undefined, seq: number | undefined, timestampMs: number): Uint8Array {
  const metrics: Payload["metrics"] = bdSeq === undefined
    ? [{ name: "Value", timestampMs, dataType: dataType.double, value: 1 }]
    : [{ name: "bdSeq", timestampMs, dataType: dataType.int64, value: bdSeq }];
  return encodePayload({ timestampMs, metrics, ...seq !== undefined && { seq } });
}

/** A date long before the case: a server that writes its own timestamp writes another. */
export const oldMs = 1_600_000_000_000;

/** The messages of one life of an edge node. */
export function messagesOf(context: CaseContext, bdSeq = 0) {
  const name = nodeOf(context);
  const plain = { qos: 0, retain: false } as const;
  const deathPayload = certificate(bdSeq, undefined, oldMs);
  const death: ConnectWill = { topic: nodeTopic(name, "NDEATH"), payload: deathPayload, qos: 1, retain: false };
  return {
    death,
    birth: { topic: nodeTopic(name, "NBIRTH"), payload: certificate(bdSeq, 0, oldMs + bdSeq), ...plain },
    deviceBirth: {
      topic: deviceTopic(name, "DBIRTH", "device"),
      payload: certificate(undefined, 1, oldMs + bdSeq),
      ...plain,
    },
    data: { topic: nodeTopic(name, "NDATA"), payload: certificate(undefined, 2, oldMs + bdSeq), ...plain },
  };
}

/** All messages about the nodes of the case's group. */
function groupFilter(context: CaseContext): string {
  return `${namespace}/${nodeOf(context).group}/#`;
}

/** A case about Sparkplug: the library for its payloads is loaded first. */
export function sparkplugCase(one: ConformanceCase): ConformanceCase {
  return {
    ...one,
    async run(context) {
      await loadSparkplug();
      await one.run(context);
    },
  };
}

export const sparkplugCompliantCases: readonly ConformanceCase[] = ([
  {
    id: "sparkplug/births-and-data",
    title: "births and data of an edge node reach a host application, unaltered, at QoS 0 and in their order",
    does: "subscribes to a group, publishes NBIRTH, DBIRTH and NDATA at QoS 0, and compares each message",
    rules: both("tck-id-conformance-mqtt-qos0"),
    needs: ["wildcard"],
    async run(context) {
      const { death, birth, deviceBirth, data } = messagesOf(context);
      const host = await context.watcher(groupFilter(context));
      const node = await context.connect({ will: death });
      for (const message of [birth, deviceBirth, data]) await node.publish(message);
      for (const message of [birth, deviceBirth, data]) await host.receives(message);
      node.disconnect();
      await host.receivesNothing();
    },
  },
  {
    id: "sparkplug/ndeath",
    title: "NDEATH, the will of an edge node, comes once, with QoS 1 and its bdSeq",
    does: "resets an edge node after its NBIRTH, and compares NDEATH with the will",
    rules: both(
      "tck-id-conformance-mqtt-qos1",
      "tck-id-conformance-mqtt-will-messages",
      "tck-id-payloads-ndeath-will-message",
      "tck-id-payloads-ndeath-will-message-qos",
      "tck-id-payloads-ndeath-bdseq",
    ),
    needs: ["qos1", "wildcard"],
    async run(context) {
      const { death, birth } = messagesOf(context);
      const host = await context.watcher(groupFilter(context));
      const node = await context.connect({ will: death });
      await node.publish(birth);
      await host.receives(birth);
      node.reset();
      await receivesDeath(context, host, death);
      await host.receivesNothing();
    },
  },
  {
    id: "sparkplug/ndeath-not-retained",
    title: "no later subscriber receives NDEATH: it is not retained",
    does: "resets an edge node, subscribes after its NDEATH came, and expects no message",
    rules: both("tck-id-payloads-ndeath-will-message-retain", "tck-id-conformance-mqtt-will-messages"),
    needs: ["qos1", "wildcard"],
    async run(context) {
      const { death } = messagesOf(context);
      const host = await context.watcher(groupFilter(context));
      (await context.connect({ will: death })).reset();
      await receivesDeath(context, host, death);
      context.sweeps(death.topic);
      const later = await context.watcher(death.topic, { name: "later" });
      await later.receivesNothing();
    },
  },
  {
    id: "sparkplug/ndeath-before-nbirth",
    title: "NDEATH of an edge node that takes its old connection over comes before its next NBIRTH",
    does: "connects an edge node again with the next bdSeq while its old connection is open, and checks the order",
    rules: both(
      "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
      "tck-id-payloads-ndeath-bdseq",
    ),
    needs: ["qos1", "wildcard"],
    async run(context) {
      const [first, second] = [messagesOf(context, 0), messagesOf(context, 1)];
      const clientId = context.clientId();
      const host = await context.watcher(groupFilter(context));
      const node = await context.connect({ will: first.death, clientId });
      await node.publish(first.birth);
      await host.receives(first.birth);
      const again = await context.connect({ will: second.death, clientId, name: "the node again" });
      await again.publish(second.birth);
      await receivesDeath(context, host, first.death);
      await host.receives(second.birth);
      again.disconnect();
      await host.receivesNothing();
    },
  },
  {
    id: "sparkplug/state-birth",
    title: "STATE of a host application that is online is retained, and replaces its death certificate",
    does: "publishes STATE twice, retained, and subscribes after each",
    rules: both("tck-id-conformance-mqtt-retained", "tck-id-payloads-state-birth"),
    needs: ["qos1", "retain"],
    async run(context) {
      for (const online of [false, true]) {
        const state = stateOf(context, online);
        const host = await context.connect({ name: "the host" });
        await host.publish(state);
        const later = await context.watcher(state.topic, { name: "later" });
        await later.finds(state);
      }
    },
  },
  {
    id: "sparkplug/state-death",
    title: "the death certificate of a host application has QoS 1, and is retained in place of its birth",
    does: "resets a host application that published STATE, and checks STATE at an earlier and a later subscriber",
    rules: both(
      "tck-id-conformance-mqtt-will-messages",
      "tck-id-payloads-state-will-message",
      "tck-id-payloads-state-will-message-qos",
      "tck-id-payloads-state-will-message-retain",
    ),
    needs: ["qos1", "retain"],
    async run(context) {
      const [death, birth] = [stateOf(context, false), stateOf(context, true)];
      const edge = await context.watcher(death.topic);
      const host = await context.connect({ name: "the host", will: death });
      await host.publish(birth);
      await edge.receives(birth);
      host.reset();
      await edge.receives(death);
      const later = await context.watcher(death.topic, { name: "later" });
      await later.finds(death);
    },
  },
] satisfies ConformanceCase[]).map(sparkplugCase);

/** STATE of a host application of this case's own; its retained message is removed after the case. */
function stateOf(context: CaseContext, online: boolean): ConnectWill {
  const topic = stateTopic(nodeOf(context).group);
  return context.will({ topic, payload: statePayload(online, oldMs), qos: 1, retain: true });
}

/** Takes an NDEATH: equal to the will, but for a timestamp that a Sparkplug Aware server may write. */
export async function receivesDeath(
  context: CaseContext,
  host: Awaited<ReturnType<CaseContext["watcher"]>>,
  death: ConnectWill,
): Promise<number | undefined> {
  const packet = await host.expect("publish");
  const stampMs = stampIn(packet.payload, death.payload);
  context.holds(
    packet.topic === death.topic && stampMs !== undefined,
    `${host.name} got another message on ${JSON.stringify(packet.topic)} than NDEATH with the bdSeq of the will`,
    { kind: "altered", parts: packet.topic === death.topic ? ["payload"] : ["topic"] },
  );
  const parts = [...packet.qos === 1 ? [] : ["qos"], ...packet.retain ? ["retain"] : []];
  context.holds(
    parts.length === 0,
    `${host.name} got NDEATH with QoS ${packet.qos}${packet.retain ? ", as retained" : ""}`,
    { kind: "altered", parts },
  );
  return stampMs === oldMs ? undefined : stampMs;
}

/** The timestamp of an NDEATH with the content of the will; undefined for another payload. */
function stampIn(came: Uint8Array, asked: Uint8Array): number | undefined {
  if (!isSameContent(came, asked)) return undefined;
  return decodePayload(came)!.timestampMs ?? oldMs;
}
