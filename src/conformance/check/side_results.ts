/**
 * Faults that showed during cases about something else, each reported once for a version: with how often it was seen,
 * in which cases, and the transcript of the first.
 */
import { formatCount } from "../../base/units.ts";
import type { SideFault } from "../probe/packet_faults.ts";
import type { Protocol } from "../model/protocol.ts";
import type { CaseResult } from "../case/result.ts";
import type { TranscriptLine } from "../probe/transcript.ts";

/** Where a fault was seen. */
interface FaultOrigin {
  /** The case, or the control arm. */
  readonly where: string;
  readonly protocol: Protocol;
  readonly transcript: readonly TranscriptLine[];
}

interface Kept {
  readonly fault: SideFault;
  readonly first: FaultOrigin;
  readonly seenIn: Set<string>;
  times: number;
}

/** Collects them. */
export class SideResults {
  readonly #kept = new Map<string, Kept>();

  add(faults: readonly SideFault[], seen: FaultOrigin): void {
    for (const fault of faults) {
      const key = `${fault.id} ${seen.protocol}`;
      const kept = this.#kept.get(key) ?? { fault, first: seen, seenIn: new Set<string>(), times: 0 };
      kept.times++;
      kept.seenIn.add(seen.where);
      this.#kept.set(key, kept);
    }
  }

  /** An entry for each, as a case that failed. */
  results(): CaseResult[] {
    return [...this.#kept.values()].map(({ fault, first, seenIn, times }) => {
      const { id, rules, title, reason } = fault;
      const cases = [...seenIn];
      const where = cases.length === 1 ? cases[0]! : `${formatCount(cases.length)} cases, ${cases[0]} first`;
      return {
        id,
        area: "broker",
        title,
        does: `checks every packet of the broker in every case`,
        protocol: first.protocol,
        rules,
        outcome: "fail",
        reason: `${reason}, ${times === 1 ? "once" : `${formatCount(times)} times`}, in ${where}`,
        fault: { kind: "other" },
        seenIn: cases,
        notes: [],
        durationMs: 0,
        transcript: first.transcript,
      };
    });
  }
}
