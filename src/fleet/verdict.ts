/**
 * The verdict over all the wills of a run, and its reason in a sentence.
 */
import { controlFaultsIn, noControls } from "./control_counts.ts";
import type { DropCounts } from "./broker_counters.ts";
import type { FleetResult, WillCounts } from "./result.ts";
import { faultsIn } from "./tally.ts";

/** The verdict's part of a result. */
export type Verdict = Pick<FleetResult, "verdict" | "reason" | "exitCode">;

/** What a verdict stands on. */
export interface VerdictGrounds {
  readonly wills: WillCounts;
  /** How many were killed. */
  readonly kills: number;
  /** Wills that could still have come in time. */
  readonly undecided: number;
  /** Wills that came while the watchers could not see, if they came. */
  readonly unseeable?: number;
  readonly retained: FleetResult["retained"];
  readonly presence?: FleetResult["presence"];
  /** How the wills of control clients went; they are not among `wills`. */
  readonly controls?: FleetResult["controls"];
  readonly interrupted: boolean;
  /** Why this machine, and not the broker, may be the one that was late; undefined where it kept up. */
  readonly generatorBound?: string | undefined;
  /** What the broker says it dropped meanwhile. */
  readonly dropped?: DropCounts | undefined;
  /** The profile that was asked for, if any. */
  readonly profile?: string | undefined;
  /** Why the run proves nothing, where it does not. */
  readonly voidReason: string | undefined;
}

/** Why a run in which nobody died is void. */
export const nobodyKilled = "no will was due: nobody was killed";

/** Late or early wills, and nothing else. */
function isLateOnly({ wills, retained, presence, controls = noControls() }: VerdictGrounds): boolean {
  const { late, early, missing, altered, duplicate, unwanted } = wills;
  if (controlFaultsIn(controls) > (controls.late ?? 0)) return false;
  const lostRetained = retained === undefined ? 0 : retained.wrong + retained.missing;
  return late + early + (controls.late ?? 0) > 0 &&
    missing + altered + duplicate + unwanted + lostRetained + (presence?.wrong ?? 0) === 0;
}

function lateText({ wills: { late: lateWills, early }, controls }: VerdictGrounds): string {
  const late = lateWills + (controls?.late ?? 0);
  return (late + early).toLocaleString("en-US") + (late + early === 1 ? " will was" : " wills were") +
    (early === 0 ? " late" : late === 0 ? " early" : " late or early");
}

const noneDue = "no will was due: whoever was killed had left properly, or could rightly end without one";

function undecidedText(count: number): string {
  const wills = count === 1 ? "one will" : `${count.toLocaleString("en-US")} wills`;
  return `${wills} could still come in time when the watch ended: use a longer --drain`;
}

/** What could be seen was right: that is told, and is not all. */
function unseeableText(count: number, { expected }: WillCounts): string {
  const wills = count === 1 ? "one will" : `${count.toLocaleString("en-US")} wills`;
  const others = expected === 0 ? "no other was due" : `the other ${expected.toLocaleString("en-US")} were right`;
  return `${wills} could not be seen, since the broker kept nothing for the watchers over its restart; ${others}`;
}

/** The verdict over all the wills of a run. */
export function verdictOver(grounds: VerdictGrounds): Verdict {
  const { wills, interrupted, voidReason: reason } = grounds;
  if (reason !== undefined) return { verdict: "void", reason, exitCode: interrupted ? 130 : 3 };
  if (grounds.generatorBound !== undefined && isLateOnly(grounds)) {
    const reason = `${lateText(grounds)}, but ${grounds.generatorBound}: whose fault it was cannot be told`;
    return { verdict: "void", reason, exitCode: interrupted ? 130 : 3 };
  }
  const wrong = wrongText(grounds);
  if (wrong !== undefined) return { verdict: "fail", reason: wrong, exitCode: interrupted ? 130 : 1 };
  if (interrupted) return { verdict: "void", reason: "interrupted before the plan was carried out", exitCode: 130 };
  const { unseeable = 0 } = grounds;
  if (unseeable > 0) return { verdict: "void", reason: unseeableText(unseeable, wills), exitCode: 3 };
  if (wills.expected === 0) {
    return { verdict: "void", reason: grounds.kills === 0 ? nobodyKilled : noneDue, exitCode: 3 };
  }
  if (grounds.undecided > 0) return { verdict: "void", reason: undecidedText(grounds.undecided), exitCode: 3 };
  return { verdict: "pass", reason: passText(grounds), exitCode: 0 };
}

function passText({ wills: { expected, onTime, deviating }, profile }: VerdictGrounds): string {
  if (deviating > 0) {
    const parts = [
      `of ${expected.toLocaleString("en-US")} ${expected === 1 ? "will that was" : "wills that were"} due ` +
      `${onTime.toLocaleString("en-US")} came once, on time and unaltered`,
      `${deviating.toLocaleString("en-US")} went wrong as profile ${profile} says`,
    ];
    return parts.join("; ");
  }
  return expected === 1
    ? "the one will that was due came once, on time and unaltered"
    : `all ${expected.toLocaleString("en-US")} wills that were due came once, on time and unaltered`;
}

function wrongText(
  { wills, retained, presence, dropped, controls = noControls() }: VerdictGrounds,
): string | undefined {
  const parts = (["missing", "late", "early", "altered", "duplicate", "unwanted"] as const)
    .filter((name) => wills[name] > 0)
    .map((name) => `${wills[name].toLocaleString("en-US")} ${name}${name === "missing" ? droppedText(dropped) : ""}`);
  const lostRetained = retained === undefined ? 0 : retained.wrong + retained.missing;
  if (lostRetained > 0) {
    parts.push(`${lostRetained.toLocaleString("en-US")} retained wills not there for a late subscriber`);
  }
  const states = presence?.wrong ?? 0;
  if (states > 0) {
    const [kinds, of] = [presenceKinds(presence!), presence!.judged.toLocaleString("en-US")];
    parts.push(`${states.toLocaleString("en-US")} of ${of} presence states not the truth (${kinds})`);
  }
  if (controlFaultsIn(controls) > 0) parts.push(controlText(controls));
  if (faultsIn(wills) + lostRetained + states + controlFaultsIn(controls) === 0) return undefined;
  return `of ${wills.expected.toLocaleString("en-US")} wills that were due: ${parts.join(", ")}`;
}

/** What went wrong with the wills of control clients, which are counted apart. */
function controlText(controls: FleetResult["controls"]): string {
  const { total, blind, lost, altered = 0, late = 0, duplicate = 0 } = controls;
  const kinds = Object.entries({ missing: lost, late, altered, duplicate }).filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count.toLocaleString("en-US")} ${kind}`);
  return `${kinds.join(", ")} of ${(total - blind).toLocaleString("en-US")} wills of control clients`;
}

function presenceKinds(presence: FleetResult["presence"] & object): string {
  return (["stale", "unwanted", "absent", "altered"] as const).filter((kind) => presence[kind] > 0)
    .map((kind) => `${presence[kind].toLocaleString("en-US")} ${kind}`).join(", ");
}

function droppedText(dropped: DropCounts | undefined): string {
  const count = dropped === undefined ? 0 : dropped.after - dropped.before;
  return count > 0 ? ` (the broker says that it dropped ${count.toLocaleString("en-US")} messages)` : "";
}
