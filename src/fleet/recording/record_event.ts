import type { CanarySight } from "../result/canary_counts.ts";
import type { Alteration } from "../oracle/expectation.ts";
import { type KillMode, killModes } from "../plan/kill_mode.ts";
import type { PresenceWord } from "../life/presence_message.ts";
import type { FoundState } from "../oracle/presence_oracle.ts";
import { type PresenceMoment, presenceMoments } from "../result/presence_result.ts";
import type { PresencePart } from "../oracle/presence_text.ts";
import { phases, type SquadPhase } from "../result/run_phase.ts";

/** The form of a recording; the number changes with a change of meaning or the removal of a name. */
export const recordSchema = "mqtt-sim/record/1";

const sights: readonly unknown[] = ["nothing", "message", "both"];
const states: readonly unknown[] = ["online", "left", "gone", "foreign"];
const properties = [
  ...["payloadFormatIndicator", "contentType", "responseTopic", "correlationData", "messageExpiryIntervalS"] as const,
  ...["userProperties", "willDelayInterval", "strayProperty"] as const,
];
const alterations: readonly unknown[] = ["topic", "payload", "qos", "retain", "properties", ...properties];

/** The types of a field. */
const types = {
  whole: (value: unknown): value is number => Number.isSafeInteger(value),
  number: (value: unknown): value is number => Number.isFinite(value),
  text: (value: unknown): value is string => typeof value === "string",
  flag: (value: unknown): value is boolean => typeof value === "boolean",
  mode: (value: unknown): value is KillMode => (killModes as readonly unknown[]).includes(value),
  phase: (value: unknown): value is SquadPhase => (phases as readonly unknown[]).includes(value),
  sight: (value: unknown): value is CanarySight => sights.includes(value),
  qos: (value: unknown): value is 0 | 1 | 2 => value === 0 || value === 1 || value === 2,
  version: (value: unknown): value is 4 | 5 => value === 4 || value === 5,
  altered: (value: unknown): value is Alteration[] =>
    Array.isArray(value) && value.every((each) => alterations.includes(each)),
  word: (value: unknown): value is PresenceWord => value === "online" || value === "left",
  moment: (value: unknown): value is PresenceMoment => (presenceMoments as readonly unknown[]).includes(value),
  state: (value: unknown): value is FoundState["kind"] | "foreign" => states.includes(value),
  parts: (value: unknown): value is PresencePart[] =>
    Array.isArray(value) && value.every((each) => typeof each === "string"),
} as const;

type TypeName = keyof typeof types;

