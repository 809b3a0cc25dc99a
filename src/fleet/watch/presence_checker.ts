/**
 * The looks at retained presence. A squad has one checker where any of its clients publish their presence; the records
 * judge its findings.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { ProtocolVersion } from "../../mqtt/packet.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { OracleRules } from "../oracle/expectation.ts";
import type { Groups } from "../plan/groups.ts";
import { readWill, willOf, willTopicOf } from "../life/life.ts";
import { type OwnMessage, ownPayloadOf } from "../life/own_payload.ts";
import { ownClientId } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceAuditor } from "../ledger/presence_auditor.ts";
import { PresenceCanary } from "./presence_canary.ts";
import { PresenceReader, type Reading } from "./presence_reader.ts";
import { presenceMessage, readPresence } from "../life/presence_message.ts";
import { type FoundState, isSettled, type PresenceState, type PresenceTruth } from "../oracle/presence_oracle.ts";
import type { PresenceMoment } from "../result/presence_result.ts";
import type { PresencePart } from "../oracle/presence_text.ts";
import type { WatchScope } from "../result/squad_task.ts";
import { differingProperties, type SeenMessage } from "../oracle/will_compare.ts";

/** The inputs of the checker. */
export interface PresenceCheckerDeps {
  readonly scope: WatchScope & { readonly originMs: number };
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly rules: OracleRules;
  /** The records that judge and count the findings. */
  readonly auditor: PresenceAuditor;
  readonly bucketOf: (client: number) => number;
  /** A number for a canary, beyond all clients and never twice. */
  readonly nextCanary: () => number;
}

/** Interval between two checks whether all is settled. */
const settledEveryMs = 100;
/** Message expiry counts in whole seconds, and the broker's clock differs from this one. */
const expiryToleranceS = 3;

export class PresenceChecker {
  readonly #auditor: PresenceAuditor;
  readonly #deps: PresenceCheckerDeps;
  readonly #plan: FleetPlan;
  /** Clients that publish their presence, by topic. */
  readonly #clients: ReadonlyMap<string, number>;
  readonly #canaries: string[] = [];
  #look: { readonly moment: PresenceMoment; readonly look: PresenceReader } | undefined;
  #last: PresenceReader | undefined;
  #settledMs = -Infinity;
  #settled = false;
  #failure: string | undefined;

  constructor(deps: PresenceCheckerDeps) {
    this.#deps = deps;
    this.#plan = deps.scope.plan;
    this.#auditor = deps.auditor;
    this.#clients = this.#topics();
  }

  /** Why the looks proved no state, in a sentence. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** A look is under way. */
  get looking(): boolean {
    return this.#look !== undefined;
  }

