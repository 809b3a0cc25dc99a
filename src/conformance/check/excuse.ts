/**
 * Whether a profile's deviation covers the failure of a case: by the kind of the failure and its bound, never by the
 * case alone. A deviation lists its signs in cases (`shows`); without that list, its signs for the fleet apply.
 */
import type { CaseSign, Deviation, Sign } from "../../profiles/profile.ts";
import type { Bounds } from "../model/bounds.ts";
import type { CaseFault } from "../model/outcome.ts";

/** The part of a deviation that decides which failures it covers. */
type Covering = Partial<Pick<Deviation, "shows" | "signs">>;

/** Will delay of the cases whose will is due before its delay has passed, in seconds. */
const longDelayS = 60;

/** True where one of the signs covers the fault. */
export function covers(signs: readonly CaseSign[], fault: CaseFault, bounds: Bounds): boolean {
  return signs.some((sign) => coveredBy(sign, fault, bounds));
}

/** How long beyond the bounds a case waits to distinguish late from missing under these signs, in milliseconds. */
export function lookMs(signs: readonly CaseSign[], keepAliveS: number): number {
  return Math.max(0, ...signs.filter(({ fault }) => fault === "late").map((sign) => withinMs(sign, keepAliveS)));
}

/** How a deviation shows to cases. */
export function signsOf({ shows, signs = [] }: Covering): readonly CaseSign[] {
  return shows ?? signs.map(derived);
}

function derived({ fault, within, altered }: Sign): CaseSign {
  if (fault === "duplicate") return { fault: "unwanted" };
  if (fault === "altered") return { fault, ...altered && { parts: altered } };
  if (fault !== "late" && fault !== "early") return { fault };
  if (within === undefined) return { fault, withinS: Infinity };
  const { s = 0, keepAlives = 0, delays = 0 } = within;
  return { fault, withinS: s + delays * longDelayS, ...keepAlives > 0 && { withinKeepAlives: keepAlives } };
}

function coveredBy(sign: CaseSign, fault: CaseFault, { lateMs, earlyMs }: Bounds): boolean {
  const mostMs = withinMs(sign, fault.keepAliveS ?? 0);
  switch (sign.fault) {
    case "late":
      if (fault.kind === "late") return (fault.byMs ?? Infinity) <= mostMs + lateMs;
      // A message that the case did not wait for until the bound of the deviation may still be only late.
      return (fault.kind === "missing" || fault.kind === "not closed") &&
        (fault.lookedMs ?? Infinity) < mostMs + lateMs;
    case "early":
      return fault.kind === "early" && (fault.byMs ?? Infinity) <= mostMs + earlyMs;
    case "altered":
      return fault.kind === "altered" && partsCovered(sign, fault);
    case "refused":
    case "wrong code":
      return fault.kind === sign.fault && (sign.codes === undefined || sign.codes.includes(fault.code ?? -1));
    default:
      return fault.kind === sign.fault;
  }
}

/** `properties` means every property. */
function partsCovered({ parts }: CaseSign, { parts: differ = [] }: CaseFault): boolean {
  if (parts === undefined) return true;
  const plain = ["topic", "payload", "QoS", "retain"];
  return differ.length > 0 &&
    differ.every((part) => parts.includes(part) || (parts.includes("properties") && !plain.includes(part)));
}

function withinMs({ withinS = 0, withinKeepAlives = 0 }: CaseSign, keepAliveS: number): number {
  return 1_000 * (withinS + withinKeepAlives * keepAliveS);
}
