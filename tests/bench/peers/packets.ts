/** The few packets of the generator, in MQTT 3.1.1, which all brokers support, so without properties. */
const text = new TextEncoder();

export type BenchQoS = 0 | 1 | 2;

/** The payload of a will or a message: the size of a small sensor reading. */
const payload = text.encode("offline since 2026-11-22T20:15:00Z");

function field(value: string | Uint8Array): number[] {
  const bytes = typeof value === "string" ? text.encode(value) : value;
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}

function packet(first: number, body: readonly number[]): Uint8Array {
  if (body.length >= 128 * 128) throw new Error("the bench's packets are short");
  const length = body.length < 128 ? [body.length] : [body.length & 127 | 128, body.length >> 7];
  return Uint8Array.of(first, ...length, ...body);
}

/** A CONNECT with a clean session; with a will on the topic if one is given. */
export function connectBytes(
  clientId: string,
  keepAliveS: number,
  willTopic?: string,
  willQoS: BenchQoS = 0,
): Uint8Array {
  const flags = willTopic === undefined ? 0x02 : 0x02 | 0x04 | willQoS << 3;
  const will = willTopic === undefined ? [] : [...field(willTopic), ...field(payload)];
  return packet(0x10, [...field("MQTT"), 4, flags, keepAliveS >> 8, keepAliveS & 255, ...field(clientId), ...will]);
}

export function subscribeBytes(filter: string, qos: BenchQoS): Uint8Array {
  return packet(0x82, [0, 1, ...field(filter), qos]);
}

/** A PUBLISH; at QoS 1 and 2 with a packet identifier. */
export function publishBytes(topic: string, qos: BenchQoS, packetId: number): Uint8Array {
  const identifier = qos === 0 ? [] : [packetId >> 8, packetId & 255];
  return packet(0x30 | qos << 1, [...field(topic), ...identifier, ...payload]);
}

export const disconnectBytes = Uint8Array.of(0xe0, 0);
