import { formatCount } from "../../base/units.ts";
import type { FaultKind, FaultSample } from "../../fleet/result/fault_sample.ts";
import type { Report } from "./report.ts";

/** A kind of fault, and one life that shows it. */
export interface ListedKind extends FaultKind {
  readonly sample: FaultSample;
}

/** The faults that a report lists. */
export interface FaultList {
  readonly kinds: readonly ListedKind[];
  readonly further: readonly FaultSample[];
}

/** @param most the number of shown faults, if there are not more kinds than that */
export function faultList({ faults, faultKinds }: Pick<Report, "faults" | "faultKinds">, most: number): FaultList {
  const kinds = faultKinds.flatMap((kind): ListedKind[] => {
    const sample = faults.find((fault) => isOf(kind, fault));
    return sample === undefined ? [] : [{ ...kind, sample }];
  });
  const first = new Set(kinds.map(({ sample }) => sample));
  const others = faults.filter((fault) => !first.has(fault));
  return { kinds, further: others.slice(0, Math.max(0, most - kinds.length)) };
}

/** Samples in the order of the list, of each kind one first. @param most as above */
export function inListOrder(faults: readonly FaultSample[], { faultKinds }: Report, most: number): FaultSample[] {
  const { kinds, further } = faultList({ faults, faultKinds }, most);
  return [...kinds.map(({ sample }) => sample), ...further];
}

function isOf({ verdict, rule }: FaultKind, fault: FaultSample): boolean {
  return fault.verdict === verdict && fault.rule === rule;
}

/** Wills of canaries that went wrong, in a sentence: they are no client's of the plan, and counted apart. */
export function controlFaultTexts({ controls }: Pick<Report, "controls">): string[] {
  const { total, blind, lost, altered = 0, late = 0, duplicate = 0, deviating = 0 } = controls;
  const kinds = Object.entries({ lost, altered, late, duplicate, deviating }).filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatCount(count)} ${kind}`);
  if (kinds.length === 0) return [];
  const seen = total - blind;
  const wills = seen === 1 ? "the only will of a canary" : `${formatCount(seen)} wills of canaries`;
  return [`of ${wills}: ${kinds.join(", ")}`];
}