/** The fields of each kind beside `atMs` and `kind`; one whose name ends with `?` may be absent. */
export const eventFields = {
  // Progress of the run.
  phase: { phase: "phase" },
  ready: {},
  settle: {},
  stall: { ms: "number" },
  control: {
    ...{ seen: "sight", "client?": "whole", "bucket?": "whole", "version?": "version", "mode?": "mode" },
    ...{ "connectedMs?": "number", "killedMs?": "number" },
  },
  proof: { client: "whole", copy: "whole", "sinceMs?": "number", "altered?": "altered" },
  void: { text: "text" },
  interrupted: {},
  load: { group: "text", sent: "whole", acknowledged: "whole", withheld: "whole" },
  done: { telemetry: "whole", "watchedUntilMs?": "number" },
  // Orders of the schedule, in milliseconds since killing began.
  order: { client: "whole", mode: "mode", plannedMs: "number" },
  call: { client: "whole", plannedMs: "number" },
  // Events of clients.
  connect: {
    ...{ client: "whole", life: "whole", bucket: "whole", version: "version", qos: "qos" },
    ...{ clean: "flag", "after?": "whole", "node?": "whole" },
  },
  connack: {
    ...{ client: "whole", life: "whole", code: "whole", present: "flag" },
    ...{ "keepAliveS?": "whole", "sessionExpiryS?": "whole", "first?": "flag" },
  },
  failed: { client: "whole", text: "text" },
  deferred: { client: "whole", mode: "mode" },
  takeover: { client: "whole", dueMs: "number" },
  kick: { client: "whole", dueMs: "number" },
  overslept: { client: "whole", life: "whole" },
  killed: {
    ...{ client: "whole", life: "whole", mode: "mode", dueMs: "number", lastPacketMs: "number" },
    ...{ "silent?": "flag", "sinceMs?": "number", "detail?": "text" },
  },
  closing: { client: "whole", life: "whole", sinceMs: "number" },
  closed: { client: "whole", life: "whole", sinceMs: "number" },
  cut: { client: "whole", life: "whole" },
  lost: { client: "whole", life: "whole", "text?": "text" },
  unanswered: { client: "whole", life: "whole" },
  left: { client: "whole", life: "whole" },
  faulty: { text: "text" },
  referred: { text: "text" },
  // Restarts of the broker.
  down: { "node?": "whole" },
  held: { ms: "number" },
  serves: {},
  ended: { client: "whole", life: "whole", sinceMs: "number" },
  absent: { bucket: "whole", copy: "whole", toMs: "number", forgotten: "flag", "atQos0?": "flag" },
  up: { survived: "whole" },
  // Arrivals at watchers.
  will: {
    ...{ copy: "whole", topic: "text", "client?": "whole", "life?": "whole", version: "version", qos: "qos" },
    ...{ retain: "flag", dup: "flag", "addsExpiry?": "flag", "sinceMs?": "number", "altered?": "altered" },
  },
  redelivery: {
    ...{ copy: "whole", topic: "text", "client?": "whole", "life?": "whole", version: "version", qos: "qos" },
    ...{ dup: "flag" },
  },
  blind: { bucket: "whole", copy: "whole", fromMs: "number" },
  found: { topic: "text", "client?": "whole", "life?": "whole", retain: "flag" },
  looked: {},
  // The presence that clients publish, and the messages that late subscribers read of it.
  said: { client: "whole", life: "whole", word: "word" },
  heard: { client: "whole", life: "whole", word: "word", taken: "flag" },
  word: { word: "word" },
  look: { moment: "moment" },
  read: {
    ...{ moment: "moment", client: "whole", fromMs: "number", "found?": "state", "of?": "whole", "life?": "whole" },
    ...{ "altered?": "parts" },
  },
  // The certificates of edge nodes, and that of the host application.
  published: { client: "whole", life: "whole", again: "flag" },
  announced: { client: "whole", life: "whole" },
  birth: { copy: "whole", client: "whole", life: "whole" },
  death: { copy: "whole", client: "whole", life: "whole" },
  host: { died: "flag", qosKept: "flag", retained: "flag" },
  // Facts of the whole run: these belong to no squad.
  warning: { text: "text" },
  restarted: { downMs: "number", "commandMs?": "number", "node?": "text" },
  dropped: { before: "number", after: "number", "fromMs?": "number" },
  aborted: { text: "text" },
  usage: { cpuMs: "number", rssBytes: "whole" },
  end: { durationMs: "number", events: "whole", lost: "whole", "reason?": "text", "notSpoken?": "flag" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, TypeName>>>>;

/** The subject of an event. */
export type EventKind = keyof typeof eventFields;

type ValueOf<Name> = Name extends TypeName
  ? (typeof types)[Name] extends (value: unknown) => value is infer Value ? Value
  : never
  : never;
type Fields<Spec> =
  & { readonly [Name in keyof Spec as Name extends `${string}?` ? never : Name]: ValueOf<Spec[Name]> }
  & { readonly [Name in keyof Spec as Name extends `${infer Bare}?` ? Bare : never]?: ValueOf<Spec[Name]> };

/** The fields of one kind of event. */
export type EventFields<Kind extends EventKind> = Fields<(typeof eventFields)[Kind]>;

/** Notes an event at an instant. */
export type Note = <Kind extends EventKind>(kind: Kind, atMs: number, fields: EventFields<Kind>) => void;

/** One event of a recording; `squad` is absent where it belongs to the whole run. */
export type RecordEvent = {
  [Kind in EventKind]: {
    readonly atMs: number;
    readonly squad?: number;
    readonly kind: Kind;
  } & EventFields<Kind>;
}[EventKind];

/** Kinds that belong to no squad. */
export const runKinds: ReadonlySet<EventKind> = new Set(["warning", "restarted", "dropped", "aborted", "usage", "end"]);

/** The fault of an event read from a file; undefined without one. Unknown fields are permitted. */
export function eventFault(event: Readonly<Record<string, unknown>>): string | undefined {
  const { atMs, squad, kind } = event;
  if (typeof kind !== "string" || !Object.hasOwn(eventFields, kind)) return `kind is ${JSON.stringify(kind)}`;
  if (!types.number(atMs)) return `atMs is ${JSON.stringify(atMs)}`;
  if (!runKinds.has(kind as EventKind) && !types.whole(squad)) return `squad is ${JSON.stringify(squad)}`;
  for (const [name, type] of Object.entries<TypeName>(eventFields[kind as EventKind])) {
    const bare = name.replace("?", "");
    const value = event[bare];
    if (value === undefined && bare !== name) continue;
    if (!types[type](value)) return `${bare} is ${JSON.stringify(value)}`;
  }
  return undefined;
}
