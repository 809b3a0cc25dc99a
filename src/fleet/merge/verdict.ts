/**
 * The verdict over all the wills of a run, and its reason in a sentence.
 */
import { formatCount } from "../../base/units.ts";
import { canaryFaultsIn, noCanaries } from "../result/canary_counts.ts";
import type { DropCounts } from "../result/drop_counts.ts";
import type { FleetResult } from "../result/result.ts";
import type { WillCounts } from "../result/will_counts.ts";

/** The verdict's part of a result. */
export type Verdict = Pick<FleetResult, "verdict" | "verdictText" | "reason" | "exitCode" | "voidReason">;

/** The inputs of a verdict. */
export interface VerdictGrounds {
  readonly wills: WillCounts;
  /** The number of kills. */
  readonly kills: number;
  /** Wills that could still have arrived in time. */
  readonly undecided: number;
  /** Wills that arrived, if at all, during an absence of the watchers. */
  readonly unseeable?: number | undefined;
  readonly retained: FleetResult["retained"];
  readonly presence?: FleetResult["presence"];
  readonly sparkplug?: FleetResult["sparkplug"];
  /** Wills of the run's own canaries; absent where the run recorded none. */
  readonly controls?: FleetResult["controls"] | undefined;
  /** Messages that arrived again under their packet identifiers; undefined for none. */
  readonly redeliveries?: FleetResult["redeliveries"] | undefined;
  readonly interrupted: boolean;
  /** Why this machine, and not the broker, may be the one that was late; undefined where it kept up. */
  readonly generatorBound?: string | undefined;
  /** The number of messages that the broker reports as dropped meanwhile. */
  readonly dropped?: DropCounts | undefined;
  /** The profile of the plan, if any. */
  readonly profile?: string | undefined;
  /** Why the run could not follow its plan, where it could not: its earlier findings stay proven. */
  readonly voidReason: string | undefined;
  /** Why even the apparent faults are not proven: the recording is incomplete. */
  readonly gap?: string | undefined;
  /** Why the run ended itself early, as its user asked for; its exit code is then that of the verdict. */
  readonly aborted?: string | undefined;
}

/** Why a run without a kill is void. */
export const nobodyKilled =
  "no will was due: no client was killed; use a longer --duration, a higher --kill-rate or more --clients";

/** The verdict for people: `PASS`, `PASS with 76 deviations`, `FAIL` or `VOID`. */
export function verdictText(verdict: FleetResult["verdict"], deviating: number): string {
  const word = verdict.toUpperCase();
  if (verdict !== "pass" || deviating === 0) return word;
  return `${word} with ${formatCount(deviating)} ${deviating === 1 ? "deviation" : "deviations"}`;
}

/** The number of faults that the plan's profile describes, those of canaries among them. */
export function deviationsIn(
  { wills, controls }: { readonly wills: WillCounts; readonly controls?: FleetResult["controls"] | undefined },
): number {
  return wills.deviating + (controls?.deviating ?? 0);
}

/**
 * Late wills, and no other fault: a machine that was late itself may be the cause. It is never the cause of an early
 * will, because it reads a will no sooner than the broker sends it.
 */
function isLateOnly(grounds: VerdictGrounds): boolean {
  const { wills, controls = noCanaries() } = grounds;
  if (wills.late + (controls.late ?? 0) === 0) return false;
  const others = { ...grounds, wills: { ...wills, late: 0 }, controls: { ...controls, late: 0 } };
  return wrongText(others) === undefined;
}

function lateText({ wills, controls }: VerdictGrounds): string {
  const late = wills.late + (controls?.late ?? 0);
  return formatCount(late) + (late === 1 ? " will was late" : " wills were late");
}

const noneDue = "no will was due: every killed client had disconnected cleanly or was allowed to end without one";

function undecidedText(count: number): string {
  const wills = count === 1 ? "one will" : `${formatCount(count)} wills`;
  return `${wills} could still come in time when the run ended: use a longer --drain or a shorter --will-delay`;
}

/** The observed wills were right: reported, but incomplete. */
function unseeableText(count: number, { expected }: WillCounts): string {
  const wills = count === 1 ? "one will" : `${formatCount(count)} wills`;
  const others = expected === 0 ? "no other was due" : `the other ${formatCount(expected)} were right`;
  return `${wills} could not be received, because the broker kept no messages for the watchers over its restart; ${others}`;
}

/**
 * The verdict over all the wills of a run. A proven fault is a failure, however the run continued: a fault is proven
 * where a watcher received the will, or the will was due while its watcher was present. A run without a proof is void.
 */
