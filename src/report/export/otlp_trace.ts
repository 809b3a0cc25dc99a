/**
 * Faulty lives as traces in the JSON form of OTLP/HTTP: one trace for each life, from CONNACK over the kill and the due
 * instant of its will to each arrival. Source: `opentelemetry/proto/trace/v1/trace.proto`.
 */
import type { FaultSample, Timeline } from "../../fleet/result/fault_sample.ts";
import { attributesOf, nanosOf, type OtlpAttribute, type OtlpResource, scopeOf } from "./otlp_resource.ts";

/** SPAN_KIND_INTERNAL and STATUS_CODE_ERROR. */
const internal = 1;
const failed = 2;

/** The faults of one life. */
export interface FaultyLife {
  readonly faults: readonly [FaultSample, ...FaultSample[]];
  readonly timeline: Timeline;
}

/** What the instants of a life need. */
export interface TraceParts {
  /** The run's beginning, in milliseconds since 1970. */
  readonly startMs: number;
  /** A will after this past its due instant is late. */
  readonly lateAfterMs: number;
  /** A random identifier in hexadecimal digits. */
  readonly newId: (bytes: number) => string;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly events?: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly status?: { readonly code: number; readonly message: string };
}

/** Joins the faults of each life; a fault of no known life has no timeline, and is in no trace. */
export function faultyLives(faults: readonly FaultSample[]): FaultyLife[] {
  const lives = new Map<string, FaultyLife>();
  for (const fault of faults) {
    const { client, incarnation, timeline } = fault;
    if (timeline === undefined) continue;
    const key = `${client} ${incarnation}`;
    const life = lives.get(key);
    lives.set(key, life === undefined ? { faults: [fault], timeline } : { ...life, faults: [...life.faults, fault] });
  }
  return [...lives.values()];
}

/** An ExportTraceServiceRequest. */
export function otlpTraces(lives: readonly FaultyLife[], resource: OtlpResource, parts: TraceParts) {
  const spans = lives.flatMap((life) => spansOf(life, parts));
  return { resourceSpans: [{ ...resource, scopeSpans: [{ scope: scopeOf(resource), spans }] }] };
}

/** A span of the life, one of its connection, and one of the wait for its will. */
function spansOf({ faults, timeline }: FaultyLife, { startMs, lateAfterMs, newId }: TraceParts): Span[] {
  const at = (ms: number) => nanosOf(startMs + ms);
  const { connectedMs, killedMs, dueMs, seenMs: [firstMs] } = timeline;
  const events = eventsOf(timeline);
  const lastMs = dueMs !== undefined && firstMs === undefined ? dueMs + lateAfterMs : -Infinity;
  const instants = events.map(([ms]) => ms);
  const [fromMs, toMs] = [
    Math.min(...instants, lastMs === -Infinity ? Infinity : lastMs),
    Math.max(...instants, lastMs),
  ];
  const traceId = newId(16);
  const spanId = newId(8);
  const child = (name: string, beginMs: number, endMs: number): Span => ({
    ...{ traceId, spanId: newId(8), parentSpanId: spanId, name, kind: internal },
    ...{ startTimeUnixNano: at(beginMs), endTimeUnixNano: at(endMs) },
  });
  const [{ text }] = faults;
  const root: Span = {
    ...{ traceId, spanId, name: "life", kind: internal, startTimeUnixNano: at(fromMs), endTimeUnixNano: at(toMs) },
    attributes: lifeAttributes(faults),
    events: [
      ...events.map(([ms, name]) => ({ timeUnixNano: at(ms), name })),
      ...faults.map(({ verdict, rule, text }) => ({
        timeUnixNano: at(toMs),
        name: "fault",
        attributes: attributesOf({ "mqtt_sim.verdict": verdict, "mqtt_sim.rule": rule, "mqtt_sim.text": text }),
      })),
    ],
    status: { code: failed, message: text },
  };
  return [
    root,
    ...connectedMs !== undefined && killedMs !== undefined ? [child("connected", connectedMs, killedMs)] : [],
    ...dueMs === undefined
      ? []
      : [child("will", Math.min(dueMs, firstMs ?? dueMs), Math.max(dueMs, firstMs ?? dueMs + lateAfterMs))],
  ];
}

/** The events of a life in the order of time. */
function eventsOf({ connectedMs, killDueMs, killedMs, dueMs, seenMs, readMs }: Timeline) {
  const events: readonly (readonly [ms: number | undefined, name: string])[] = [
    [connectedMs, "connected"],
    [killDueMs, "kill due"],
    [killedMs, "killed"],
    [dueMs, "will due"],
    ...seenMs.map((ms) => [ms, "will seen"] as const),
    [readMs, "state read"],
  ];
  return events.flatMap(([ms, name]) => ms === undefined ? [] : [[ms, name] as const])
    .toSorted(([one], [other]) => one - other);
}

function lifeAttributes(faults: FaultyLife["faults"]): OtlpAttribute[] {
  const [{ client, incarnation, mode, protocol, qos, rule }] = faults;
  return attributesOf({
    "messaging.system": "mqtt",
    "messaging.client.id": client,
    "mqtt_sim.life": incarnation,
    "mqtt_sim.kill_mode": mode === "alive" ? "none" : mode,
    "mqtt_sim.verdict": [...new Set(faults.map(({ verdict }) => verdict))].join(","),
    "mqtt_sim.rule": rule,
    "mqtt_sim.protocol": protocol,
    "mqtt_sim.qos": qos,
  });
}
