/**
 * The receivers of a message: subscriptions that overlap, shared ones, and retained messages. The standard lets a
 * server send one copy or several where subscriptions of one client overlap, and choose the member of a group.
 */
import type { Message } from "../../../src/mqtt/message.ts";
import type { QoS } from "../../../src/mqtt/packet.ts";
import { matches } from "../../../src/mqtt/topic.ts";
import type { OpenDeps, OpenSession, OpenSubscription, Outgoing } from "./open_session.ts";

export class OpenRouter {
  readonly #deps: OpenDeps;
  readonly #sessions: () => readonly OpenSession[];
  readonly #retained = new Map<string, Message>();

  constructor(deps: OpenDeps, sessions: () => readonly OpenSession[]) {
    this.#deps = deps;
    this.#sessions = sessions;
  }

  /** The retained messages that have not expired. */
  get retained(): readonly Message[] {
    const nowMs = this.#deps.nowMs();
    for (const [topic, { properties, publishedAtMs }] of this.#retained) {
      const expiryS = properties?.messageExpiryIntervalS ?? Infinity;
      if (nowMs - publishedAtMs >= expiryS * 1_000) this.#retained.delete(topic);
    }
    return [...this.#retained.values()];
  }

  /** Sends a message to all its receivers, and retains it if flagged. Returns how many subscriptions matched. */
  route(message: Message, from: string | undefined): number {
    if (message.retain) this.#store(message);
    let found = 0;
    const groups = new Map<string, [OpenSession, OpenSubscription][]>();
    for (const session of this.#sessions()) {
      const matching = session.matching(message.topic, from);
      found += matching.length;
      for (const outgoing of this.#copies(message, matching)) session.take(outgoing);
      for (const subscription of session.subscriptions.values()) {
        const { group, filter } = subscription;
        if (group === undefined || !matches(filter, message.topic)) continue;
        const key = `${group}/${filter}`;
        groups.set(key, [...groups.get(key) ?? [], [session, subscription]]);
      }
    }
    for (const members of groups.values()) this.#share(message, members);
    return found + groups.size;
  }

  #store(message: Message): void {
    const { topic, payload, qos } = message;
    // A QoS 0 message replaces the previous one even if the broker does not keep it. [MQTT311 3.3.1-7]
    const drops = payload.length > 0 && qos === 0 && this.#deps.choices.does("retained: of qos 0 is not kept");
    if (payload.length === 0 || drops) this.#retained.delete(topic);
    else this.#retained.set(topic, message);
  }

  /** One copy with the options of all its subscriptions, or one for each. [MQTT5 3.3.4-2] [MQTT311 3.3.5-1] */
  #copies(message: Message, matching: readonly OpenSubscription[]): Outgoing[] {
    const { choices } = this.#deps;
    const copyOf = (of: readonly OpenSubscription[]): Outgoing => ({
      message,
      qos: Math.min(message.qos, Math.max(...of.map(({ granted }) => granted))) as QoS,
      retain: message.retain && of.some(({ retainAsPublished }) => retainAsPublished),
      identifiers: of.flatMap(({ identifier }) => identifier ?? []),
    });
    if (matching.length === 0) return [];
    if (matching.length === 1) return [copyOf(matching)];
    if (choices.does("overlapping subscriptions: several copies")) return matching.map((each) => copyOf([each]));
    choices.made("overlapping subscriptions: one copy");
    return [copyOf(matching)];
  }

  #share(message: Message, members: readonly (readonly [OpenSession, OpenSubscription])[]): void {
    const { choices } = this.#deps;
    const online = members.filter(([session]) => session.online);
    const able = online.length > 0 ? online : members;
    const any = able.length > 1 && choices.does("shared: any member of the group");
    const [session, { granted, retainAsPublished, identifier }] = any ? choices.pick(able) : able[0]!;
    session.take({
      message,
      qos: Math.min(message.qos, granted) as QoS,
      retain: message.retain && retainAsPublished,
      identifiers: identifier === undefined ? [] : [identifier],
    });
  }
}
