/**
 * The store in an SQLite file. This file writes commits; `sqlite_load.ts` reads, and `database.ts` opens the file.
 *
 * Times are those of the broker's own clock here, and of the wall clock in the file. The row `broker` contains the last
 * time at which a broker was known to run: each commit updates it, and `turn.ts` commits every second, even without
 * changes.
 */
import type { Identity } from "../access/identity.ts";
import type { SqliteOption } from "../options/options.ts";
import type { Publication } from "../message/publication.ts";
import type { Delivery } from "../message/delivery.ts";
import { Changes } from "./changes.ts";
import { Database, type Statement } from "./database.ts";
import { propertyText } from "./property_text.ts";
import type { SessionRecord } from "./session_record.ts";
import { damaged, loadStore } from "./sqlite_load.ts";
import type { Store, Stored } from "./store.ts";
import type { StoredWill } from "./stored.ts";

export class SqliteStore implements Store {
  readonly changes = new Changes();
  readonly place: string;
  readonly #database: Database;
  readonly #wallNowMs: () => number;
  readonly #sql: Statements;
  #open = true;

  /** @throws UsageError if the file cannot be opened, is not a store, is damaged, or has a newer version */
  constructor(option: SqliteOption, wallNowMs: () => number) {
    this.place = option.path;
    this.#wallNowMs = wallNowMs;
    this.#database = Database.open(option);
    try {
      this.#sql = statements(this.#database);
    } catch (error) {
      this.#database.close();
      throw damaged(option.path, error);
    }
  }

  load(nowMs: number): Stored {
    return loadStore(this.#database, this.changes, this.place, nowMs, this.#wallNowMs());
  }

  commit(nowMs: number): void {
    const { changes } = this;
    changes.attempted();
    const offsetMs = this.#wallNowMs() - nowMs;
    this.#database.transact(() => {
      this.#sql.alive.run(nowMs + offsetMs);
      this.#write(offsetMs);
    });
    changes.clear();
  }

  close(stoppedMs?: number): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (stoppedMs !== undefined) {
        this.commit(stoppedMs);
        this.#sql.stopped.run(this.#wallNowMs());
      }
    } finally {
      this.#database.close();
    }
  }

  /**
   * Writes a message before its references, and removes it after them, so that a reader never finds one without the
   * other.
   */
  #write(offsetMs: number): void {
    const { sessions, deliveries, messages, retained, wills } = this.changes;
    for (const publication of messages) this.#writeMessage(publication, offsetMs);
    for (const record of sessions) this.#writeSession(record, offsetMs);
    for (const [delivery, record] of deliveries) if (!record.ended) this.#writeDelivery(delivery, record);
    for (const [topic, publication] of retained) {
      if (publication === undefined) this.#sql.clearRetained.run(topic);
      else this.#sql.retain.run(topic, publication.stored!.id);
    }
    for (const [clientId, held] of wills) {
      if (held === undefined) this.#sql.removeWill.run(clientId);
      else this.#writeWill(clientId, held, offsetMs);
    }
  }

  #writeMessage({ message, publisher, stored }: Publication, offsetMs: number): void {
    const { id, references, written } = stored!;
    if (references === 0) return void (written && this.#sql.removeMessage.run(id));
    if (written) return;
    const { topic, payload, qos, retain, properties, publishedAtMs } = message;
    const text = propertyText(properties);
    const { clientId, owner } = publisher;
    this.#sql.addMessage.run(
      ...[id, topic, payload, qos, retain ? 1 : 0, text, clientId, publishedAtMs + offsetMs],
      ...ownerColumns(owner),
    );
  }

  #writeSession(record: SessionRecord, offsetMs: number): void {
    const { id, clientId, owner, expiryIntervalS, offlineSinceMs, subscriptions, taken } = record;
    if (record.ended) return this.#sql.endSession.forEach((statement) => statement.run(id));
    const sinceMs = wallOf(offlineSinceMs, offsetMs);
    this.#sql.saveSession.run(id, clientId, expiryIntervalS, sinceMs, ...ownerColumns(owner));
    for (const [topicFilter, granted] of subscriptions) {
      if (granted === undefined) this.#sql.unsubscribe.run(id, topicFilter);
      else {
        const { qos, noLocal, retainAsPublished, identifier = null } = granted;
        this.#sql.subscribe.run(id, topicFilter, qos, noLocal ? 1 : 0, retainAsPublished ? 1 : 0, identifier);
      }
    }
    for (const [packetId, isTaken] of taken) (isTaken ? this.#sql.take : this.#sql.release).run(id, packetId);
  }

  #writeDelivery(delivery: Delivery, { id }: SessionRecord): void {
    const { publication, qos, retain, identifiers, share = null } = delivery;
    const { order, written, state, packetId } = delivery.place!;
    if (state === "done") return void (written && this.#sql.removeDelivery.run(id, order));
    if (written) return void this.#sql.changeDelivery.run(packetId, state, id, order);
    const text = identifiers === undefined ? null : JSON.stringify(identifiers);
    const columns = [publication.stored!.id, qos, retain ? 1 : 0, text, packetId, state, share];
    this.#sql.addDelivery.run(id, order, ...columns);
  }

  #writeWill(clientId: string, { will, owner, delayed }: StoredWill, offsetMs: number): void {
    const { topic, payload, qos, retain, delayIntervalS = 0, properties } = will;
    const text = propertyText(properties);
    const ending = delayed === undefined ? null : JSON.stringify(delayed.ending);
    const dueMs = wallOf(delayed?.dueMs, offsetMs);
    this.#sql.holdWill.run(
      ...[clientId, topic, payload, qos, retain ? 1 : 0, delayIntervalS, text],
      ...[dueMs, ending, ...ownerColumns(owner)],
    );
  }
}

