/**
 * A squad's watchers, and the controls that prove that they see. Owns who watches which bucket; what a will that was
 * seen means is the ledger's.
 */
import type { ProtocolVersion, PublishPacket } from "../../mqtt/packet.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import { Control, isControlMark } from "./control.ts";
import type { ControlWill } from "../ledger/control_books.ts";
import type { ControlSight } from "../result/control_counts.ts";
import type { Groups } from "../plan/groups.ts";
import { type Life, readWillMark } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { type PresenceWord, readPresenceMark } from "../life/presence_message.ts";
import { SessionSweep } from "./session_sweep.ts";
import type { Outlook } from "../result/squad_task.ts";
import { Watcher, type WatcherHost } from "./watcher.ts";
import { willTopicFilter } from "../plan/will_topic.ts";

/** What a lookout calls. */
export interface LookoutHost {
  /** A will of this squad's was seen by one of its watchers. */
  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** A client of this squad's was heard to say that it is online, or left. */
  onPresence(word: PresenceWord): void;
  /** A watcher was delivered once more what it had. */
  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** Nothing that follows would mean anything. */
  onBlind(watcher: Watcher, sentence: string): void;
  /** A watcher saw the will of a control client. */
  onControlWill(will: ControlWill, nowMs: number): void;
  /** A control is over; its life has an end where its message was seen. */
  onControlOver(seen: ControlSight, life: Life): void;
}

const sweepWithinMs = 2_000;
/** What was not dialled while this thread was busy is made up for, up to so much time. */
const burstMs = 100;
/** A control that passed is kept for so long beyond the instant from which its will is late: duplicates may follow. */
const duplicatesWithinMs = 2_000;
/** A control has at least so long to connect and to have its message seen, in milliseconds. */
const leastControlMs = 5_000;

