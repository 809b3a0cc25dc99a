/**
 * Judges a recording again: its events pass through the records, the oracle and the tally of a run, which give one
 * result. The action of an event is in the table here; its fields are in src/fleet/recording/record_event.ts.
 */
import { UsageError } from "../base/failure.ts";
import { formatCount } from "../base/units.ts";
import type { KilledCanary } from "./ledger/canary_log.ts";
import { Groups } from "./plan/groups.ts";
import type { Life, WillMark } from "./life/life.ts";
import { beginLife } from "./life/life.ts";
import type { LifeRow } from "./ledger/life_row.ts";
import { mergeResults } from "./merge/merge.ts";
import { hasOutage } from "./plan/phases.ts";
import type { FleetPlan } from "./plan/plan.ts";
import type { PresenceAuditor } from "./ledger/presence_auditor.ts";
import type { Stay } from "./oracle/presence_oracle.ts";
import type { EventKind, RecordEvent } from "./recording/record_event.ts";
import type { RecordHeader } from "./recording/record_header.ts";
import type { Absence, Restarted } from "./result/restart_result.ts";
import type { FleetResult } from "./result/result.ts";
import type { SparkplugAuditor } from "./ledger/sparkplug_auditor.ts";
import { SquadRecorder } from "./ledger/squad_recorder.ts";

/** An event of one kind. */
type Of<Kind extends EventKind> = Extract<RecordEvent, { readonly kind: Kind }>;

/** The action of an event on its squad's records, at an instant of the clock of the run. */
type SquadAct = { [Kind in EventKind]?: (squad: SquadReplay, event: Of<Kind>, atMs: number) => void };

const squadActs = {
  phase: ({ books }, { phase }, atMs) => phase === "done" ? undefined : books.enter(phase, atMs),
  ready: ({ books }, _, atMs) => books.ramped(atMs),
  settle: ({ books }, _, atMs) => books.settle(atMs),
  stall: ({ books }, { ms }, atMs) => books.stall(ms, atMs),
  control: (squad, event, atMs) => squad.books.canaryOver(event.seen, squad.killedCanary(event), atMs),
  proof: (squad, { client, copy, sinceMs, altered = [] }, atMs) =>
    squad.books.canaryWill({ client, copy, altered }, atMs, sinceMs === undefined ? atMs : squad.instant(sinceMs)),
  void: ({ books }, { text }, atMs) => books.makeVoid(text, atMs),
  interrupted: ({ books }, _, atMs) => books.interrupt(atMs),
  load: ({ books }, { group, ...counts }, atMs) => books.load(group, counts, atMs),
  done: (squad, { telemetry, watchedUntilMs: until }, atMs) =>
    squad.close(telemetry, atMs, until === undefined ? atMs : squad.instant(until)),
  order: ({ books }, { client, mode, plannedMs }, atMs) =>
    books.order({ client, mode, atMs: plannedMs, reconnectAfterMs: 0 }, atMs),
  call: () => {},
  connect: (squad, event, atMs) => squad.begin(event, atMs),
  connack: (squad, event, atMs) => squad.answer(event, atMs),
  failed: ({ books }, { client, text }, atMs) => books.lives.fail(client, text, atMs),
  deferred: ({ books }, { client, mode }, atMs) => books.lives.defer(client, mode, atMs),
  takeover: (squad, { client, dueMs }, atMs) => squad.books.lives.takeOver(client, squad.instant(dueMs), atMs),
  kick: (squad, { client, dueMs }, atMs) => squad.books.lives.kick(client, squad.instant(dueMs), atMs),
  overslept: (squad, event, atMs) => squad.books.lives.oversleep(squad.life(event), atMs),
  killed: (squad, event, atMs) => squad.kill(event, atMs),
  closing: (squad, event, atMs) => squad.books.lives.closing(squad.killed(event), squad.instant(event.sinceMs), atMs),
  closed: (squad, event, atMs) => squad.books.lives.closed(squad.killed(event), squad.instant(event.sinceMs), atMs),
  cut: (squad, event, atMs) => squad.books.lives.cut(squad.killed(event), atMs),
  lost: (squad, event, atMs) => squad.books.lives.lose(squad.life(event), atMs, event.text),
  unanswered: (squad, event, atMs) => squad.books.lives.unanswered(squad.life(event), atMs),
  left: (squad, event, atMs) => squad.books.lives.leave(squad.life(event), atMs),
  faulty: ({ books }, { text }, atMs) => books.lives.faultyPacket(text, atMs),
  referred: ({ books }, { text }, atMs) => books.lives.refer(text, atMs),
  down: (squad, { node }, atMs) => squad.goDown(atMs, node),
  held: ({ books }, { ms }, atMs) => books.hold(ms, atMs),
  serves: (squad, _, atMs) => squad.downBooks.serves(atMs),
  ended: (squad, event, atMs) => squad.books.lives.endByRestart(squad.life(event), squad.instant(event.sinceMs), atMs),
  absent: (squad, event) => squad.miss(event),
  up: (squad, { survived }, atMs) => squad.comeBack(survived, atMs),
  will: (squad, event, atMs) => squad.see(event, atMs),
  redelivery: ({ books }, event, atMs) => {
    const { copy, topic, version, qos, dup } = event;
    const times = { atMs, sinceMs: atMs };
    books.ledger.redelivered({
      copy,
      topic,
      mark: markOf(event),
      version,
      qos,
      retain: false,
      dup,
      expires: false,
      ...times,
    });
  },
  blind: (squad, { bucket, copy, fromMs }, atMs) =>
    squad.books.blind({ bucket, copy, fromMs: squad.instant(fromMs) }, atMs),
  found: ({ books }, event, atMs) => books.find(event.topic, { mark: markOf(event), retain: event.retain }, atMs),
  looked: ({ books }, _, atMs) => books.looked(atMs),
  said: (squad, event, atMs) => squad.presence.book.say(squad.stay(event), event.word, atMs),
  heard: (squad, event, atMs) => squad.presence.book.heard(squad.stay(event), event.word, event.taken, atMs),
  word: (squad, { word }, atMs) => squad.presence.book.count(word, atMs),
  look: (squad, { moment }, atMs) => squad.presence.look(moment, atMs),
  read: (squad, event, atMs) => squad.read(event, atMs),
  published: (squad, event, atMs) => squad.sparkplug.born(nodeMark(event), event.again, atMs),
  announced: (squad, event, atMs) => squad.sparkplug.announce(nodeMark(event), atMs),
  birth: (squad, event, atMs) => squad.sparkplug.seeBirth(nodeMark(event), event.copy, atMs),
  death: (squad, event, atMs) => void squad.sparkplug.takesOwnDeath(nodeMark(event), event.copy, atMs),
  host: (squad, event, atMs) => squad.sparkplug.seeHost(event, atMs),
} as const satisfies SquadAct;

