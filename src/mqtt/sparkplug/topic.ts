/**
 * The topics of Sparkplug B. Source: Sparkplug 3.0, chapter 4.
 */

/** The namespace, which is the first level of every topic. */
export const namespace = "spBv1.0";

/** The types of messages about an edge node and about its devices. */
export type NodeMessage = "NBIRTH" | "NDATA" | "NDEATH" | "NCMD";
/** The types of messages about a device. */
export type DeviceMessage = "DBIRTH" | "DDATA" | "DDEATH" | "DCMD";

/** An edge node: its group and its name in it. */
export interface EdgeNodeName {
  readonly group: string;
  readonly node: string;
}

/** The topic of a message about an edge node. [tck-id-topic-structure] */
export function nodeTopic({ group, node }: EdgeNodeName, type: NodeMessage): string {
  return `${namespace}/${group}/${type}/${node}`;
}

/** The topic of a message about a device of an edge node. */
export function deviceTopic({ group, node }: EdgeNodeName, type: DeviceMessage, device: string): string {
  return `${namespace}/${group}/${type}/${node}/${device}`;
}

/** The topic of the state of a host application. [tck-id-host-topic-phid-birth-topic] */
export function stateTopic(host: string): string {
  return `${namespace}/STATE/${host}`;
}

/** The topic on which a Sparkplug Aware server keeps a birth certificate. [tck-id-conformance-mqtt-aware-nbirth-mqtt-topic] */
export function certificateTopic(birthTopic: string): string {
  return `$sparkplug/certificates/${birthTopic}`;
}

/** The edge node of a topic and the type of the message; undefined for a topic of another form. */
export function readNodeTopic(topic: string): EdgeNodeName & { readonly type: string } | undefined {
  const [first, group, type, node, ...rest] = topic.split("/");
  if (first !== namespace || group === undefined || type === undefined || node === undefined) return undefined;
  return rest.length > 0 ? undefined : { group, type, node };
}

/** The payload of a state: birth and death certificate of a host. [tck-id-payloads-state-birth-payload] */
export function statePayload(online: boolean, timestampMs: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ online, timestamp: timestampMs }));
}
