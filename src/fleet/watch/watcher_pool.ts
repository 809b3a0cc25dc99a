/**
 * The watcher pool of a squad, and the canaries that prove that its watchers receive wills. It assigns the buckets to
 * the watchers; the ledger judges the wills received.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { ProtocolVersion, PublishPacket } from "../../mqtt/packet.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import { Canary, isCanaryMark } from "./canary.ts";
import type { CanaryWill } from "../ledger/canary_log.ts";
import type { CanarySight } from "../result/canary_counts.ts";
import type { Groups } from "../plan/groups.ts";
import { type Life, readWill } from "../life/life.ts";
import { ownPayloadOf } from "../life/own_payload.ts";
import { nodeCount, watchedNodes } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { type PresenceWord, readPresence } from "../life/presence_message.ts";
import { birthAsDeath, deathAsBirth, isBirthTopic } from "../plan/sparkplug/sparkplug_plan.ts";
import type { SparkplugAuditor } from "../ledger/sparkplug_auditor.ts";
import { type OwnTopics, ownTopics } from "./own_topics.ts";
import { SessionSweep } from "./session_sweep.ts";
import type { WatchScope } from "../result/squad_task.ts";
import { Watcher, type WatcherHost } from "./watcher.ts";
import { willTopicFilter } from "../plan/will_topic.ts";

/** The callbacks of a watcher pool. */
export interface WatcherPoolHost {
  /** A watcher received a will of this squad; `owner` is the client of its topic where its payload names none. */
  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number, owner?: number): void;
  /** A watcher received the presence of a client of this squad: online, or left. */
  onPresence(word: PresenceWord, client: number, copy: number): void;
  /** Whether a client has published that it left, and this copy of its watcher has not received that. */
  awaitsLeft(client: number, copy: number): boolean;
  /** A watcher received a message once more. */
  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** No later finding would be valid. */
  onBlind(watcher: Watcher, sentence: string): void;
  /** A watcher saw the will of a canary. */
  onCanaryWill(will: CanaryWill, nowMs: number): void;
  /** A watcher received an NBIRTH of a node of this squad. */
  onBirth(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** The records of Sparkplug, where the clients are edge nodes. */
  readonly sparkplug: SparkplugAuditor | undefined;
  /** A canary is over; its life has an end where a watcher received its message. */
  onCanaryOver(seen: CanarySight, life: Life): void;
}

const sweepWithinMs = 2_000;
/** The pool makes up for dials that it missed while this thread was busy, up to so much time. */
const burstMs = 100;
/** The pool keeps a canary that passed for so long beyond the instant from which its will is late, for duplicates. */
const duplicatesWithinMs = 2_000;
/** A canary has at least so long to connect and to have its message received, in milliseconds. */
const leastCanaryMs = 5_000;

