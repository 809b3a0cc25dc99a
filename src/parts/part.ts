/**
 * One part of a run: a process that gets its number from the coordinator, connects its share of the clients when the
 * roster has it, kills at the common instant, and stores its report. A pure state machine: its owner passes it messages,
 * events of the fleet and the time, and carries out what it asks of its host.
 */
import { nextState } from "../base/state_table.ts";
import type { Notice, Progress } from "../fleet/result/result.ts";
import { ClockOffset } from "./clock_offset.ts";
import {
  askAgainMs,
  coordinatorSilentMs,
  keptWithinMs,
  orphanMs,
  pingEveryMs,
  saveAgainMs,
  saveForMs,
  statusEveryMs,
} from "./limits.ts";
import type { Beat, PartIdentity, PartsTask, PartState, StepDone, ToCoordinator, ToPart } from "./message.ts";
import { type PartEvent, partTable, shownStates, type State, states } from "./part_states.ts";

/** The actions of a part, carried out by its owner. */
export interface PartHost {
  send(message: ToCoordinator): void;
  /** Compares the limits of this machine with the share of the part; then calls `checked`. */
  check(task: PartsTask, part: number, of: number): void;
  /** Connects the clients; then calls `connected`, and at the end `finished` or `broke`. */
  run(task: PartsTask, part: number, of: number): void;
  /** Lets the fleet kill from this instant of the part's clock on. */
  go(killMs: number): void;
  /** The action on the broker that the fleet waits for is done, or has failed; its instant is by the part's clock. */
  acted(done: StepDone): void;
  /** Ends the fleet early. */
  interrupt(): void;
  /** Stores the report; then calls `saved`. */
  save(): void;
}

/** How the process of a part ends. */
export interface PartEnd {
  readonly exitCode: 0 | 2 | 3 | 130;
  /** Why, in a sentence. */
  readonly text: string;
}

export class Part {
  readonly #who: PartIdentity;
  readonly #host: PartHost;
  readonly #offset = new ClockOffset();
  #state: State = "join";
  #sinceMs: number;
  #heardMs: number;
  /** It has heard of its run. */
  #knows = false;
  #askedMs = -Infinity;
  #statusMs = -Infinity;
  #pingedMs = -Infinity;
  #pings = 0;
  #seat: { readonly part: number; readonly of: number; readonly task: PartsTask } | undefined;
  #progress: Progress | undefined;
  #notices: Notice[] = [];
  #lateMs: number | undefined;
  #killAtMs: number | undefined;
  #why: string | undefined;
  /** The reported fault, and the exit code that it leads to. */
  #fault: { readonly state: "unfit" | "failed"; readonly exitCode: PartEnd["exitCode"] } | undefined;
  #mayConnect = false;
  #interrupted = false;
  /** The fleet did not carry out the whole plan. */
  #endedEarly = false;
  /** The action on the broker that the fleet waits for. */
  #step: number | undefined;
  #lastStep: number | undefined;
  #end: PartEnd | undefined;

  constructor(who: PartIdentity, host: PartHost, nowMs: number) {
    this.#who = who;
    this.#host = host;
    this.#sinceMs = this.#heardMs = nowMs;
  }

  get state(): State {
    return this.#state;
  }

  /** How the process ends; undefined until then. */
  get end(): PartEnd | undefined {
    return this.#end;
  }

  /** The part's number and task, once it has one. */
  get seat(): { readonly part: number; readonly of: number; readonly task: PartsTask } | undefined {
    return this.#seat;
  }

  /** The offset of the clock of the coordinator to this one. */
  get offset(): ClockOffset["best"] {
    return this.#offset.best;
  }

  /** How much later than the common instant the order to kill came. */
  get lateMs(): number | undefined {
    return this.#lateMs;
  }