export function verdictOver(grounds: VerdictGrounds): Verdict {
  const { wills, interrupted, voidReason, gap } = grounds;
  const made = (verdict: Verdict["verdict"], reason: string, exitCode: 0 | 1 | 3): Verdict => ({
    verdict,
    verdictText: verdictText(verdict, deviationsIn(grounds)),
    reason,
    exitCode: interrupted && grounds.aborted === undefined ? 130 : exitCode,
    ...voidReason !== undefined && { voidReason },
  });
  if (gap !== undefined) return made("void", gap, 3);
  const wrong = wrongText(grounds);
  const isDoubtful = grounds.generatorBound !== undefined && isLateOnly(grounds);
  if (wrong !== undefined && !isDoubtful) return made("fail", withEnd(wrong, grounds), 1);
  if (voidReason !== undefined) return made("void", voidReason, 3);
  if (isDoubtful) {
    const reason = `${
      lateText(grounds)
    }, but ${grounds.generatorBound}: either the broker or this machine may be the cause`;
    return made("void", reason, 3);
  }
  if (grounds.aborted !== undefined) return made("void", `--abort-on-fail ended the run: ${grounds.aborted}`, 3);
  if (interrupted) return made("void", "interrupted before the end of the plan", 3);
  const { unseeable = 0 } = grounds;
  if (unseeable > 0) return made("void", unseeableText(unseeable, wills), 3);
  if (grounds.undecided > 0) return made("void", undecidedText(grounds.undecided), 3);
  if (wills.expected === 0) return made("void", grounds.kills === 0 ? nobodyKilled : noneDue, 3);
  return made("pass", passText(grounds), 0);
}

/** The faults, and why the run ended before the end of its plan. */
function withEnd(wrong: string, { voidReason, interrupted, aborted }: VerdictGrounds): string {
  if (aborted !== undefined) return `${wrong}; --abort-on-fail ended the run: ${aborted}`;
  if (voidReason !== undefined) return `${wrong}; then the run ended early: ${voidReason}`;
  return interrupted ? `${wrong}; then the run was interrupted` : wrong;
}

function passText(grounds: VerdictGrounds): string {
  const { wills: { expected, onTime }, profile } = grounds;
  const deviating = deviationsIn(grounds);
  if (deviating > 0) {
    const parts = [
      `of ${formatCount(expected)} ${expected === 1 ? "will that was" : "wills that were"} due ` +
      `${formatCount(onTime)} came once, on time and unaltered`,
      `${formatCount(deviating)} wrong as profile ${profile} describes`,
    ];
    return parts.join("; ");
  }
  return expected === 1
    ? "the one will that was due came once, on time and unaltered"
    : `all ${formatCount(expected)} wills that were due came once, on time and unaltered`;
}

function wrongText(
  { wills, retained, presence, sparkplug, dropped, redeliveries, controls = noCanaries() }: VerdictGrounds,
): string | undefined {
  const parts = (["missing", "late", "early", "altered", "duplicate", "unwanted"] as const)
    .filter((name) => wills[name] > 0)
    .map((name) => `${formatCount(wills[name])} ${name}${name === "missing" ? droppedText(dropped) : ""}`);
  const lostRetained = retained === undefined ? 0 : retained.wrong + retained.missing;
  if (lostRetained > 0) {
    parts.push(`${formatCount(lostRetained)} retained wills missing for a late subscriber`);
  }
  const states = presence?.wrong ?? 0;
  if (states > 0) {
    const [kinds, of] = [presenceKinds(presence!), formatCount(presence!.judged)];
    parts.push(`${formatCount(states)} of ${of} presence states wrong (${kinds})`);
  }
  if (sparkplug !== undefined) parts.push(...sparkplugParts(sparkplug));
  const withoutDup = redeliveries?.withoutDup ?? 0;
  if (withoutDup > 0) parts.push(`${formatCount(withoutDup)} redelivered without DUP`);
  const texts = parts.length === 0
    ? []
    : [`of ${formatCount(wills.expected)} wills that were due: ${parts.join(", ")}`];
  if (canaryFaultsIn(controls) > 0) texts.push(canaryText(controls));
  return texts.length === 0 ? undefined : texts.join("; ");
}

/** Broken assertions of Sparkplug that no count of wills has. */
function sparkplugParts({ assertions }: FleetResult["sparkplug"] & object): string[] {
  const { order, stateDeath, stateQos, stateRetain } = assertions;
  return [
    ...(order?.broken ?? 0) > 0 ? [`${formatCount(order!.broken)} NDEATH after a newer NBIRTH`] : [],
    ...(stateDeath?.broken ?? 0) > 0 ? ["the death certificate of the host missing"] : [],
    ...(stateQos?.broken ?? 0) > 0 ? ["the death certificate of the host with another QoS"] : [],
    ...(stateRetain?.broken ?? 0) > 0 ? ["the death certificate of the host not retained"] : [],
  ];
}

/** The faults of the wills of canaries, which are no part of the wills that were due by the plan. */
function canaryText(controls: FleetResult["controls"]): string {
  const { total, blind, lost, altered = 0, late = 0, duplicate = 0 } = controls;
  const kinds = Object.entries({ missing: lost, late, altered, duplicate }).filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatCount(count)} ${kind}`);
  const seen = total - blind;
  const wills = seen === 1 ? "the only will of a canary" : `${formatCount(seen)} wills of canaries`;
  return `of ${wills}: ${kinds.join(", ")}`;
}

function presenceKinds(presence: FleetResult["presence"] & object): string {
  return (["stale", "unwanted", "absent", "altered"] as const).filter((kind) => presence[kind] > 0)
    .map((kind) => `${formatCount(presence[kind])} ${kind}`).join(", ");
}

function droppedText(dropped: DropCounts | undefined): string {
  const count = dropped === undefined ? 0 : dropped.after - dropped.before;
  return count > 0 ? ` (the broker reports that it dropped ${formatCount(count)} messages)` : "";
}
