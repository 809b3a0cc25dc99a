/**
 * Times without a broker, and the case that caused each. A case that ran alone is the cause; if several cases ran or
 * had just ended, each runs alone once the broker is back, and the report names the one that stops the broker again.
 */
import { formatCount } from "../../base/units.ts";
import type { Availability } from "./availability.ts";
import type { Attempt } from "./case_runner.ts";
import type { CaseResult } from "../case/result.ts";
import type { CaseRun } from "./select.ts";
import type { TranscriptLine } from "../probe/transcript.ts";

/** A case that ran when the broker went. */
interface Suspect {
  readonly run: CaseRun;
  readonly transcript: readonly TranscriptLine[];
  /** It had ended; its result is final unless it runs again. */
  readonly isJudged?: true;
}

/** A case that is not judged, and why. */
interface Unjudged {
  readonly run: CaseRun;
  readonly reason: string;
}

/** One time without a broker. */
interface Outage {
  readonly suspects: readonly Suspect[];
  /** The known facts about the suspects, besides that they were running. */
  readonly remark: string;
}

/** The longest time after a case's end at which its effect may stop the broker, in milliseconds. */
const recentMs = 500;

/** Names shown of the cases that were running; the report's data have all. */
const namesShown = 5;

export class Outages {
  readonly #availability: Availability;
  #suspects: Suspect[] = [];
  #recent: (Suspect & { readonly endMs: number })[] = [];
  #outages: Outage[] = [];
  #unjudged: Unjudged[] = [];
  #final = false;

  constructor(availability: Availability) {
    this.#availability = availability;
  }

  /** True while the broker is not there. */
  get gone(): boolean {
    return this.#availability.gone;
  }

  /** True once the broker has not come back in time. */
  get isFinal(): boolean {
    return this.#final;
  }

  /** A case has ended, and the broker was there. */
  ended(run: CaseRun, { transcript }: Attempt, nowMs: number): void {
    if (transcript.length === 0) return; // it was not tried
    this.#recent = this.#recent.filter(({ endMs }) => endMs >= nowMs - recentMs);
    this.#recent.push({ run, transcript, endMs: nowMs, isJudged: true });
  }

  /**
   * Whether the broker is gone; then the case is a suspect, and so are those that ended shortly before.
   *
   * @param isAlone the case ran alone, and ended some time before this call
   */
  async during(run: CaseRun, attempt: Attempt, nowMs: number, isAlone: boolean): Promise<boolean> {
    const { transcript, unreachable = "" } = attempt;
    const isGone = this.#availability.gone || await this.#availability.isGone(unreachable.startsWith("ECONNREFUSED"));
    if (!isGone) return false;
    const recent = isAlone ? [] : this.#recent.filter(({ endMs }) => endMs >= nowMs - recentMs);
    this.#recent = [];
    for (const suspect of [{ run, transcript }, ...recent]) {
      if (!this.#suspects.some(isOf(suspect))) this.#suspects.push(suspect);
    }
    return true;
  }

  /** Waits for the broker if it is gone; returns the cases to run alone, to find the one that stopped it. */
  async over(isCalledOff: () => boolean): Promise<readonly CaseRun[]> {
    const suspects = this.#suspects.splice(0);
    if (suspects.length === 0 && !this.gone) return [];
    const isBack = await this.#availability.isBack(isCalledOff);
    this.#final = !isBack;
    if (isBack && suspects.length > 1) {
      this.#outages.push({ suspects, remark: ", and none of them causes it alone" });
      return suspects.map(({ run }) => run);
    }
    // The one that was running now is the one of several that were running before.
    if (suspects.length === 1) this.#outages = this.#outages.filter((each) => !each.suspects.some(isOf(suspects[0]!)));
    this.#outages.push({ suspects, remark: isBack ? "" : ", and did not recover" });
    const reason = suspects.length === 1
      ? "the broker became unavailable during this case"
      : "the broker became unavailable while this case and others ran";
    this.#unjudged.push(...suspects.filter(({ isJudged }) => !isJudged).map(({ run }) => ({ run, reason })));
    return [];
  }

  /** Cases that are not judged, once. */
  takeUnjudged(): readonly Unjudged[] {
    return this.#unjudged.splice(0);
  }

  /** One entry for all times without a broker; none where there was none. */
  results(): CaseResult[] {
    const [first] = this.#outages;
    if (first === undefined) return [];
    const all = this.#outages.flatMap(({ suspects }) => suspects);
    const reason = `the broker became unavailable ${this.#outages.map(outageText).join("; and again ")}`;
    return [{
      id: "broker/unavailable",
      area: "broker",
      title: "the broker stays available for all input of its clients",
      does: "reconnects after each failed case, and waits for an unavailable broker",
      protocol: (first.suspects[0] ?? all[0]!).run.protocol,
      rules: [],
      outcome: "fail",
      reason,
      fault: { kind: "other" },
      seenIn: all.map(nameOf),
      notes: [],
      durationMs: 0,
      transcript: first.suspects[0]?.transcript ?? [],
    }];
  }
}

function outageText({ suspects, remark }: Outage): string {
  if (suspects.length === 1) return `during ${nameOf(suspects[0]!)}${remark}`;
  const names = suspects.slice(0, namesShown).map(nameOf).join(", ");
  const more = suspects.length > namesShown ? ` and ${formatCount(suspects.length - namesShown)} more` : "";
  return `while ${formatCount(suspects.length)} cases ran: ${names}${more}${remark}`;
}

function nameOf({ run: { one, protocol } }: Suspect): string {
  return `${one.id} in ${protocol}`;
}

function isOf({ run }: Suspect): (other: Suspect) => boolean {
  return (other) => other.run === run;
}