function firstOf(controls: ReadonlyMap<number, Control>, pick: (control: Control) => string | undefined) {
  for (const control of controls.values()) {
    const sentence = pick(control);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

export class Lookout implements WatcherHost {
  readonly plan: FleetPlan;
  readonly world: FleetWorld;
  readonly #outlook: Outlook;
  readonly #groups: Groups;
  readonly #host: LookoutHost;
  readonly #watchers: Watcher[] = [];
  /** Controls that are under way, or whose will may still come, by the number of their client. */
  readonly #controls = new Map<number, Control>();
  #sweep: SessionSweep | undefined;
  #retiredMs: number | undefined;
  #round = 0;
  /** Watchers and controls that wait for their turn to dial, and when the next one may. */
  readonly #toDial: (() => void)[] = [];
  readonly #dialEveryMs: number;
  #nextDialMs = -Infinity;

  constructor(outlook: Outlook, groups: Groups, world: FleetWorld, host: LookoutHost) {
    this.#groups = groups;
    this.plan = outlook.plan;
    this.world = world;
    this.#outlook = outlook;
    this.#host = host;
    const { clients, rampPerSecond } = outlook.plan;
    this.#dialEveryMs = 1_000 / (rampPerSecond * outlook.clients / clients);
  }

  /** Watchers speak 5.0 wherever clients do, so that they see properties. */
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

  /** Dials for those whose turn it is. */
  dial(nowMs: number): void {
    while (this.#toDial.length > 0 && nowMs >= this.#nextDialMs) {
      this.#toDial.shift()!();
      this.#nextDialMs = Math.max(this.#nextDialMs, nowMs - burstMs) + this.#dialEveryMs;
    }
  }

  /** True while some have not had their turn to dial. */
  get dialling(): boolean {
    return this.#toDial.length > 0;
  }

  /** The watcher that has no subscription yet, in a sentence; undefined when all have one. */
  get watchWaitsFor(): string | undefined {
    const waiting = this.#watchers.find((watcher) => !watcher.ready);
    if (waiting === undefined && this.dialling) return "not all watchers could connect";
    return waiting && `watcher ${waiting.post.number} could not subscribe`;
  }

  /** What the broker said to a watcher or a control client that it does not let in for now; undefined where it does. */
  get refusal(): string | undefined {
    const watcher = this.#watchers.find(({ refusal }) => refusal !== undefined);
    return watcher?.refusal ?? firstOf(this.#controls, (control) => control.refusal);
  }

  /** Lets a control client of each bucket be killed. */
  control(nowMs: number): void {
    for (const bucket of this.#buckets()) {
      const number = this.#controlNumber(bucket);
      const plan = this.#groups.planOf(number);
      const version = this.#groups.versionOf(number);
      this.#toDial.push(() => this.#controls.set(number, new Control(plan, this.world, number, bucket, version)));
    }
    this.#round++;
    this.dial(nowMs);
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

  /** Ends the controls that have had their time. */
  settleControls(nowMs: number): void {
    for (const [number, control] of this.#controls) {
      if (nowMs < this.#controlUntilMs(control)) continue;
      this.#controls.delete(number);
      // A client that the broker did not let in shows nothing of a watcher.
      if (control.connected) this.#host.onControlOver(control.seen, control.life);
      this.#lookForBlind(control);
      control.giveUp(nowMs);
    }
  }

  /**
   * A watcher that received nothing at all since a control client published is blind: what does not come proves
   * nothing.
   */
  #lookForBlind(control: Control): void {
    const { waitsFor, life: { bucket, connectedMs = Infinity } } = control;
    if (control.seen !== "nothing") return;
    const blind = this.#watchers.find(({ post, heardMs }) =>
      post.bucket === bucket && control.isUnseen(post.copy) && heardMs < connectedMs
    );
    if (blind !== undefined) this.#host.onBlind(blind, waitsFor!);
  }

  /** Ends all controls; those that had no time to pass do not count. */
  endControls(nowMs: number): void {
    this.#toDial.length = 0;
    for (const control of this.#controls.values()) {
      const hadTime = control.connected && nowMs >= control.sinceMs + this.plan.lateAfterMs;
      if (control.life.end !== undefined || hadTime) this.#host.onControlOver(control.seen, control.life);
      control.giveUp(nowMs);
    }
    this.#controls.clear();
  }

  /** Ends all controls because the broker is about to be restarted: those that have not passed do not count. */
  callOffControls(nowMs: number): void {
    this.#toDial.length = 0;
    for (const control of this.#controls.values()) {
      if (control.passed) this.#host.onControlOver(control.seen, control.life);
      control.giveUp(nowMs);
    }
    this.#controls.clear();
  }

  /** Until when a control is kept: for duplicates once its will came, and else as long as for any will. */
  #controlUntilMs({ passed, life, sinceMs }: Control): number {
    const { lateAfterMs, drainMs } = this.plan;
    if (passed) return sinceMs + lateAfterMs + duplicatesWithinMs;
    if (life.end === undefined) return sinceMs + Math.max(leastControlMs, 2 * lateAfterMs);
    return sinceMs + Math.max(drainMs, lateAfterMs + duplicatesWithinMs);
  }

  /** The last instant at which the will of a control may still come; undefined when none is waited for. */
  get controlsUntilMs(): number | undefined {
    const waiting = [...this.#controls.values()].filter((control) => !control.passed);
    return waiting.length === 0 ? undefined : Math.max(...waiting.map((control) => this.#controlUntilMs(control)));
  }

  /** What the first controls still wait for, in a sentence; undefined once every message of theirs was seen. */
  get controlWaitsFor(): string | undefined {
    if (this.dialling) return "not all canaries could connect";
    return firstOf(this.#controls, (control) => control.waitsFor);
  }

  /** Until when the wills of the first controls are waited for before clients connect; undefined when all came. */
  get controlWillsByMs(): number | undefined {
    const waiting = [...this.#controls.values()].filter((control) => !control.passed);
    return waiting.length === 0
      ? undefined
      : Math.max(...waiting.map(({ sinceMs }) => sinceMs + this.plan.lateAfterMs));
  }

  /** Why a control failed, in a sentence; undefined while none has. */
  get controlFailure(): string | undefined {
    return firstOf(this.#controls, (control) => control.failure);
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
    const { copy } = watcher.post;
    if (isControlMark(packet.payload)) return this.#onControlMessage(packet, copy, nowMs);
    const mark = readWillMark(this.plan, packet.payload);
    const control = mark === undefined ? this.#controlOn(packet.topic) : this.#controls.get(mark.client);
    if (control !== undefined) return this.#onControlWill(control, watcher, packet, nowMs);
    // Without buckets in the topic, the squads see one another's wills; and controls of an earlier round are over.
    if (mark !== undefined && !this.#isHere(mark.client)) return;
    if (mark === undefined && this.#isPresence(packet, copy)) return;
    this.#host.onWill(watcher, packet, nowMs);
  }

  #onControlMessage({ payload }: PublishPacket, copy: number, nowMs: number): void {
    for (const control of this.#controls.values()) if (control.isMessage(payload)) control.seeMessage(copy, nowMs);
  }

  /** A control whose payload came altered is known by its topic. */
  #controlOn(topic: string): Control | undefined {
    for (const control of this.#controls.values()) {
      if (control.life.end !== undefined && control.topic === topic) return control;
    }
    return undefined;
  }

  #onControlWill(control: Control, { post: { copy }, seen }: Watcher, packet: PublishPacket, nowMs: number): void {
    const { client } = control.life;
    const altered = control.seeWill(packet, copy, seen);
    this.#host.onControlWill({ client, copy, altered }, nowMs);
  }

  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void {
    this.#host.onRedelivery(watcher, packet, nowMs);
  }

  onBlind(watcher: Watcher, sentence: string): void {
    this.#host.onBlind(watcher, sentence);
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

  #isHere(client: number): boolean {
    const { firstClient, clients } = this.#outlook;
    return client >= firstClient && client < firstClient + clients;
  }

  /** True for presence messages. They are not wills, and are counted once even with fan-out. */
  #isPresence({ payload }: PublishPacket, copy: number): boolean {
    const mark = readPresenceMark(this.plan, payload);
    if (mark === undefined) return false;
    if (copy === 0 && this.#isHere(mark.client)) this.#host.onPresence(mark.word);
    return true;
  }
}
