/** Reads a whole store at the broker's start. */
import { UsageError } from "../../base/failure.ts";
import type { QoS } from "../../mqtt/packet.ts";
import type { Identity, NameProof } from "../access/identity.ts";
import { isValidSubscription, isValidTopicName } from "../../mqtt/topic.ts";
import type { Ending } from "../options/ending.ts";
import { Publication } from "../message/publication.ts";
import type { StoredDelivery } from "../message/delivery.ts";
import type { DeliveryState } from "../message/place.ts";
import type { Changes } from "./changes.ts";
import type { Database, Row } from "./database.ts";
import { propertiesOf } from "./property_text.ts";
import { SessionRecord } from "./session_record.ts";
import { signOfLifeIntervalMs, type Stored, type StoredSession } from "./store.ts";
import type { StoredSubscription, StoredWill } from "./stored.ts";

/** @throws UsageError when the tables contradict each other */
export function loadStore(
  database: Database,
  changes: Changes,
  place: string,
  nowMs: number,
  wallNowMs: number,
): Stored {
  try {
    return new Loading(database, changes, nowMs - wallNowMs).all(nowMs);
  } catch (error) {
    throw damaged(place, error);
  }
}

/** The one sentence for a store with impossible tables or rows. */
export function damaged(place: string, error: unknown): UsageError {
  const fault = error instanceof Error ? error.message : String(error);
  return new UsageError(
    `Cannot read store "${place}": it is damaged (${fault}); restore a copy, or move it away to start with an empty store`,
  );
}

