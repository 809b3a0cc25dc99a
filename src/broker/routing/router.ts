/** Routes a message to the sessions that subscribe to it, one copy each, and stores retained messages. */
import type { Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import { cost, type Memory, textBytes } from "../limits/memory.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { Message } from "../../mqtt/message.ts";
import type { QoS, Subscription } from "../../mqtt/packet.ts";
import { isReserved, isSharedFilter, levelsOf } from "../../mqtt/topic.ts";
import type { Delivery, SharedDelivery } from "../message/delivery.ts";
import { type MatchedOptions, Session, type Subscribed } from "../session/session.ts";
import { Publication, type Publisher } from "../message/publication.ts";
import type { Retained } from "./retained.ts";
import { RetainedFeeds } from "./retained_feed.ts";
import { SharedGroups } from "./shared_groups.ts";
import { TopicTree } from "./topic_tree.ts";

/** The publisher of the broker's own messages; no client has an empty identifier. */
const brokerItself: Publisher = { clientId: "", owner: undefined };

/** Subscriptions, retained messages, and the routing between them. */
export class Router {
  readonly #tree = new TopicTree<Subscribed>();
  readonly #groups = new SharedGroups();
  readonly #retained: Retained;
  readonly #own: Retained;
  readonly #metrics: Metrics;
  readonly #found: Subscribed[] = [];
  readonly #receivers: Session[] = [];
  #feeds: RetainedFeeds | undefined;
  #serial = 0;
  #order = 0;

  readonly #mayStand: (publication: Publication) => boolean;

  readonly #memory: Memory;

  constructor({ retained, own, metrics, memory, mayStand = () => true }: {
    readonly retained: Retained;
    /** The broker's own retained messages, on topics that begin with `$`. */
    readonly own: Retained;
    readonly metrics: Metrics;
    readonly memory: Memory;
    /** Whether the publisher of a retained message still has the right to publish it; true by default. */
    readonly mayStand?: (publication: Publication) => boolean;
  }) {
    this.#mayStand = mayStand;
    this.#memory = memory;
    this.#retained = retained;
    this.#own = own;
    this.#metrics = metrics;
  }

  /** Publishes in a client's name; returns the number of sessions that receive it. */
  publish(message: Message, publisher: Publisher, nowMs: number, isWill = false): number {
    const publication = new Publication(message, publisher, isWill);
    publication.keepForms();
    publication.order = ++this.#order;
    if (message.retain) this.#keeperOf(message.topic).store(publication); // [MQTT5 3.3.1-8] [MQTT311 3.3.1-12]
    this.#collect(publication);
    const receivers = this.#receivers;
    let delivery: Delivery | undefined;
    for (let index = 0; index < receivers.length; index++) {
      const receiver = receivers[index]!;
      delivery = deliveryTo(receiver, publication, delivery);
      receiver.outbox.deliver(delivery, nowMs);
    }
    let count = receivers.length;
    receivers.length = 0;
    count += this.#deliverShared(publication, nowMs);
    publication.dropForms();
    return count;
  }

  /**
   * Publishes in the broker's own name. Only the broker can publish to topics that begin with `$`. Returns the number
   * of sessions that receive the message.
   */
  publishOwn(
    message: Pick<Message, "topic" | "payload" | "retain"> & Partial<Pick<Message, "qos" | "properties">>,
    nowMs: number,
  ): number {
    return this.publish({ qos: 0, ...message, publishedAtMs: nowMs }, brokerItself, nowMs);
  }

  /** Handles the expiry of a retained message: removes it, if the topic still has the same message. */
  retainedExpired(publication: Publication): void {
    this.#keeperOf(publication.message.topic).expired(publication);
  }

  /** Adds or replaces a session's subscription; returns whether it is new. */
  subscribe(session: Session, subscription: Subscription, granted: QoS, identifier: number | undefined): boolean {
    const old = session.subscriptions?.get(subscription.topicFilter);
    const subscribed: Subscribed = {
      session,
      topicFilter: subscription.topicFilter,
      qos: granted,
      noLocal: subscription.noLocal ?? false,
      retainAsPublished: subscription.retainAsPublished ?? false,
      identifier,
      place: 0,
    };
    const holder = this.#holderOf(subscribed);
    const levelsBefore = holder.levels;
    if (old !== undefined) holder.remove(old); // [MQTT5 3.8.4-3] [MQTT311 3.8.4-3]
    holder.add(subscribed);
    if (old === undefined) this.#memory.add(subscriptionBytes(subscribed));
    this.#memory.add((holder.levels - levelsBefore) * cost.level);
    (session.subscriptions ??= new Map()).set(subscription.topicFilter, subscribed);
    session.record?.subscribe(subscribed);
    if (old === undefined) this.#metrics.subscriptionsHeld++;
    return old === undefined;
  }

  /** Ends a session's subscription; returns whether it existed. */
  unsubscribe(session: Session, topicFilter: string): boolean {
    const subscribed = session.subscriptions?.get(topicFilter); // [MQTT5 3.10.4-1] [MQTT311 3.10.4-1]
    if (subscribed === undefined) return false;
    this.#remove(subscribed);
    session.subscriptions!.delete(topicFilter);
    session.record?.unsubscribe(topicFilter);
    this.#metrics.subscriptionsHeld--;
    return true;
  }

  /** Ends all subscriptions of a session. */
  forget(session: Session): void {
    if (session.subscriptions === undefined) return;
    for (const subscribed of session.subscriptions.values()) this.#remove(subscribed);
    this.#metrics.subscriptionsHeld -= session.subscriptions.size;
    session.subscriptions = undefined;
  }

  /** Number of filter levels that a message on a topic of this filter would visit, up to `limit`. */
  visitsOf(topicFilter: string, limit: number): number {
    return this.#tree.visitsOf(topicFilter, limit);
  }

  /** The maximum cost of one more subscription, in bytes. */
  costOf(topicFilter: string): number {
    return subscriptionBytes({ topicFilter }) + levelsOf(topicFilter) * cost.level;
  }

  #remove(subscribed: Subscribed): void {
    const holder = this.#holderOf(subscribed);
    const levelsBefore = holder.levels;
    holder.remove(subscribed);
    this.#memory.add((holder.levels - levelsBefore) * cost.level - subscriptionBytes(subscribed));
  }

  /** Sends a session the retained messages that its subscriptions match: some now, the others in slices. */
  sendRetained(session: Session, topicFilters: readonly string[], deadlines: Deadlines<Due>, nowMs: number): void {
    if (topicFilters.length === 0) return;
    this.#feeds ??= new RetainedFeeds({
      deadlines,
      memory: this.#memory,
      walk: (topicFilter, atMs) => this.#keeperOf(topicFilter).walk(topicFilter, atMs),
      send: this.#sendRetained.bind(this),
    });
    this.#feeds.begin(session, topicFilters, this.#order, nowMs);
  }

  #sendRetained(session: Session, topicFilter: string, publication: Publication, nowMs: number): void {
    const subscribed = session.subscriptions?.get(topicFilter);
    if (subscribed === undefined) return;
    // No Local also applies here: no client that requested it receives its own messages. // [MQTT5 3.8.3-3]
    if (subscribed.noLocal && publication.publisher.clientId === session.clientId) return;
    if (!this.#mayStand(publication)) return;
    const identifiers = subscribed.identifier === undefined ? undefined : [subscribed.identifier];
    const qos = lesser(publication.message.qos, subscribed.qos);
    const delivery = { publication, qos, retain: true, identifiers, share: undefined, place: undefined };
    session.outbox.deliver(delivery, nowMs); // [MQTT311 3.3.1-8]
  }

  /** No wildcard of a client matches the broker's own topics. // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1] */
  #keeperOf(topic: string): Retained {
    return isReserved(topic) ? this.#own : this.#retained;
  }

  /** The index that contains a subscription. */
  #holderOf({ topicFilter }: Subscribed): TopicTree<Subscribed> | SharedGroups {
    return isSharedFilter(topicFilter) ? this.#groups : this.#tree;
  }

  /** Delivers to one member of each group: a separate copy, also if the session has other subscriptions that match. */
  #deliverShared(publication: Publication, nowMs: number): number {
    const chosen = this.#found;
    this.#groups.choose(publication.message.topic, chosen);
    for (let index = 0; index < chosen.length; index++) deliverToMember(publication, chosen[index]!, nowMs);
    const count = chosen.length;
    chosen.length = 0;
    return count;
  }

  /**
   * The session of a member of shared subscriptions has ended: another member of the same group receives the messages
   * that it had not acknowledged, or had not been sent. Source: MQTT 5.0, section 4.8.2. A message of QoS 2 stays with
   * its first member.
   */
  handOn(left: readonly SharedDelivery[], nowMs: number): void {
    for (const { publication, share } of left) {
      const member = this.#groups.next(share);
      if (member !== undefined && !publication.expired(nowMs)) deliverToMember(publication, member, nowMs);
    }
  }

  /** Fills the list of receivers, each once, with the highest QoS of its subscriptions. // [MQTT5 3.3.4-2] */
  #collect(publication: Publication): void {
    const found = this.#found;
    this.#tree.match(publication.message.topic, found);
    const serial = ++this.#serial;
    for (let index = 0; index < found.length; index++) {
      const subscribed = found[index]!;
      const session = subscribed.session;
      if (subscribed.noLocal && session.clientId === publication.publisher.clientId) continue; // [MQTT5 3.8.3-3]
      if (session.matched.serial === serial) widen(session.matched, subscribed);
      else {
        begin(session.matched, subscribed, serial);
        this.#receivers.push(session);
      }
    }
    found.length = 0;
  }
}