function firstOf(canaries: ReadonlyMap<number, Canary>, pick: (canary: Canary) => string | undefined) {
  for (const canary of canaries.values()) {
    const sentence = pick(canary);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

export class WatcherPool implements WatcherHost {
  readonly plan: FleetPlan;
  readonly world: FleetWorld;
  readonly #scope: WatchScope;
  readonly #groups: Groups;
  readonly #host: WatcherPoolHost;
  readonly #watchers: Watcher[] = [];
  /** Canaries that are under way, or whose will may still arrive, by the number of their client. */
  readonly #canaries = new Map<number, Canary>();
  /** Where payloads are the user's own. */
  readonly #own: OwnTopics | undefined;
  #sweep: SessionSweep | undefined;
  #retiredMs: number | undefined;
  #round = 0;
  /** Watchers and canaries that wait to dial, and the instant of the next dial. */
  readonly #toDial: (() => void)[] = [];
  readonly #dialEveryMs: number;
  #nextDialMs = -Infinity;

  constructor(scope: WatchScope, groups: Groups, world: FleetWorld, host: WatcherPoolHost) {
    this.#groups = groups;
    this.plan = scope.plan;
    this.world = world;
    this.#scope = scope;
    this.#own = ownTopics(scope, groups);
    this.#host = host;
    const { clients, rampPerSecond } = scope.plan;
    this.#dialEveryMs = 1_000 / (rampPerSecond * scope.clients / clients);
  }

  /** Watchers use 5.0 wherever clients do, so that they see properties. */
  get version(): ProtocolVersion {
    return this.#groups.speaks5 ? 5 : 4;
  }

  /** The filters that show all wills of this squad. */
  get topicFilters(): string[] {
    return [...new Set(this.#buckets().flatMap((bucket) => this.#filters(bucket)))];
  }

  /** Lets the watchers connect: at its share of the ramp's rate, as the clients do. */
  watch(nowMs: number): void {
    const { fanOut } = this.plan;
    for (const bucket of this.#buckets()) {
      for (let copy = 0; copy < fanOut; copy++) {
        const post = { number: bucket * fanOut + copy, bucket, copy, topicFilters: this.#filters(bucket) };
        this.#toDial.push(() => this.#watchers.push(new Watcher(this, post, this.version)));
      }
    }
    this.dial(nowMs);
  }

  /** Dials the next connections. */
  dial(nowMs: number): void {
    while (this.#toDial.length > 0 && nowMs >= this.#nextDialMs) {
      this.#toDial.shift()!();
      this.#nextDialMs = Math.max(this.#nextDialMs, nowMs - burstMs) + this.#dialEveryMs;
    }
  }

  /** True while some have not dialled yet. */
  get dialling(): boolean {
    return this.#toDial.length > 0;
  }

  /** The watcher that has no subscription yet, in a sentence; undefined when all have one. */
  get watchWaitsFor(): string | undefined {
    const waiting = this.#watchers.find((watcher) => !watcher.ready);
    if (waiting === undefined && this.dialling) return "not all watchers could connect";
    return waiting && `watcher ${waiting.post.number} could not subscribe`;
  }

  /** The text of the broker's refusal of a watcher or a canary for now; undefined where it accepts all. */
  get refusal(): string | undefined {
    const watcher = this.#watchers.find(({ refusal }) => refusal !== undefined);
    return watcher?.refusal ?? firstOf(this.#canaries, (canary) => canary.refusal);
  }

  /** Starts one canary for each bucket on each node that is up and has a watcher of it. */
  startCanaries(nowMs: number): void {
    for (const bucket of this.#buckets()) {
      for (const node of watchedNodes(this.plan, bucket)) {
        if (this.world.down?.has(node)) continue;
        const number = this.#canaryNumber(bucket, node);
        const plan = this.#groups.planOf(number);
        const version = this.#groups.versionOf(number);
        this.#toDial.push(() => this.#canaries.set(number, new Canary(plan, this.world, number, bucket, version)));
      }
    }
    this.#round++;
    this.dial(nowMs);
  }

  /** A number for one more canary. */
  nextCanary(): number {
    const number = this.#canaryNumber(this.#scope.firstBucket);
    this.#round++;
    return number;
  }

  /** Beyond the numbers of all clients, and never twice. */
  #canaryNumber(bucket: number, node = 0): number {
    const { clients, watchers } = this.plan;
    return clients + (this.#round * watchers + bucket) * nodeCount(this.plan) + node;
  }

  /** Ends the canaries that have had their time. */
  settleCanaries(nowMs: number): void {
    for (const [number, canary] of this.#canaries) {
      if (nowMs < this.#canaryUntilMs(canary)) continue;
      this.#canaries.delete(number);
      // A canary that the broker refused proves no state of a watcher.
      if (canary.connected) this.#host.onCanaryOver(canary.seen, canary.life);
      this.#lookForBlind(canary);
      canary.giveUp(nowMs);
    }
  }

  /** A watcher that received no packet since a canary published is blind: a missing will proves no fault. */
  #lookForBlind(canary: Canary): void {
    const { waitsFor, life: { bucket, connectedMs = Infinity } } = canary;
    if (canary.seen !== "nothing") return;
    const blind = this.#watchers.find(({ post, heardMs }) =>
      post.bucket === bucket && canary.isUnseen(post.copy) && heardMs < connectedMs
    );
    if (blind !== undefined) this.#host.onBlind(blind, waitsFor!);
  }

  /** Ends all canaries; those that had no time to pass do not count. */
  endCanaries(nowMs: number): void {
    this.#toDial.length = 0;
    for (const canary of this.#canaries.values()) {
      const hadTime = canary.connected && nowMs >= canary.sinceMs + this.plan.lateAfterMs;
      if (canary.life.end !== undefined || hadTime) this.#host.onCanaryOver(canary.seen, canary.life);
      canary.giveUp(nowMs);
    }
    this.#canaries.clear();
  }

  /** Ends all canaries before a broker restart: those that have not passed do not count. */
  callOffCanaries(nowMs: number): void {
    this.#toDial.length = 0;
    for (const canary of this.#canaries.values()) {
      if (canary.passed) this.#host.onCanaryOver(canary.seen, canary.life);
      canary.giveUp(nowMs);
    }
    this.#canaries.clear();
  }

  /** Until when the pool keeps a canary: for duplicates after its will, and else as long as for any will. */
  #canaryUntilMs({ passed, life, sinceMs }: Canary): number {
    const { lateAfterMs, drainMs } = this.plan;
    if (passed) return sinceMs + lateAfterMs + duplicatesWithinMs;
    if (life.end === undefined) return sinceMs + Math.max(leastCanaryMs, 2 * lateAfterMs);
    return sinceMs + Math.max(drainMs, lateAfterMs + duplicatesWithinMs);
  }

  /** The last instant at which the will of a canary may still arrive; undefined when the pool waits for none. */
  get canariesUntilMs(): number | undefined {
    const waiting = [...this.#canaries.values()].filter((canary) => !canary.passed);
    return waiting.length === 0 ? undefined : Math.max(...waiting.map((canary) => this.#canaryUntilMs(canary)));
  }

  /** The wait of the first canaries, in a sentence; undefined once the watchers received every message of theirs. */
  get canaryWaitsFor(): string | undefined {
    if (this.dialling) return "not all canaries could connect";
    return firstOf(this.#canaries, (canary) => canary.waitsFor);
  }

  /** Until when the squad waits for the wills of the first canaries before clients connect; undefined after all. */
  get canaryWillsByMs(): number | undefined {
    const waiting = [...this.#canaries.values()].filter((canary) => !canary.passed);
    return waiting.length === 0
      ? undefined
      : Math.max(...waiting.map(({ sinceMs }) => sinceMs + this.plan.lateAfterMs));
  }

  /** Why a canary failed, in a sentence; undefined without a failure. */
  get canaryFailure(): string | undefined {
    return firstOf(this.#canaries, (canary) => canary.failure);
  }

  /** The watchers leave. */
  retire(nowMs: number): void {
    for (const watcher of this.#watchers) watcher.retire(nowMs);
    const left = this.#watchers.flatMap(({ leftBehind }) => leftBehind ?? []);
    this.#sweep ??= new SessionSweep(this.plan, this.world, left);
    this.#retiredMs ??= nowMs;
  }

  /** True once the broker has no session of the watchers, which have left, or has had enough time. */
  swept(nowMs: number): boolean {
    return this.#sweep?.done === true || nowMs >= this.#retiredMs! + sweepWithinMs;
  }

  /** The watchers of this pool. */
  get watchers(): readonly Watcher[] {
    return this.#watchers;
  }

  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    const { copy } = watcher.post;
    if (this.#host.sparkplug !== undefined) return this.#onCertificate(watcher, this.#host.sparkplug, packet, nowMs);
    if (isCanaryMark(packet.payload)) return this.#onCanaryMessage(packet, copy, nowMs);
    const mark = readWill(this.plan, packet);
    const canary = mark === undefined ? this.#canaryOn(packet.topic) : this.#canaries.get(mark.client);
    if (canary !== undefined) return this.#onCanaryWill(canary, watcher, packet, nowMs);
    // Without buckets in the topic, squads see each other's wills; and canaries of an earlier round are over.
    if (mark !== undefined && !this.#isHere(mark.client)) return;
    if (mark === undefined && this.#isPresence(packet, copy)) return;
    if (mark === undefined && this.#own !== undefined) return this.#onOwn(this.#own, watcher, packet, nowMs);
    this.#host.onWill(watcher, packet, nowMs);
  }

  /** A birth or death certificate of an edge node. The squad ignores the nodes of other squads. */
  #onCertificate(watcher: Watcher, auditor: SparkplugAuditor, packet: PublishPacket, nowMs: number): void {
    const { topic } = packet;
    const { copy } = watcher.post;
    const isBirth = isBirthTopic(topic);
    for (const canary of this.#canaries.values()) {
      if (isBirth && canary.messageTopic === topic) return canary.seeMessage(copy, nowMs);
      if (!isBirth && canary.topic === topic) return this.#onCanaryWill(canary, watcher, packet, nowMs);
    }
    if (!auditor.hasNode(isBirth ? birthAsDeath(topic) : topic)) return;
    if (isBirth) this.#host.onBirth(watcher, packet, nowMs);
    else this.#host.onWill(watcher, packet, nowMs);
  }

  /** A message that names no life: its topic names the client. */
  #onOwn(topics: OwnTopics, watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    const { copy } = watcher.post;
    const client = topics.clientOn(packet.topic);
    // Another program may publish on a topic that the filter matches.
    if (client === undefined) return;
    const plan = this.#groups.planOf(client);
    const birth = plan.presence ? ownPayloadOf(plan, "online", { client, incarnation: 1 }) : undefined;
    if (birth !== undefined && sameBytes(birth, packet.payload)) this.#host.onPresence("online", client, copy);
    // A client that leaves publishes the payload of its will itself.
    else if (birth !== undefined && this.#host.awaitsLeft(client, copy)) this.#host.onPresence("left", client, copy);
    else this.#host.onWill(watcher, packet, nowMs, client);
  }

  #onCanaryMessage({ payload }: PublishPacket, copy: number, nowMs: number): void {
    for (const canary of this.#canaries.values()) if (canary.isMessage(payload)) canary.seeMessage(copy, nowMs);
  }

  /** The topic identifies a canary whose payload is altered. */
  #canaryOn(topic: string): Canary | undefined {
    for (const canary of this.#canaries.values()) {
      if (canary.life.end !== undefined && canary.topic === topic) return canary;
    }
    return undefined;
  }

  #onCanaryWill(canary: Canary, { post: { copy }, seen }: Watcher, packet: PublishPacket, nowMs: number): void {
    const { client } = canary.life;
    const altered = canary.seeWill(packet, copy, seen);
    this.#host.onCanaryWill({ client, copy, altered }, nowMs);
  }

  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    this.#host.onRedelivery(watcher, packet, nowMs);
  }

  onBlind(watcher: Watcher, sentence: string): void {
    this.#host.onBlind(watcher, sentence);
  }

  #buckets(): number[] {
    const { firstBucket, buckets } = this.#scope;
    return Array.from({ length: buckets }, (_, index) => firstBucket + index);
  }

  /** The filters that show the wills of one bucket, and of no other where the templates have buckets. */
  #filters(bucket: number): string[] {
    const parts = { run: this.plan.run, bucket: String(bucket) };
    const filters = this.#groups.plans.map(({ willTopic }) => willTopicFilter(willTopic, parts));
    return [...new Set(this.plan.sparkplug ? [...filters, ...filters.map(deathAsBirth)] : filters)];
  }

  #isHere(client: number): boolean {
    const { firstClient, clients } = this.#scope;
    return client >= firstClient && client < firstClient + clients;
  }

  /** True for presence messages: they are not wills. */
  #isPresence(packet: PublishPacket, copy: number): boolean {
    const mark = readPresence(this.plan, packet);
    if (mark === undefined) return false;
    if (this.#isHere(mark.client)) this.#host.onPresence(mark.word, mark.client, copy);
    return true;
  }
}
