/**
 * The coordinator of a run in several parts: gathers them, lets all of them connect, then kill, and collects their
 * reports. A pure state machine: its owner passes it messages and the time, and carries out what it asks of its host.
 */
import { formatCount } from "../base/units.ts";
import { InvariantError } from "../base/failure.ts";
import { nextState, type StateTable } from "../base/state_table.ts";
import type { Notice } from "../fleet/result/result.ts";
import {
  askAgainMs,
  beatEveryMs,
  endWithinMs,
  freshMs,
  goLeastMs,
  overForMs,
  seatSilentMs,
  statusEveryMs,
  warnLateMs,
  warnSilentMs,
} from "./limits.ts";
import type { PartIdentity, PartStatus, RunState, StepDone, ToCoordinator, ToPart } from "./message.ts";
import type { CoordinatorHost, CoordinatorOptions, RunEnd } from "./coordinator_host.ts";
import { partText, Roster, type Seat } from "./roster.ts";

type RunEvent = "gathered" | "ready" | "reported" | "abort" | "ended";

const table: StateTable<RunState, RunEvent> = {
  gather: { gathered: "connect", abort: "end" },
  connect: { ready: "kill", abort: "end" },
  kill: { reported: "over", abort: "end" },
  end: { ended: "over" },
  over: {},
};

export class Coordinator {
  readonly roster: Roster;
  readonly #host: CoordinatorHost;
  readonly #options: CoordinatorOptions;
  #state: RunState = "gather";
  #sinceMs: number;
  #beatMs = -Infinity;
  #killAtMs: number | undefined;
  #end: RunEnd = {};
  /** The number of actions on the broker that have begun, and the last one that is done. */
  #stepsBegun = 0;
  #stepDone: StepDone | undefined;
  #announced = -1;
  /** Why each process of another version was refused, by its id. */
  readonly #refused = new Map<string, string>();

  constructor(options: CoordinatorOptions, host: CoordinatorHost, nowMs: number) {
    this.#options = options;
    this.#host = host;
    this.#sinceMs = nowMs;
    this.roster = new Roster(options.parts);
  }

  get state(): RunState {
    return this.#state;
  }

  /** When the state began. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** The instant of the first kill, once it is decided. */
  get killAtMs(): number | undefined {
    return this.#killAtMs;
  }

  /** True once the run is over and every part has had the time to learn it. */
  isOver(nowMs: number): boolean {
    return this.#state === "over" && nowMs >= this.#sinceMs + overForMs;
  }

  /** How the run ended. */
  get end(): RunEnd {
    return this.#end;
  }