function markOf({ client, life }: { readonly client?: number; readonly life?: number }): WillMark | undefined {
  return client === undefined || life === undefined ? undefined : { client, incarnation: life };
}

function nodeMark({ client, life }: { readonly client: number; readonly life: number }): WillMark {
  return { client, incarnation: life };
}

type OnLife = ((row: LifeRow) => void) | undefined;

/** The lives of one client that an event may still name: the last, and the one before it that it followed. */
interface LastLives {
  readonly life: Life;
  readonly previous: Life | undefined;
}

/** One squad's part of a recording. */
class SquadReplay {
  readonly books: SquadRecorder;
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #originMs: number;
  readonly #lives = new Map<number, LastLives>();
  /** Of the restart under way. */
  #absences: Absence[] = [];
  #lastMs: number;
  #closed = false;

  constructor({ plan, protocol, originMs }: RecordHeader, onLife: OnLife) {
    this.#plan = plan;
    this.#groups = new Groups(plan, protocol);
    this.#originMs = this.#lastMs = originMs;
    this.books = new SquadRecorder(plan, this.#groups, originMs);
    this.books.ledger.onLife = onLife;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** An instant of the recording by the clock of the run: sums and differences are equal to the last bit. */
  instant(ms: number): number {
    return this.#originMs + ms;
  }

  take(event: RecordEvent): void {
    const atMs = this.#lastMs = this.instant(event.atMs);
    const act = squadActs[event.kind as keyof typeof squadActs] as (
      squad: SquadReplay,
      event: RecordEvent,
      atMs: number,
    ) => void;
    act(this, event, atMs);
  }

  life({ client, life }: { readonly client: number; readonly life: number }): Life {
    return this.#find(client, life) ?? unknownLife(client, life);
  }

  /** A life that has ended. */
  killed(event: { readonly client: number; readonly life: number }): Life {
    const life = this.life(event);
    return life.end === undefined
      ? refuse(`life ${event.life} of client ${event.client} has not ended at this point`)
      : life;
  }

  #find(client: number, incarnation: number): Life | undefined {
    const last = this.#lives.get(client);
    if (last?.life.incarnation === incarnation) return last.life;
    return last?.previous?.incarnation === incarnation ? last.previous : undefined;
  }

  /** The fate of a killed canary; a recording of an earlier version does not have it. */
  killedCanary(event: Of<"control">): KilledCanary | undefined {
    const { client, bucket, version, mode, connectedMs, killedMs } = event;
    if (client === undefined || bucket === undefined || version === undefined || mode === undefined) return undefined;
    if (connectedMs === undefined || killedMs === undefined) return undefined;
    const instants = { connectedMs: this.instant(connectedMs), killedMs: this.instant(killedMs) };
    return { client, bucket, version, mode, ...instants };
  }

  begin(event: Of<"connect">, atMs: number): void {
    const { client, life: incarnation, bucket, version, qos, clean: cleanStart, after, node } = event;
    if (client >= this.#plan.clients) unknownLife(client, incarnation);
    const previous = after === undefined ? undefined : this.life({ client, life: after });
    const plan = this.#groups.planOf(client);
    const at = node === undefined ? {} : { node };
    const life = { ...beginLife(plan, { number: client, bucket, version }, incarnation), qos, cleanStart, ...at };
    this.#lives.set(client, { life, previous });
    if (plan.presence) this.presence.book.begin(life);
    this.books.lives.begin(life, previous, atMs);
  }

  answer(event: Of<"connack">, atMs: number): void {
    const { client, code, present, keepAliveS, sessionExpiryS, first = false } = event;
    const life = this.life(event);
    const { previous } = this.#lives.get(client)!;
    if (code === 0) this.books.lives.accept(life, previous, { present, keepAliveS, sessionExpiryS, first }, atMs);
    else this.books.lives.refuse(life, previous, code, atMs);
  }

  kill(event: Of<"killed">, doneMs: number): void {
    const { mode, dueMs, lastPacketMs, silent = false, sinceMs, detail } = event;
    const since = sinceMs === undefined ? {} : { sinceMs: this.instant(sinceMs) };
    const end = { mode, dueMs: this.instant(dueMs), doneMs, silent, ...since, ...detail !== undefined && { detail } };
    this.books.lives.kill(this.life(event), end, this.instant(lastPacketMs));
  }

  goDown(atMs: number, node: number | undefined): void {
    if (this.books.ledger.restarts.underWay) refuse("the broker is already down at this point");
    this.books.goDown(atMs, node);
  }

  /** The records during a broker restart. */
  get downBooks(): SquadRecorder {
    return this.books.ledger.restarts.underWay ? this.books : refuse("the broker is not down at this point");
  }

  miss({ bucket, copy, toMs, forgotten, atQos0 = false }: Of<"absent">): void {
    const { fromMs } = this.downBooks.ledger.restarts.windows.at(-1)!;
    this.#absences.push({ bucket, copy, fromMs, toMs: this.instant(toMs), forgotten, ...atQos0 && { atQos0 } });
  }

  comeBack(survived: number, atMs: number): void {
    this.downBooks.comeBack({ absences: this.#absences, survived }, atMs);
    this.#absences = [];
  }

  see(event: Of<"will">, atMs: number): void {
    const { copy, topic, version, qos, retain, dup, addsExpiry: expires = false, sinceMs, altered = [] } = event;
    const since = sinceMs === undefined ? atMs : this.instant(sinceMs);
    const sighting = { copy, topic, mark: markOf(event), version, qos, retain, dup, expires, atMs, sinceMs: since };
    this.books.seeWill(sighting, () => altered);
  }

  get presence(): PresenceAuditor {
    return this.books.presence ?? refuse("the plan has no presence");
  }

  get sparkplug(): SparkplugAuditor {
    return this.books.sparkplug ?? refuse("the plan has no Sparkplug");
  }

  /** The record of a life whose client publishes its presence. */
  stay({ client, life }: { readonly client: number; readonly life: number }): Stay {
    const stay = this.presence.book.livesOf(client).find((stay) => stay.life.incarnation === life);
    return stay ?? unknownLife(client, life);
  }

  read({ moment, client, fromMs, found: kind, of, life, altered = [] }: Of<"read">, atMs: number): void {
    if (!this.presence.hasLooked(moment)) refuse(`no presence check has begun in the ${moment}`);
    const found = kind === undefined || kind === "foreign" ? kind : { kind, client: of ?? -1, incarnation: life ?? -1 };
    this.presence.read({ moment, client, fromMs: this.instant(fromMs), found }, () => altered, atMs);
  }

  close(telemetry: number, atMs: number, watchedUntilMs = atMs): void {
    this.#closed = true;
    this.books.close(telemetry, atMs, watchedUntilMs);
  }

  /** The replay judges an incomplete recording as of its last instant. */
  cut(): void {
    if (!this.#closed) this.close(0, this.#lastMs);
  }
}

function unknownLife(client: number, life: number): never {
  return refuse(`client ${client} has no life ${life} at this point`);
}

function refuse(sentence: string): never {
  throw new UsageError(sentence);
}

/** Reads a recording event by event. */
export class Replay {
  readonly #header: RecordHeader;
  readonly #onLife: OnLife;
  readonly #squads = new Map<number, SquadReplay>();
  readonly #warnings: string[] = [];
  readonly #restarted: Restarted[] = [];
  #dropped: { readonly before: number; readonly after: number } | undefined;
  #counters: { readonly fromMs: number; readonly toMs: number } | undefined;
  #aborted: string | undefined;
  #usage = { cpuMs: 0, rssBytes: 0 };
  #end: Of<"end"> | undefined;
  #lastMs = 0;
  #events = 0;

  /** @param onLife called with every life as it is judged */
  constructor(header: RecordHeader, onLife?: (row: LifeRow) => void) {
    this.#header = header;
    this.#onLife = onLife;
  }

  /** Takes the next event. @throws UsageError when it does not fit the events before it */
  take(event: RecordEvent): void {
    this.#lastMs = Math.max(this.#lastMs, event.atMs);
    switch (event.kind) {
      case "warning":
        return void this.#warnings.push(event.text);
      case "restarted":
        return this.#restart(event);
      case "dropped":
        this.#dropped = { before: event.before, after: event.after };
        if (event.fromMs !== undefined) this.#counters = { fromMs: event.fromMs, toMs: Math.round(event.atMs) };
        return;
      case "aborted":
        this.#aborted = event.text;
        return;
      case "usage":
        this.#usage = { cpuMs: event.cpuMs, rssBytes: event.rssBytes };
        return;
      case "end":
        this.#end = event;
        return;
      default:
        this.#events++;
        return this.#squad(event.squad!).take(event);
    }
  }

  #restart({ atMs, downMs, commandMs, node }: Of<"restarted">): void {
    const { originMs } = this.#header;
    const took = commandMs === undefined ? {} : { commandMs };
    const of = node === undefined ? {} : { node };
    this.#restarted.push({ kind: "back", downMs: originMs + downMs, backMs: originMs + atMs, ...took, ...of });
  }

  #squad(number: number): SquadReplay {
    if (number < 0 || number >= this.#header.plan.workers) throw new UsageError(`there is no squad ${number}`);
    let squad = this.#squads.get(number);
    if (squad === undefined) this.#squads.set(number, squad = new SquadReplay(this.#header, this.#onLife));
    return squad;
  }

  /** The result of the run, or of the part that exists: an incomplete recording makes it void, with the reason. */
  result(): FleetResult {
    const { plan, spoken: protocol, target, startedAt, engine, floor, brokerName, originMs } = this.#header;
    const squads = [...this.#squads].toSorted(([one], [other]) => one - other).map(([, squad]) => squad);
    for (const squad of squads) squad.cut();
    const facts = {
      ...{ plan, protocol, target, startedAt, warnings: this.#warnings, resources: this.#usage },
      durationMs: this.#end?.durationMs ?? this.#lastMs,
      ...this.#dropped && { dropped: this.#dropped },
      ...this.#counters && { counters: this.#counters },
      ...this.#aborted !== undefined && { aborted: this.#aborted },
      // A restart that never began restarted no broker.
      ...hasOutage(plan) && this.#end?.reason === undefined && { restarts: this.#restarted, originMs },
      ...engine !== undefined && { engine },
      ...floor !== undefined && { floor },
      ...brokerName !== undefined && { broker: brokerName },
    };
    const reason = this.#cutReason() ?? this.#end?.reason;
    const gap = this.#gapReason();
    const result = mergeResults({ ...facts, gap }, squads.map(({ books }) => books.result()), reason);
    return { ...result, ...this.#end?.notSpoken && { notSpoken: true } };
  }

  /** The events are complete up to the end of the recording: their proof is valid. */
  #cutReason(): string | undefined {
    if (this.#end !== undefined) return undefined;
    return `the recording is truncated: it ends ${
      seconds(this.#lastMs)
    } after the start of the run, before the end of the run; the events ` +
      "until then are judged";
  }

  /** The middle of the recording lacks events, and a will may be among them: it proves no fault. */
  #gapReason(): string | undefined {
    const end = this.#end;
    const what = "its events are counted, but prove nothing";
    if (end === undefined) return undefined;
    if (end.events !== this.#events) {
      return `the recording is incomplete: it has ${formatCount(this.#events)} events of ${
        formatCount(end.events)
      }; ${what}`;
    }
    if (end.lost === 0) return undefined;
    const events = end.lost === 1 ? "one event was" : `${formatCount(end.lost)} events were`;
    return `the recording has a gap: ${events} lost because they could not be written fast enough; ${what}`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
