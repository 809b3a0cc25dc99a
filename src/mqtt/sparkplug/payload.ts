/**
 * Payloads of Sparkplug B, by the field numbers of the Protocol Buffers schema of Sparkplug 3.0, section 6.4. protobufjs
 * reads and writes the wire format. Fields that no message here uses are skipped when read.
 */
import { InvariantError } from "../../base/failure.ts";

/** The data types of metrics in use here, with their numbers in the schema. */
export const dataType = { int64: 4, boolean: 11, double: 10, string: 12, uInt64: 8 } as const;

/** A metric; its value's field follows from the type of the value and the data type. */
export interface Metric {
  readonly name: string;
  /** Milliseconds since 1970, in UTC. */
  readonly timestampMs?: number;
  readonly dataType: number;
  readonly value: number | boolean | string;
}

/** A payload. */
export interface Payload {
  /** Milliseconds since 1970, in UTC. */
  readonly timestampMs?: number;
  readonly metrics: readonly Metric[];
  /** The sequence number, 0 to 255. */
  readonly seq?: number;
}

/** The field numbers of the schema. */
const field = {
  payload: { timestamp: 1, metrics: 2, seq: 3 },
  metric: { name: 1, timestamp: 3, dataType: 4, int: 10, long: 11, float: 12, double: 13, boolean: 14, string: 15 },
} as const;

/** How the wire format encodes a value: a number of variable length, 8 bytes, bytes with their length, 4 bytes. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The part of protobufjs in use here. */
type Library = typeof import("protobufjs/minimal.js");
type Reader = ReturnType<Library["Reader"]["create"]>;
type Writer = ReturnType<Library["Writer"]["create"]>;

let library: Library | undefined;

/** Loads protobufjs: only what uses Sparkplug calls it, so that no other run pays for it. */
export async function loadSparkplug(): Promise<void> {
  const module = await import("protobufjs/minimal.js");
  library = (module as { readonly default?: Library }).default ?? module;
}

function loaded(): Library {
  if (library === undefined) throw new InvariantError("Sparkplug payloads are used before loadSparkplug");
  return library;
}

/** A payload as bytes. */
export function encodePayload({ timestampMs, metrics, seq }: Payload): Uint8Array {
  const writer = loaded().Writer.create();
  if (timestampMs !== undefined) tag(writer, field.payload.timestamp, wire.varint).uint64(timestampMs);
  for (const metric of metrics) {
    writeMetric(tag(writer, field.payload.metrics, wire.bytes).fork(), metric).ldelim();
  }
  if (seq !== undefined) tag(writer, field.payload.seq, wire.varint).uint64(seq);
  // A copy: the library may return a part of its pool.
  return Uint8Array.from(writer.finish());
}

function tag(writer: Writer, number: number, type: number): Writer {
  return writer.uint32(number << 3 | type);
}

function writeMetric(writer: Writer, metric: Metric): Writer {
  const { name, timestampMs, dataType: type, value } = metric;
  tag(writer, field.metric.name, wire.bytes).string(name);
  if (timestampMs !== undefined) tag(writer, field.metric.timestamp, wire.varint).uint64(timestampMs);
  tag(writer, field.metric.dataType, wire.varint).uint32(type);
  if (typeof value === "boolean") return tag(writer, field.metric.boolean, wire.varint).bool(value);
  if (typeof value === "string") return tag(writer, field.metric.string, wire.bytes).string(value);
  if (type === dataType.double) return tag(writer, field.metric.double, wire.fixed64).double(value);
  return tag(writer, field.metric.long, wire.varint).uint64(value);
}

/** The payload in bytes; undefined where they are none. */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  try {
    return readPayload(loaded().Reader.create(bytes));
  } catch (error) {
    if (error instanceof InvariantError) throw error;
    return undefined;
  }
}

function readPayload(reader: Reader): Payload {
  const metrics: Metric[] = [];
  const payload: { timestampMs?: number; seq?: number } = {};
  while (reader.pos < reader.len) {
    const key = reader.uint32();
    switch (key) {
      case field.payload.timestamp << 3 | wire.varint:
        payload.timestampMs = Number(reader.uint64());
        break;
      case field.payload.metrics << 3 | wire.bytes:
        metrics.push(readMetric(reader, reader.uint32() + reader.pos));
        break;
      case field.payload.seq << 3 | wire.varint:
        payload.seq = Number(reader.uint64());
        break;
      default:
        reader.skipType(key & 7);
    }
  }
  return { ...payload, metrics };
}

function readMetric(reader: Reader, end: number): Metric {
  const metric: { name: string; timestampMs?: number; dataType: number; value: Metric["value"] } = {
    name: "",
    dataType: 0,
    value: "",
  };
  const { name, timestamp, dataType, int, long, float, double, boolean, string } = field.metric;
  while (reader.pos < end) {
    const key = reader.uint32();
    switch (key) {
      case name << 3 | wire.bytes:
        metric.name = reader.string();
        break;
      case timestamp << 3 | wire.varint:
        metric.timestampMs = Number(reader.uint64());
        break;
      case dataType << 3 | wire.varint:
        metric.dataType = reader.uint32();
        break;
      case int << 3 | wire.varint:
        metric.value = reader.uint32();
        break;
      case long << 3 | wire.varint:
        metric.value = Number(reader.uint64());
        break;
      case float << 3 | wire.fixed32:
        metric.value = reader.float();
        break;
      case double << 3 | wire.fixed64:
        metric.value = reader.double();
        break;
      case boolean << 3 | wire.varint:
        metric.value = reader.bool();
        break;
      case string << 3 | wire.bytes:
        metric.value = reader.string();
        break;
      default:
        reader.skipType(key & 7);
    }
  }
  return metric;
}

/**
 * True where two payloads have the same content, timestamps apart: a Sparkplug Aware server may replace that of NDEATH.
 * [tck-id-conformance-mqtt-aware-ndeath-timestamp]
 */
export function isSameContent(one: Uint8Array, other: Uint8Array): boolean {
  const [came, asked] = [decodePayload(one), decodePayload(other)];
  if (came === undefined || asked === undefined || came.seq !== asked.seq) return false;
  return came.metrics.length === asked.metrics.length &&
    came.metrics.every((metric, place) => {
      const { name, dataType, value } = asked.metrics[place]!;
      return metric.name === name && metric.dataType === dataType && metric.value === value;
    });
}