  /** Continues as time passes. */
  turn(nowMs: number): void {
    if (this.#look === undefined) return;
    const { moment, look } = this.#look;
    look.turn(nowMs);
    if (!look.done) return;
    if (look.blindness !== undefined) this.#failure ??= `a late subscriber cannot receive wills: ${look.blindness}`;
    this.#look = undefined;
    if (moment === "left" && look.blindness === undefined) this.#last = look;
    else look.retire(nowMs);
  }

  /** Looks once at this moment of the run; returns true when that is over. */
  looked(moment: PresenceMoment, nowMs: number): boolean {
    this.begin(moment, nowMs);
    return this.#look?.moment !== moment && this.#auditor.hasLooked(moment);
  }

  /** Begins to look, unless it has been done, or another look is under way. */
  begin(moment: PresenceMoment, nowMs: number): void {
    if (this.#look === undefined && !this.#auditor.hasLooked(moment)) this.#begin(moment, moment, nowMs);
  }

  /** Looks during the kills, for the next time if fewer looks than these have begun; one look follows another. */
  beginWaves(due: number, nowMs: number): void {
    const { waves } = this.#auditor;
    if (this.#look === undefined && waves < due) this.#begin("middle", waves === 0 ? "middle" : `wave${waves}`, nowMs);
  }

  #begin(moment: PresenceMoment, name: string, nowMs: number): void {
    this.#auditor.look(moment, nowMs);
    const { groups, world, scope, nextCanary, bucketOf } = this.#deps;
    const number = nextCanary();
    const canary = new PresenceCanary(
      this.#canaryPlan(),
      world,
      number,
      bucketOf(scope.firstClient),
      groups.versionOf(number),
    );
    this.#canaries.push(canary.topic);
    const look = new PresenceReader({
      plan: this.#plan,
      world,
      version: this.#version,
      clientId: ownClientId(this.#plan, `look-${scope.firstClient}-${name}`),
      canary,
      clients: this.#clients,
      onRead: (reading, atMs) => this.#read(moment, reading, atMs),
    }, nowMs);
    this.#look = { moment, look };
  }

  /** True when each client's state has lasted long enough for its judgement. */
  settled(nowMs: number): boolean {
    if (nowMs < this.#settledMs + settledEveryMs) return this.#settled;
    this.#settledMs = nowMs;
    this.#settled = this.#allSettled(nowMs);
    return this.#settled;
  }

  /** Removes the retained messages of the clients. */
  clear(nowMs: number): void {
    this.#look?.look.retire(nowMs);
    this.#last?.clear([...this.#clients.keys(), ...this.#canaries], nowMs);
    this.#last?.retire(nowMs);
  }

  #allSettled(nowMs: number): boolean {
    for (const client of this.#clients.values()) {
      const truth = this.#auditor.book.truthOf(client, nowMs);
      if (truth !== undefined && !isSettled(truth, nowMs, this.#deps.rules)) return false;
    }
    return true;
  }

  get #version(): ProtocolVersion {
    return this.#deps.groups.speaks5 ? 5 : 4;
  }

  #topics(): Map<string, number> {
    const { scope: { firstClient, clients }, groups, bucketOf } = this.#deps;
    const topics = new Map<string, number>();
    for (let client = firstClient; client < firstClient + clients; client++) {
      const plan = groups.planOf(client);
      // The topic is the same in each life.
      if (plan.presence) topics.set(willTopicOf(plan, { client, incarnation: 1, bucket: bucketOf(client) }), client);
    }
    return topics;
  }

  /** The plan of the first group that publishes its presence. */
  #canaryPlan(): FleetPlan {
    return this.#deps.groups.plans.find(({ presence }) => presence === true)!;
  }

  #read(moment: PresenceMoment, { client, fromMs, packet, seen }: Reading, nowMs: number): void {
    const plan = this.#deps.groups.planOf(client);
    const truth = this.#auditor.book.truthOf(client, nowMs);
    const own = packet && truth && plan.willPayload !== undefined ? ownState(plan, client, packet, truth) : undefined;
    const found = packet && (foundIn(plan, packet) ?? own ?? "foreign");
    const differing = (state: PresenceState, truth: PresenceTruth) =>
      packet === undefined ? [] : partsDiffering(plan, state, packet, seen, truth, nowMs);
    this.#auditor.read({ moment, client, fromMs, found }, differing, nowMs);
  }
}

function foundIn(plan: FleetPlan, packet: SeenMessage): FoundState | undefined {
  const will = readWill(plan, packet);
  if (will !== undefined) return { kind: "gone", client: will.client, incarnation: will.incarnation };
  const presence = readPresence(plan, packet);
  return presence && { kind: presence.word, client: presence.client, incarnation: presence.incarnation };
}

/**
 * The state of a payload of the user's own, which names no life: one that is due, where its payload is the same; else
 * that of the last life before.
 */
function ownState(
  plan: FleetPlan,
  client: number,
  { payload }: SeenMessage,
  { states }: PresenceTruth,
): FoundState | undefined {
  const due = states.find((state) => state !== undefined && sameBytes(askedOf(plan, state).payload, payload));
  if (due !== undefined) return { kind: due.kind, client, incarnation: due.life.incarnation };
  const last = states.at(-1);
  const incarnation = last?.life.incarnation ?? 1;
  const is = (message: OwnMessage, of: number) => {
    const own = ownPayloadOf(plan, message, { client, incarnation: of });
    return own !== undefined && sameBytes(own, payload);
  };
  if (is("online", incarnation)) return { kind: "online", client, incarnation };
  const before = Math.max(1, incarnation - 1);
  return is("will", before) || is("will", incarnation) ? { kind: "gone", client, incarnation: before } : undefined;
}

/** The message of a state, as its client requested it. */
function askedOf(plan: FleetPlan, { kind, life }: PresenceState) {
  return kind === "gone" ? willOf(plan, life) : presenceMessage(plan, life, kind);
}

/** Byte for byte: the parts in which a retained message differs from its client's request. */
function partsDiffering(
  plan: FleetPlan,
  state: PresenceState,
  packet: Reading["packet"] & object,
  seen: Reading["seen"],
  truth: PresenceTruth,
  nowMs: number,
): PresencePart[] {
  const { kind, life } = state;
  const asked = askedOf(plan, state);
  const parts: PresencePart[] = [];
  if (packet.topic !== asked.topic) parts.push("topic");
  if (!sameBytes(packet.payload, asked.payload)) parts.push("payload");
  if (packet.qos !== Math.min(life.qos, seen.grantedQos)) parts.push("QoS");
  // A message from the store has the retain flag. [MQTT311 3.3.1-8] 5.0 has this in its section 3.8.3.1, by no number.
  if (!packet.retain) parts.push("retain flag");
  if (seen.version === 4) return parts;
  const came = packet.properties ?? {};
  parts.push(...differingProperties(came, asked.properties ?? {}));
  if (packet.strays !== undefined) parts.push(...packet.strays);
  // The time in which it has waited is taken off; since when a will waits, its watchers judge. [MQTT5 3.3.2-6]
  const waitedS = kind === "gone" || truth.states.length > 1 ? undefined : (nowMs - truth.sinceMs) / 1_000;
  const [expiryS, askedS] = [came.messageExpiryIntervalS, asked.properties?.messageExpiryIntervalS];
  if (waitedS === undefined || expiryS === undefined || askedS === undefined) return parts;
  const isOff = Math.abs(askedS - waitedS - expiryS) > expiryToleranceS;
  if (isOff && !parts.includes("messageExpiryIntervalS")) parts.push("messageExpiryIntervalS");
  return parts;
}
