/** The client status: a page of clients with their connection, their will and their queue. */
import type { Core } from "../core/core.ts";
import type { Session } from "../session/session.ts";

/** The clients that a page shows. */
export type StatusFilter = "all" | "online" | "armed" | "delayed";

/** Every {@link StatusFilter}. */
export const statusFilters: readonly StatusFilter[] = ["all", "online", "armed", "delayed"];

/** Maximum number of clients on one page. */
export const longestPage = 1_000;

/** The page to show. */
export interface StatusQuery {
  /** Which clients the page shows. */
  readonly filter: StatusFilter;
  /** Number of clients to skip. */
  readonly offset: number;
  /** Number of clients to show, up to {@link longestPage}. */
  readonly limit: number;
}

/** One will. Times are ISO 8601. */
export interface WillStatus {
  /** `armed` while its client is online, `delayed` while its delay runs. */
  readonly state: "armed" | "delayed";
  /** The topic of the will. */
  readonly topic: string;
  /** The quality of service of the will. */
  readonly qos: number;
  /** Whether the will is retained. */
  readonly retain: boolean;
  /** Since when the will is armed or delayed, in ISO 8601. */
  readonly since: string;
  /** Of a delayed will: when it is published unless its client reconnects. */
  readonly due?: string;
  /** Of a delayed will: what ended the connection. */
  readonly ending?: string;
}

/** One client. */
export interface ClientStatus {
  /** The client identifier. */
  readonly clientId: string;
  /** Whether the client is connected. */
  readonly online: boolean;
  /** While online: its peer, its version of MQTT, and the time since when. */
  readonly peer?: string;
  /** The MQTT version of the connection. */
  readonly version?: "3.1.1" | "5.0";
  /** Since when the client is connected or away, in ISO 8601. */
  readonly since?: string;
  /** While offline: when its session ends; absent if the session does not expire. */
  readonly sessionEnds?: string;
  /** The will of the client, if it has one. */
  readonly will?: WillStatus;
  /** Messages that have not reached the client, and their bytes. */
  readonly queued: { readonly messages: number; readonly bytes: number };
}

/** A page of clients, in the order in which their sessions began. */
export interface StatusPage extends StatusQuery {
  /** Number of clients that match the filter, on all pages. */
  readonly total: number;
  /** The clients of this page. */
  readonly clients: readonly ClientStatus[];
}

/** The totals of all outboxes. */
export interface QueueTotals {
  /** Messages that wait. */
  readonly messages: number;
  /** Bytes of these messages. */
  readonly bytes: number;
  /** Clients with queued messages. */
  readonly clients: number;
}

/** A page of clients at `nowMs`. Visits every session once. */
export function statusPage(core: Core, { filter, offset, limit }: StatusQuery, nowMs: number): StatusPage {
  const wallOffsetMs = core.settings.wallNowMs() - nowMs;
  const clients: ClientStatus[] = [];
  let total = 0;
  for (const session of core.sessions.values()) {
    if (!isShown(core, session, filter)) continue;
    if (total >= offset && clients.length < limit) clients.push(clientStatus(core, session, wallOffsetMs));
    total++;
  }
  return { filter, offset, limit, total, clients };
}

/** The totals of all outboxes. Visits every session once. */
export function queueTotals(core: Core): QueueTotals {
  let messages = 0, bytes = 0, clients = 0;
  for (const { usedOutbox } of core.sessions.values()) {
    if (usedOutbox === undefined || usedOutbox.size === 0) continue;
    messages += usedOutbox.size;
    bytes += usedOutbox.sizeBytes;
    clients++;
  }
  return { messages, bytes, clients };
}

function isShown({ wills }: Core, { clientId, connection }: Session, filter: StatusFilter): boolean {
  if (filter === "online") return connection !== undefined;
  if (filter === "armed") return wills.armedOf(clientId) !== undefined;
  return filter === "all" || wills.delayedOf(clientId) !== undefined;
}

function clientStatus(core: Core, session: Session, wallOffsetMs: number): ClientStatus {
  const { clientId, connection, deadline, usedOutbox } = session;
  const at = (ms: number) => new Date(ms + wallOffsetMs).toISOString();
  const will = willStatus(core, session, at);
  return {
    clientId,
    online: connection !== undefined,
    ...(connection !== undefined && {
      peer: connection.link.peer,
      version: connection.version === 5 ? "5.0" : "3.1.1",
      since: at(connection.sinceMs),
    }),
    ...(deadline?.pending === true && { sessionEnds: at(deadline.atMs) }),
    ...(will !== undefined && { will }),
    queued: { messages: usedOutbox?.size ?? 0, bytes: usedOutbox?.sizeBytes ?? 0 },
  };
}

function willStatus({ wills }: Core, session: Session, at: (ms: number) => string): WillStatus | undefined {
  const armed = wills.armedOf(session.clientId);
  if (armed !== undefined) {
    const { topic, qos, retain } = armed;
    return { state: "armed", topic, qos, retain, since: at(session.connection?.sinceMs ?? 0) };
  }
  const delayed = wills.delayedOf(session.clientId);
  if (delayed === undefined) return undefined;
  const { will: { topic, qos, retain }, ending: { kind: ending }, sinceMs, deadline } = delayed;
  return { state: "delayed", topic, qos, retain, since: at(sinceMs), due: at(deadline!.atMs), ending };
}