function subscriptionBytes({ topicFilter }: Pick<Subscribed, "topicFilter">): number {
  return cost.subscription + textBytes(topicFilter);
}

function begin(matched: MatchedOptions, subscribed: Subscribed, serial: number): void {
  matched.serial = serial;
  matched.qos = subscribed.qos;
  matched.retainAsPublished = subscribed.retainAsPublished;
  matched.identifiers = subscribed.identifier === undefined ? undefined : [subscribed.identifier];
}

function widen(matched: MatchedOptions, subscribed: Subscribed): void {
  if (subscribed.qos > matched.qos) matched.qos = subscribed.qos;
  if (subscribed.retainAsPublished) matched.retainAsPublished = true;
  if (subscribed.identifier !== undefined) (matched.identifiers ??= []).push(subscribed.identifier); // [MQTT5 3.3.4-4]
}

/** The message for a receiver: the same object as for the last one, if both receive it in the same form. */
function deliveryTo({ matched }: Session, publication: Publication, last: Delivery | undefined): Delivery {
  const { identifiers } = matched;
  const { message } = publication;
  const qos = lesser(message.qos, matched.qos); // [MQTT5 3.8.4-8]
  const retain = matched.retainAsPublished && message.retain; // [MQTT5 3.3.1-12] [MQTT5 3.3.1-13] [MQTT311 3.3.1-9]
  if (last?.qos === qos && last.retain === retain && last.identifiers === identifiers) return last;
  return { publication, qos, retain, identifiers, share: undefined, place: undefined };
}

function deliverToMember(publication: Publication, member: Subscribed, nowMs: number): void {
  const { session, topicFilter, qos, retainAsPublished, identifier } = member;
  const retain = retainAsPublished && publication.message.retain;
  const identifiers = identifier === undefined ? undefined : [identifier];
  const lesserQoS = lesser(publication.message.qos, qos);
  const delivery = { publication, qos: lesserQoS, retain, identifiers, share: topicFilter, place: undefined };
  session.outbox.deliver(delivery, nowMs); // [MQTT5 4.8.2-3]
}

function lesser(one: QoS, other: QoS): QoS {
  return one < other ? one : other;
}
