/**
 * The topics of the clients whose payloads are the user's own: such a message names no client, and its topic does.
 */
import type { Groups } from "../plan/groups.ts";
import { willTopicOf } from "../life/life.ts";
import { hasOwnPayloads } from "../life/own_payload.ts";
import type { WatchScope } from "../result/squad_task.ts";

/** The bucket of a client's wills among those of its squad. */
export function bucketOf({ firstClient, firstBucket, buckets }: WatchScope, client: number): number {
  return firstBucket + (client - firstClient) % buckets;
}

export class OwnTopics {
  readonly #scope: WatchScope;
  readonly #groups: Groups;
  #clients: Map<string, number> | undefined;

  constructor(scope: WatchScope, groups: Groups) {
    this.#scope = scope;
    this.#groups = groups;
  }

  /** The client of the squad on whose topic a message is; undefined for a topic of another sender. */
  clientOn(topic: string): number | undefined {
    this.#clients ??= this.#topics();
    return this.#clients.get(topic);
  }

  #topics(): Map<string, number> {
    const { firstClient, clients } = this.#scope;
    const topics = new Map<string, number>();
    for (let client = firstClient; client < firstClient + clients; client++) {
      const plan = this.#groups.planOf(client);
      if (plan.willPayload === undefined) continue;
      // The topic is the same in each life.
      topics.set(willTopicOf(plan, { client, incarnation: 1, bucket: bucketOf(this.#scope, client) }), client);
    }
    return topics;
  }
}

/** The topics of a squad; undefined where the run makes all payloads itself. */
export function ownTopics(scope: WatchScope, groups: Groups): OwnTopics | undefined {
  return hasOwnPayloads(scope.plan) ? new OwnTopics(scope, groups) : undefined;
}