function wallOf(instantMs: number | undefined, offsetMs: number): number | null {
  return instantMs === undefined ? null : instantMs + offsetMs;
}

function ownerColumns(owner: Identity | undefined): [username: string | null, proof: string | null] {
  return [owner?.username ?? null, owner?.proof ?? null];
}

type Statements = ReturnType<typeof statements>;

function statements(database: Database) {
  const prepare = (sql: string): Statement => database.prepare(sql);
  const ofSession = ["subscription", "delivery", "taken"].map((table) => `DELETE FROM ${table} WHERE session_id = ?`);
  return {
    alive: prepare("UPDATE broker SET alive_ms = ?, stopped_ms = NULL"),
    stopped: prepare("UPDATE broker SET stopped_ms = ?"),
    addMessage: prepare("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    removeMessage: prepare("DELETE FROM message WHERE id = ?"),
    saveSession: prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?)"),
    endSession: [...ofSession, "DELETE FROM session WHERE id = ?"].map(prepare),
    subscribe: prepare("INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?, ?, ?)"),
    unsubscribe: prepare("DELETE FROM subscription WHERE session_id = ? AND topic_filter = ?"),
    take: prepare("INSERT OR IGNORE INTO taken VALUES (?, ?)"),
    release: prepare("DELETE FROM taken WHERE session_id = ? AND packet_id = ?"),
    addDelivery: prepare("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    changeDelivery: prepare("UPDATE delivery SET packet_id = ?, state = ? WHERE session_id = ? AND place = ?"),
    removeDelivery: prepare("DELETE FROM delivery WHERE session_id = ? AND place = ?"),
    retain: prepare("INSERT OR REPLACE INTO retained VALUES (?, ?)"),
    clearRetained: prepare("DELETE FROM retained WHERE topic = ?"),
    holdWill: prepare("INSERT OR REPLACE INTO will VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    removeWill: prepare("DELETE FROM will WHERE client_id = ?"),
  };
}
