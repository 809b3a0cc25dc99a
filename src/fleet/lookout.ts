/**
 * A squad's watchers, and the controls that prove that they see. Owns who watches which bucket; what a will that was
 * seen means is the ledger's.
 */
import type { ProtocolVersion, PublishPacket } from "../mqtt/packet.ts";
import type { World } from "./connection.ts";
import { Control, type ControlSight, isControlMark } from "./control.ts";
import type { Groups } from "./groups.ts";
import { readWillMark } from "./life.ts";
import type { FleetPlan } from "./plan.ts";
import { type PresenceWord, readPresenceMark } from "./presence_message.ts";
import { SessionSweep } from "./session_sweep.ts";
import { Watcher, type WatcherHost } from "./watcher.ts";
import { willTopicFilter } from "./will_topic.ts";

/** Which part of the fleet is watched. */
export interface Outlook {
  readonly plan: FleetPlan;
  /** What clients speak whose group says nothing of it. */
  readonly protocol: "3.1.1" | "5" | "mix";
  readonly firstClient: number;
  readonly clients: number;
  readonly firstBucket: number;
  readonly buckets: number;
}

/** What a lookout calls. */
export interface LookoutHost {
  /** A will of this squad's was seen by one of its watchers. */
  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** A client of this squad's was heard to say that it is online, or left. */
  onPresence(word: PresenceWord): void;
  /** Nothing that follows would mean anything. */
  onBlind(sentence: string): void;
  /** A control is over that had its time. */
  onControlOver(seen: ControlSight): void;
}

/** How the controls of a run went. */
export interface ControlCounts {
  total: number;
  /** A watcher did not see a message that was published for it to see. */
  blind: number;
  /** The message was seen, the will of the client that was then killed was not. */
  lost: number;
}

const sweepWithinMs = 2_000;

export class Lookout implements WatcherHost {
  readonly plan: FleetPlan;
  readonly world: World;
  readonly #outlook: Outlook;
  readonly #groups: Groups;
  readonly #host: LookoutHost;
  readonly #watchers: Watcher[] = [];
  #controls: Control[] = [];
  #sweep: SessionSweep | undefined;
  #retiredMs: number | undefined;
  #round = 0;

  constructor(outlook: Outlook, groups: Groups, world: World, host: LookoutHost) {
    this.#groups = groups;
    this.plan = outlook.plan;
    this.world = world;
    this.#outlook = outlook;
    this.#host = host;
  }

  /** Watchers speak 5.0 wherever clients do, so that they see properties. */
  get version(): ProtocolVersion {
    return this.#groups.speaks5 ? 5 : 4;
  }

  /** The filters that show all wills of this squad. */
  get topicFilters(): string[] {
    return [...new Set(this.#buckets().flatMap((bucket) => this.#filters(bucket)))];
  }

  /** Lets the watchers connect. */
  watch(): void {
    const { fanOut } = this.plan;
    for (const bucket of this.#buckets()) {
      for (let copy = 0; copy < fanOut; copy++) {
        const post = { number: bucket * fanOut + copy, bucket, copy, topicFilters: this.#filters(bucket) };
        this.#watchers.push(new Watcher(this, post, this.version));
      }
    }
  }

  /** The watcher that has no subscription yet, in a sentence; undefined when all have one. */
  get watchWaitsFor(): string | undefined {
    const waiting = this.#watchers.find((watcher) => !watcher.ready);
    return waiting && `watcher ${waiting.post.number} could not subscribe`;
  }

  /** Ends the last controls, and lets a control client of each bucket be killed. */
  control(): void {
    this.endControls(true);
    for (const bucket of this.#buckets()) {
      const number = this.#controlNumber(bucket);
      const plan = this.#groups.planOf(number);
      this.#controls.push(new Control(plan, this.world, number, bucket, this.#groups.versionOf(number)));
    }
    this.#round++;
  }

  /** A number for one more control client. */
  nextControl(): number {
    const number = this.#controlNumber(this.#outlook.firstBucket);
    this.#round++;
    return number;
  }

  /** Beyond the numbers of all clients, and never twice. */
  #controlNumber(bucket: number): number {
    return this.plan.clients + this.#round * this.plan.watchers + bucket;
  }

  /**
   * Ends the controls under way.
   *
   * @param noted whether they had their time, and count
   */
  endControls(noted: boolean): void {
    for (const control of this.#controls) {
      if (noted) this.#host.onControlOver(control.seen);
      if (!control.passed) control.giveUp();
    }
    this.#controls = [];
  }

  /** What the controls still wait for, in a sentence; undefined when all have passed. */
  get controlWaitsFor(): string | undefined {
    return this.#controls.find((control) => !control.passed)?.waitsFor;
  }

  /** Why a control failed, in a sentence; undefined while none has. */
  get controlFailure(): string | undefined {
    return this.#controls.find((control) => control.failure !== undefined)?.failure;
  }

  /** The watchers leave. */
  retire(nowMs: number): void {
    for (const watcher of this.#watchers) watcher.retire(nowMs);
    const left = this.#watchers.flatMap(({ leftBehind }) => leftBehind ?? []);
    this.#sweep ??= new SessionSweep(this.plan, this.world, left);
    this.#retiredMs ??= nowMs;
  }

  /** True once nothing of the watchers, who have left, is at the broker, or it was given time enough. */
  swept(nowMs: number): boolean {
    return this.#sweep?.done === true || nowMs >= this.#retiredMs! + sweepWithinMs;
  }

  /** Who watches. */
  get watchers(): readonly Watcher[] {
    return this.#watchers;
  }

  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    const { bucket, copy } = watcher.post;
    const control = this.#controls[bucket - this.#outlook.firstBucket];
    if (control?.see(packet, copy) === true || this.#isPresence(packet, copy) || this.#ofNoClientHere(packet)) return;
    this.#host.onWill(watcher, packet, nowMs);
  }

  onBlind(_watcher: Watcher, sentence: string): void {
    this.#host.onBlind(sentence);
  }

  #buckets(): number[] {
    const { firstBucket, buckets } = this.#outlook;
    return Array.from({ length: buckets }, (_, index) => firstBucket + index);
  }

  /** The filters that show the wills of one bucket, and of no other where the templates have buckets. */
  #filters(bucket: number): string[] {
    const parts = { run: this.plan.run, bucket: String(bucket) };
    return [...new Set(this.#groups.plans.map(({ willTopic }) => willTopicFilter(willTopic, parts)))];
  }

  /** A control of an earlier round; and without buckets in the topic, the squads see one another's wills. */
  #ofNoClientHere({ payload }: PublishPacket): boolean {
    if (isControlMark(payload)) return true;
    const mark = readWillMark(this.plan, payload);
    return mark !== undefined && !this.#isHere(mark.client);
  }

  #isHere(client: number): boolean {
    const { firstClient, clients } = this.#outlook;
    return client >= firstClient && client < firstClient + clients;
  }

  /** True for what a client says of its presence: that is no will, and counted once, whatever the fan-out. */
  #isPresence({ payload }: PublishPacket, copy: number): boolean {
    const mark = readPresenceMark(this.plan, payload);
    if (mark === undefined) return false;
    if (copy === 0 && this.#isHere(mark.client)) this.#host.onPresence(mark.word);
    return true;
  }
}