/** @throws Error with the sentence unless the condition is true */
function mustBe(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

function checkMessage(topic: unknown, qos: unknown, payload: unknown): void {
  mustBe(typeof topic === "string" && isValidTopicName(topic), `a topic ${JSON.stringify(topic)} of a message`);
  mustBe(qos === 0 || qos === 1 || qos === 2, `a QoS of ${qos}`);
  mustBe(payload instanceof Uint8Array, `a payload of a message on ${topic} that is not binary`);
}

function isPacketId(id: unknown, least = 1): boolean {
  return Number.isInteger(id) && (id as number) >= least && (id as number) <= 65_535;
}

const states: readonly unknown[] = ["waiting", "published", "released"];

type MutableSession = {
  [K in keyof StoredSession]: StoredSession[K] extends readonly (infer T)[] ? T[] : StoredSession[K];
};

class Loading {
  readonly #database: Database;
  readonly #changes: Changes;
  /** Offset from the wall clock to the broker's own clock. */
  readonly #offsetMs: number;
  readonly #messages = new Map<number, Publication>();
  readonly #sessions = new Map<number, MutableSession>();

  constructor(database: Database, changes: Changes, offsetMs: number) {
    this.#database = database;
    this.#changes = changes;
    this.#offsetMs = offsetMs;
  }

  all(nowMs: number): Stored {
    const endedMs = this.#endedMs(nowMs);
    for (const row of this.#rows("message")) this.#messages.set(row.id as number, this.#publication(row));
    for (const row of this.#rows("session")) this.#sessions.set(row.id as number, this.#session(row));
    for (const row of this.#rows("subscription")) this.#of(row).subscriptions.push(subscriptionOf(row));
    for (const row of this.#rows("taken")) {
      mustBe(isPacketId(row.packet_id), `a packet identifier ${row.packet_id}`);
      this.#of(row).taken.push(row.packet_id as number);
    }
    let order = 0;
    for (const row of this.#rows("delivery")) {
      this.#of(row).deliveries.push(this.#delivery(row));
      order = Math.max(order, row.place as number);
    }
    const retained = [...this.#rows("retained")].map((row) => this.#held(row));
    const sessionId = Math.max(0, ...this.#last(this.#sessions));
    this.#changes.continueFrom({ sessionId, messageId: Math.max(0, ...this.#last(this.#messages)), order });
    return { endedMs, sessions: [...this.#sessions.values()], retained, wills: this.#wills() };
  }

  /** Ids ascend, so that the last one is the highest. */
  #last(table: ReadonlyMap<number, unknown>): number[] {
    return [...table.keys()].slice(-1);
  }

  /** The time of a clean stop; otherwise the latest time at which the next heartbeat was due. */
  #endedMs(nowMs: number): number {
    const [row] = this.#rows("broker");
    const { alive_ms, stopped_ms } = row as { alive_ms: number; stopped_ms: number | null };
    const latestMs = stopped_ms ?? alive_ms + signOfLifeIntervalMs;
    return Math.min(nowMs, latestMs + this.#offsetMs);
  }

  #rows(table: string): Iterable<Row> {
    return this.#database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).iterate() as Iterable<Row>;
  }

  #publication(row: Row): Publication {
    checkMessage(row.topic, row.qos, row.payload);
    const properties = propertiesOf(row.properties as string | null);
    const message = {
      topic: row.topic as string,
      payload: row.payload as Uint8Array,
      qos: row.qos as QoS,
      retain: row.retain === 1,
      publishedAtMs: row.published_ms as number + this.#offsetMs,
      ...properties && { properties },
    };
    const publisher = { clientId: row.publisher_id as string, owner: ownerOf(row) };
    const publication = new Publication(message, publisher);
    publication.stored = { id: row.id as number, references: 0, written: true };
    return publication;
  }

  #session(row: Row): MutableSession {
    const record = new SessionRecord(this.#changes, row.id as number, row.client_id as string, ownerOf(row));
    record.expiryIntervalS = row.expiry_s as number;
    const sinceMs = row.offline_since_ms as number | null;
    record.offlineSinceMs = sinceMs === null ? undefined : sinceMs + this.#offsetMs;
    return { record, subscriptions: [], deliveries: [], taken: [] };
  }

  #of({ session_id }: Row): MutableSession {
    const session = this.#sessions.get(session_id as number);
    if (session === undefined) throw new Error(`there is no session ${session_id}`);
    return session;
  }

  /** The message that a row refers to. */
  #held({ message_id }: Row): Publication {
    const publication = this.#messages.get(message_id as number);
    if (publication === undefined) throw new Error(`there is no message ${message_id}`);
    publication.stored!.references++;
    return publication;
  }

  #delivery(row: Row): StoredDelivery {
    const identifiers = row.identifiers as string | null;
    mustBe(row.qos === 1 || row.qos === 2, `a delivery of QoS ${row.qos}`);
    mustBe(states.includes(row.state), `a delivery in state ${JSON.stringify(row.state)}`);
    mustBe(isPacketId(row.packet_id, row.state === "waiting" ? 0 : 1), `a packet identifier ${row.packet_id}`);
    return {
      publication: this.#held(row),
      qos: row.qos as QoS,
      retain: row.retain === 1,
      identifiers: identifiers === null ? undefined : JSON.parse(identifiers) as number[],
      share: row.share as string | null ?? undefined,
      place: {
        order: row.place as number,
        written: true,
        state: row.state as DeliveryState,
        packetId: row.packet_id as number,
      },
    };
  }

  #wills(): Map<string, StoredWill> {
    const wills = new Map<string, StoredWill>();
    for (const row of this.#rows("will")) wills.set(row.client_id as string, this.#will(row));
    return wills;
  }

  #will(row: Row): StoredWill {
    checkMessage(row.topic, row.qos, row.payload);
    const properties = propertiesOf(row.properties as string | null);
    const delayS = row.delay_s as number;
    const will = {
      topic: row.topic as string,
      payload: row.payload as Uint8Array,
      qos: row.qos as QoS,
      retain: row.retain === 1,
      ...(delayS > 0 && { delayIntervalS: delayS }),
      ...properties && { properties },
    };
    const owner = ownerOf(row);
    const dueMs = row.due_ms as number | null;
    if (dueMs === null) return { will, owner };
    return {
      will,
      owner,
      delayed: { dueMs: dueMs + this.#offsetMs, ending: JSON.parse(row.ending as string) as Ending },
    };
  }
}

/** A will of version 2 has a name without its proof. */
function ownerOf(row: Row): Identity | undefined {
  const username = row.username as string | null ?? undefined;
  const proof = row.proof as NameProof | null ?? undefined;
  return username === undefined && proof === undefined ? undefined : { username, proof };
}

function subscriptionOf(row: Row): StoredSubscription {
  const filter = row.topic_filter;
  mustBe(typeof filter === "string" && isValidSubscription(filter, 5), `a topic filter ${JSON.stringify(filter)}`);
  mustBe(row.qos === 0 || row.qos === 1 || row.qos === 2, `a subscription of QoS ${row.qos}`);
  return {
    topicFilter: row.topic_filter as string,
    qos: row.qos as QoS,
    noLocal: row.no_local === 1,
    retainAsPublished: row.retain_as_published === 1,
    identifier: row.identifier as number | null ?? undefined,
  };
}