  receive(message: ToPart, nowMs: number): void {
    if (this.#state === "over") return;
    this.#heard(nowMs);
    switch (message.type) {
      case "seat":
        return this.#seated(message, nowMs);
      case "again":
        if (this.#isBefore("connect")) this.#joinAgain(nowMs);
        return;
      case "no":
        if (this.#isBefore("connect")) this.#finish(message.exitCode, message.why, nowMs);
        return;
      case "pong":
        return this.#offset.answered(message.sentMs, message.atMs, nowMs);
      case "kept":
        if (this.#state === "done") this.#done(nowMs);
        return;
      case "wait":
        return;
    }
  }

  /** The state of the run. */
  beat({ state, killAtMs, why, done, dismissed }: Beat, nowMs: number): void {
    if (this.#state === "over") return;
    if (dismissed && this.#isBefore("connect")) return this.#finish(0, why ?? "no run comes", nowMs);
    // The coordinator has just begun: the requests before it were lost.
    if (!this.#knows) this.#askedMs = -Infinity;
    this.#heard(nowMs);
    if (state !== "gather") this.#mayConnect = true;
    if (state === "kill") this.#killAtMs = killAtMs;
    if (done !== undefined && this.#step !== undefined && done.step >= this.#step) this.#acted(done, this.#step);
    if (state === "end" || state === "over") this.#runEnds(why, state === "over", nowMs);
  }

  /** The machine fits the part; or why it does not, in a sentence. */
  checked(fault: string | undefined, nowMs: number): void {
    if (this.#state !== "check") return;
    if (fault === undefined) return this.#enter("fit", nowMs);
    this.#isFaulty("unfit", 2, fault, nowMs);
  }

  /** Every client is connected. */
  connected(nowMs: number): void {
    if (this.#state === "connect") this.#enter("connected", nowMs);
  }

  /** The fleet waits for an action on the broker. */
  atStep(step: number, nowMs: number): void {
    if (this.#state !== "kill") return;
    this.#step = this.#lastStep = step;
    this.#status(nowMs);
  }

  progress(progress: Progress): void {
    this.#progress = progress;
  }

  notice(notice: Notice): void {
    if (notice.level === "warning") this.#notices.push(notice);
  }

  /** The fleet is over, and has a report. @param why a sentence for a run that did not come to its kills */
  finished(why: string | undefined, nowMs: number): void {
    if (this.#state === "over") return;
    this.#why ??= why;
    this.#endedEarly = this.#interrupted || this.#isBefore("kill");
    this.#enter("finished", nowMs);
    this.#askedMs = nowMs;
    this.#host.save();
  }

  /** The fleet could not run, and has no report. */
  broke(why: string, exitCode: 2 | 3, nowMs: number): void {
    this.#isFaulty("failed", exitCode, why, nowMs);
  }

  /** The report is stored, or could not be stored now. */
  saved(isStored: boolean, nowMs: number): void {
    if (this.#state !== "save") return;
    if (isStored) {
      this.#enter("saved", nowMs);
      return this.#status(nowMs);
    }
    if (nowMs < this.#sinceMs + saveForMs) return;
    this.#finish(
      3,
      `the report could not be stored within ${saveForMs / 60_000} min: join the files of --report of all parts by ` +
        "mqtt-sim report merge",
      nowMs,
    );
  }

  /** The process is asked to end. */
  askedToEnd(nowMs: number): void {
    if (this.#state === "over" || this.#fault !== undefined) return;
    const why = "it was asked to end";
    if (this.#isBefore("connect")) {
      this.#host.send({ type: "leave", id: this.#who.id });
      return this.#finish(130, why, nowMs);
    }
    if (!this.#isBefore("save")) return;
    this.#fault = { state: "failed", exitCode: 130 };
    this.#why = why;
    this.#status(nowMs);
    this.#stop();
  }

  turn(nowMs: number): void {
    if (this.#state === "over") return;
    this.#watch(nowMs);
    if (this.#end !== undefined) return;
    if (this.#state === "ready") this.#goIfDue(nowMs);
    if (this.#isAsking(nowMs)) this.#ask(nowMs);
    if (this.#state === "save" && nowMs >= this.#askedMs + saveAgainMs) {
      this.#askedMs = nowMs;
      this.#host.save();
    }
    if (this.#seat !== undefined && nowMs >= this.#statusMs + statusEveryMs) this.#status(nowMs);
    if (this.#seat !== undefined && !this.#offset.isSettled && nowMs >= this.#pingedMs + pingEveryMs) {
      this.#pingedMs = nowMs;
      this.#host.send({ type: "ping", id: this.#who.id, ping: this.#pings++, sentMs: nowMs });
    }
  }

  #heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#knows = true;
  }

  #enter(event: PartEvent, nowMs: number): void {
    this.#state = nextState("part", partTable, this.#state, event);
    this.#sinceMs = nowMs;
    // A new state is sent at once.
    this.#statusMs = -Infinity;
  }

  #isBefore(state: State): boolean {
    return states.indexOf(this.#state) < states.indexOf(state);
  }

  #seated(seat: Extract<ToPart, { type: "seat" }>, nowMs: number): void {
    if (this.#state === "join") {
      this.#seat = seat;
      this.#enter("seat", nowMs);
      return this.#host.check(seat.task, seat.part, seat.of);
    }
    if (this.#state === "gathered" && seat.confirmed && seat.part === this.#seat!.part) {
      this.#enter("go-connect", nowMs);
      this.#host.run(seat.task, seat.part, seat.of);
    }
  }

  #joinAgain(nowMs: number): void {
    this.#seat = undefined;
    this.#askedMs = -Infinity;
    this.#enter("again", nowMs);
  }

  /** It asks for a number, or for the permission to connect once the others do. */
  #isAsking(nowMs: number): boolean {
    if (nowMs < this.#askedMs + askAgainMs) return false;
    return this.#state === "join" || (this.#state === "gathered" && this.#mayConnect);
  }

  #ask(nowMs: number): void {
    this.#askedMs = nowMs;
    const confirm = this.#state === "gathered" ? this.#seat!.part : undefined;
    this.#host.send({ type: "join", who: this.#who, ...confirm !== undefined && { confirm } });
  }

  #acted(done: StepDone, step: number): void {
    this.#step = undefined;
    if (done.step > step) return this.#host.acted({ step, fault: "the run went on while this part was silent" });
    this.#host.acted("fromMs" in done ? { ...done, fromMs: done.fromMs - this.#offset.best!.offsetMs } : done);
  }

  #goIfDue(nowMs: number): void {
    const offset = this.#offset.best;
    if (this.#killAtMs === undefined || offset === undefined) return;
    const killMs = this.#killAtMs - offset.offsetMs;
    this.#lateMs = Math.max(0, nowMs - killMs);
    this.#enter("go", nowMs);
    this.#host.go(killMs);
  }

  #runEnds(why = "the run is over", isOver: boolean, nowMs: number): void {
    if (this.#isBefore("connect")) return this.#finish(3, why, nowMs);
    if (this.#isBefore("save")) this.#stop();
    else if (this.#state === "fault") this.#finish(this.#fault!.exitCode, this.#why!, nowMs);
    else if (this.#state === "done" && isOver) this.#done(nowMs);
  }

  /** The report is stored. */
  #done(nowMs: number): void {
    const early = this.#endedEarly ? { exitCode: 3, text: this.#why ?? "the run ended early" } as const : undefined;
    this.#finish(this.#fault?.exitCode ?? early?.exitCode ?? 0, early?.text ?? "the report is stored", nowMs);
  }

  /** Repeats a fault until the run ends. */
  #isFaulty(state: "unfit" | "failed", exitCode: 2 | 3, why: string, nowMs: number): void {
    if (this.#state === "over") return;
    this.#fault = { state, exitCode };
    this.#why = why;
    this.#enter("fault", nowMs);
    this.#status(nowMs);
  }

  #stop(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#host.interrupt();
  }

  /** Ends each wait for a coordinator that is silent. */
  #watch(nowMs: number): void {
    const silentMs = nowMs - this.#heardMs;
    if (nowMs >= this.#sinceMs + keptWithinMs) {
      if (this.#state === "done") return this.#done(nowMs);
      if (this.#state === "fault") return this.#finish(this.#fault!.exitCode, this.#why!, nowMs);
    }
    if (!this.#knows) {
      if (silentMs >= orphanMs) this.#finish(3, `no such run within ${orphanMs / 60_000} min`, nowMs);
      return;
    }
    if (silentMs < coordinatorSilentMs) return;
    const why = `the coordinator was silent for ${coordinatorSilentMs / 1_000} s`;
    // The coordinator alone can carry out the action; without one, the fleet goes on by itself.
    const step = this.#step;
    if (step !== undefined) return this.#acted({ step, fault: `${why} when the broker was to be restarted` }, step);
    if (!this.#isBefore("kill")) return;
    if (this.#isBefore("connect")) return this.#finish(3, why, nowMs);
    this.#why ??= why;
    this.#stop();
  }

  #status(nowMs: number): void {
    const state = this.#state === "done" ? "done" : this.#fault?.state ?? shownStates[this.#state];
    if (state !== undefined) this.#send(state, this.#why, nowMs);
  }

  #send(state: PartState, why: string | undefined, nowMs: number): void {
    if (this.#seat === undefined) return;
    this.#statusMs = nowMs;
    const [clock, notices] = [this.#offset.best, this.#notices];
    this.#notices = [];
    this.#host.send({
      ...{ type: "status", id: this.#who.id, part: this.#seat.part, state },
      ...why !== undefined && { why },
      ...this.#progress && { progress: this.#progress },
      ...notices.length > 0 && { notices },
      ...clock && { clock },
      ...this.#lateMs !== undefined && { lateMs: this.#lateMs },
      ...this.#lastStep !== undefined && { step: this.#lastStep },
    });
  }

  #finish(exitCode: PartEnd["exitCode"], text: string, nowMs: number): void {
    this.#end = { exitCode, text };
    this.#enter("end", nowMs);
  }
}