  /** Ends the run early. */
  abort(why: string, nowMs: number, usage?: true): void {
    if (this.#state === "end" || this.#state === "over") return;
    this.#end = { why, ...usage && { usage } };
    const isEmpty = this.#state === "gather";
    this.#enter("abort", nowMs);
    if (isEmpty) this.#enter("ended", nowMs);
  }

  receive(message: ToCoordinator, nowMs: number): void {
    switch (message.type) {
      case "join":
        return this.#join(message.who, message.confirm, nowMs);
      case "ping":
        return this.#host.answer(message.id, {
          ...{ type: "pong", ping: message.ping, sentMs: message.sentMs, atMs: nowMs },
        });
      case "leave": {
        const seat = this.roster.leave(message.id);
        if (seat !== undefined) this.#notice("info", `${this.#text(seat)} has left`);
        return;
      }
      case "status":
        return this.#status(message, nowMs);
    }
  }

  /** The stored report of a part is here. */
  found(part: number, nowMs: number): void {
    const seat = this.roster.seats.find((each) => each.part === part);
    if (seat === undefined) throw new InvariantError(`part ${part} has a report and no process`);
    seat.reported = true;
    seat.heardMs = nowMs;
    this.#host.answer(seat.who.id, { type: "kept" });
  }

  /** An action on the broker is done, or has failed. */
  acted(done: StepDone): void {
    this.#stepDone = done;
    this.#beatMs = -Infinity;
  }

  turn(nowMs: number): void {
    this.#step(nowMs);
    if (nowMs < this.#beatMs + beatEveryMs) return;
    this.#beatMs = nowMs;
    const { why } = this.#end;
    this.#host.beat({
      state: this.#state,
      ...this.#killAtMs !== undefined && { killAtMs: this.#killAtMs },
      ...why !== undefined && { why },
      ...this.#stepDone && { done: this.#stepDone },
    });
  }

  #enter(event: RunEvent, nowMs: number): void {
    this.#state = nextState("run in parts", table, this.#state, event);
    this.#sinceMs = nowMs;
    // A new state is sent at once.
    this.#beatMs = -Infinity;
  }

  #join(who: PartIdentity, confirm: number | undefined, nowMs: number): void {
    const answer = (message: ToPart) => this.#host.answer(who.id, message);
    const { version, task, parts: of } = this.#options;
    if (who.version !== version) {
      const why = `the part on ${who.host} is mqtt-sim ${who.version}, the coordinator is ${version}`;
      if (!this.#refused.has(who.id)) this.#notice("warning", why);
      this.#refused.set(who.id, why);
      return answer({ type: "no", why, exitCode: 2 });
    }
    if (confirm !== undefined && this.#state === "gather") return answer({ type: "again" });
    const seat = this.#state === "over" || this.#state === "end"
      ? this.roster.seatOf(who.id)
      : this.roster.join(who, nowMs);
    if (seat !== undefined) {
      const confirmed = this.#state === "connect" && confirm === seat.part;
      return answer({ type: "seat", part: seat.part, of, task, confirmed });
    }
    if (this.#state === "gather") return answer({ type: "wait" });
    answer({ type: "no", why: `all ${formatCount(of)} parts of the run have their process`, exitCode: 0 });
  }

  #status(status: PartStatus, nowMs: number): void {
    const seat = this.roster.report(status, nowMs);
    if (seat === undefined) {
      const gone = { type: "no", why: "another process has its part", exitCode: 0 } as const;
      return this.#host.answer(status.id, this.roster.frozen || this.#state !== "gather" ? gone : { type: "again" });
    }
    for (const notice of status.notices ?? []) {
      this.#host.notice({ ...notice, text: `${this.#text(seat)}: ${notice.text}` });
    }
    this.#warnOfLate(seat);
    if (seat.reported) this.#host.answer(status.id, { type: "kept" });
    const why = seat.why === undefined ? "" : `: ${seat.why}`;
    if (seat.state === "unfit") this.abort(`${this.#text(seat)}${why}`, nowMs, true);
    else if (seat.state === "failed") this.#goesWithout(seat, "void", `${this.#text(seat)} ended early${why}`, nowMs);
    else if (seat.state === "done") {
      this.#seek(seat, nowMs);
      if (this.#state === "connect") {
        this.abort(`${this.#text(seat)} ended before its clients were connected${why}`, nowMs);
      }
    }
  }

  #step(nowMs: number): void {
    switch (this.#state) {
      case "gather":
        return this.#gather(nowMs);
      case "connect":
        return this.#connect(nowMs);
      case "kill":
        return this.#kill(nowMs);
      case "end":
        return this.#collect(nowMs);
    }
  }

  #gather(nowMs: number): void {
    const { roster } = this;
    for (const seat of roster.dropSilent(nowMs, seatSilentMs)) {
      this.#notice(
        "info",
        `${this.#text(seat)} was silent for ${seatSilentMs / 1_000} s: another process may take its part`,
      );
    }
    const here = roster.seats.filter(({ state }) => state === "gathered").length;
    if (here !== this.#announced) {
      this.#notice("info", `${formatCount(here)} of ${formatCount(roster.of)} parts are here`);
    }
    this.#announced = here;
    // The roster is final: a process that has just died must not be in it.
    if (roster.isGathered && roster.seats.every(({ heardMs }) => nowMs - heardMs <= freshMs)) {
      roster.freeze();
      return this.#enter("gathered", nowMs);
    }
    const { gatherMs } = this.#options.limits;
    if (nowMs < this.#sinceMs + gatherMs) return;
    const missing = formatCount(roster.of - here);
    const fewer = here === 0 ? "" : `, or --parts ${formatCount(here)}`;
    this.abort(
      `${formatCount(here)} of ${formatCount(roster.of)} parts came within ${
        durationText(gatherMs)
      }: run mqtt-sim part ` +
        `on ${missing} more${fewer}${this.#refusedText()}`,
      nowMs,
    );
  }

  #refusedText(): string {
    const [first] = this.#refused.values();
    return first === undefined ? "" : `; ${formatCount(this.#refused.size)} refused: ${first}`;
  }

  #connect(nowMs: number): void {
    const { seats } = this.roster;
    if (seats.every(({ state }) => state === "ready")) {
      const slowestMs = Math.max(0, ...seats.map(({ clock }) => clock?.rttMs ?? 0));
      this.#killAtMs = nowMs + Math.max(goLeastMs, 4 * slowestMs);
      return this.#enter("ready", nowMs);
    }
    if (this.#isLost(nowMs, "while the fleet connected")) return;
    const { connectMs } = this.#options.limits;
    if (nowMs < this.#sinceMs + connectMs) return;
    const slow = seats.filter(({ state }) => state !== "ready");
    const lost = slow.find(({ heardMs }) => nowMs - heardMs > warnSilentMs);
    if (lost !== undefined) return this.abort(this.#lostText(lost, "while the fleet connected", nowMs), nowMs);
    const others = slow.length === 1 ? "" : ` and ${formatCount(slow.length - 1)} other parts`;
    this.abort(
      `the clients of ${this.#text(slow[0]!)}${others} were not connected within ${durationText(connectMs)}`,
      nowMs,
    );
  }

  #kill(nowMs: number): void {
    const { lateMs, killMs } = this.#options.limits;
    this.#seekAll(nowMs);
    const late = this.roster.seats.filter((seat) => (seat.lateMs ?? 0) > lateMs);
    for (const seat of late) seat.gone ??= "void";
    const open = this.roster.seats.filter(({ reported, gone }) => !reported && gone !== "lost");
    if (open.length === 0) {
      if (late.length > 0 && !this.#allowsLosses()) {
        const [first] = late as [Seat];
        this.#end = { why: lateText(this.#text(first), first.lateMs!) };
      }
      return this.#enter("reported", nowMs);
    }
    if (this.#isLost(nowMs, "while the fleet was killed")) return;
    this.#actIfAllWait();
    if (nowMs < this.#killAtMs! + killMs) return;
    for (const seat of open) {
      const why = `${this.#text(seat)} left no report within ${durationText(killMs)} after the first kill`;
      this.#goesWithout(seat, "lost", why, nowMs);
    }
  }

  /** Each part that goes on with the plan waits for the next action on the broker: the coordinator carries it out once. */
  #actIfAllWait(): void {
    const [next, done] = [this.#stepsBegun, this.#stepDone?.step ?? -1];
    if (next >= this.#options.steps || done < next - 1) return;
    const going = this.roster.seats.filter(({ state, reported, gone }) =>
      !reported && gone !== "lost" && state !== "done" && state !== "failed"
    );
    if (going.length === 0 || !going.every(({ step = -1 }) => step >= next)) return;
    this.#stepsBegun++;
    this.#host.act(next);
  }

  /** A part does not carry out the plan: the run ends, unless it may go on without that part. */
  #goesWithout(seat: Seat, as: "void" | "lost", why: string, nowMs: number): void {
    if (seat.gone === as || seat.gone === "lost") return;
    seat.gone = as;
    if (this.#state !== "kill" || !this.#allowsLosses()) return this.abort(why, nowMs);
    this.#notice("warning", `${why}; the run goes on without it`);
  }

  #allowsLosses(): boolean {
    const count = (as: Seat["gone"]) => this.roster.seats.filter(({ gone }) => gone === as).length;
    return this.#options.allows?.({ voids: count("void"), lost: count("lost") }) ?? false;
  }

  /** The run ended early: the reports that come within a while count. */
  #collect(nowMs: number): void {
    this.#seekAll(nowMs);
    const isQuiet = this.roster.seats.every(({ reported, heardMs }) => reported || nowMs - heardMs > warnSilentMs);
    if (isQuiet || nowMs >= this.#sinceMs + endWithinMs) this.#enter("ended", nowMs);
  }

  #seekAll(nowMs: number): void {
    for (const seat of this.roster.seats) {
      const isSilent = nowMs - seat.heardMs > warnSilentMs;
      const mayHaveIt = seat.state === "done" || seat.gone !== undefined || isSilent || this.#state === "end";
      if (!seat.reported && mayHaveIt) this.#seek(seat, nowMs);
    }
  }

  #seek(seat: Seat, nowMs: number): void {
    if (seat.reported || nowMs < seat.soughtMs + askAgainMs) return;
    seat.soughtMs = nowMs;
    this.#host.seek(seat.part);
  }

  /** Warns of silent parts; ends the run where one is lost. A part whose report is stored is not lost. */
  #isLost(nowMs: number, when: string): boolean {
    const { silenceMs } = this.#options.limits;
    for (const seat of this.roster.seats) {
      const silentMs = nowMs - seat.heardMs;
      if (seat.reported || seat.gone === "lost" || silentMs <= Math.min(warnSilentMs, silenceMs)) continue;
      if (silentMs > silenceMs) {
        const silence = durationText(silenceMs);
        if (this.#hearsNone(nowMs)) {
          this.abort(
            `all parts were silent for ${silence} ${when}: NATS is not reachable, or all parts were lost`,
            nowMs,
          );
          return true;
        }
        this.#goesWithout(seat, "lost", this.#lostText(seat, when, nowMs), nowMs);
        if (this.#end.why !== undefined) return true;
        continue;
      }
      if (!seat.warned) this.#notice("warning", `${this.#text(seat)} is silent for ${durationText(warnSilentMs)}`);
      seat.warned = true;
    }
    return false;
  }

  /** True where several parts have no report yet, and none of these was heard for as long as the silence of a lost part. */
  #hearsNone(nowMs: number): boolean {
    const open = this.roster.seats.filter(({ reported, gone }) => !reported && gone !== "lost");
    const silentMs = this.#options.limits.silenceMs - 2 * statusEveryMs;
    return open.length > 1 && open.every(({ heardMs }) => nowMs - heardMs > silentMs);
  }

  /** Warns of a part that begins to kill after the others. */
  #warnOfLate(seat: Seat): void {
    if (seat.warnedLate || (seat.lateMs ?? 0) <= warnLateMs) return;
    seat.warnedLate = true;
    this.#notice("warning", lateText(this.#text(seat), seat.lateMs!));
  }

  #lostText(seat: Seat, when: string, nowMs: number): string {
    const silentMs = Math.min(nowMs - seat.heardMs, this.#options.limits.silenceMs);
    return `${this.#text(seat)} was lost ${when}: it was silent for ${durationText(silentMs)}`;
  }

  #text(seat: Seat): string {
    return partText(seat, this.roster.of);
  }

  #notice(level: Notice["level"], text: string): void {
    this.#host.notice({ level, text });
  }
}

function lateText(part: string, lateMs: number): string {
  return `${part} began to kill ${formatCount(Math.round(lateMs))} ms after the others`;
}

function durationText(ms: number): string {
  return ms >= 120_000 ? `${formatCount(Math.round(ms / 60_000))} min` : `${formatCount(Math.round(ms / 100) / 10)} s`;
}
