import type { Alteration, Expectation, Judgement } from "./expectation.ts";

/**
 * The text of faults: for each life with a fault, the due will and its instant, the arrivals, and the rule.
 */
import { type FaultFacts, faultRule } from "./fault_rule.ts";
import type { FaultSample, Timeline } from "../result/fault_sample.ts";
import { killModeText } from "../plan/kill_mode.ts";
import type { Life } from "../life/life.ts";
import { dueBy, modeOf } from "./oracle.ts";
import { formatCount, listed } from "../../base/units.ts";
import { isStray, partText } from "./will_compare.ts";

/** One sample for each kind of fault in a judgement; none without a fault. */
export function describeFault(
  client: string,
  life: Life,
  judgement: Judgement,
  timeline?: Timeline,
): FaultSample[] {
  return faultsOf(client, life, judgement).map((fault) => timeline === undefined ? fault : { ...fault, timeline });
}

/** How many faults of this kind a judgement has: a will may arrive more than once too often. */
export function faultCount(verdict: FaultSample["verdict"], { duplicates, unwanted }: Judgement): number {
  return verdict === "duplicate" ? duplicates : verdict === "unwanted" ? unwanted : 1;
}

function faultsOf(client: string, life: Life, judgement: Judgement): FaultSample[] {
  const faults: FaultSample[] = [];
  const { verdict, duplicates, unwanted } = judgement;
  if (verdict !== undefined && verdict !== "onTime" && verdict !== "unseeable") {
    faults.push(sample(client, life, judgement, verdict, verdictText(life, judgement, verdict)));
  }
  if (duplicates > 0) {
    faults.push(sample(client, life, judgement, "duplicate", `came ${counted(duplicates + 1)}`));
  }
  if (unwanted > 0) faults.push(sample(client, life, judgement, "unwanted", unwantedText(life, judgement)));
  return faults;
}

function sample(
  client: string,
  life: Life,
  { expectation, answer }: Judgement,
  verdict: FaultFacts["verdict"],
  text: string,
): FaultSample {
  const mode = modeOf(life);
  // A will before the end of its life is that of an online client, however the life ended later.
  const ground = verdict === "unwanted" && expectation.kind === "one" ? "living" : expectation.ground;
  return {
    client,
    incarnation: life.incarnation,
    mode,
    verdict,
    protocol: life.version === 5 ? "5" : "3.1.1",
    qos: life.qos,
    rule: faultRule({ verdict, version: life.version, mode, ground, altered: answer?.altered ?? [] }),
    text,
  };
}

function verdictText(
  life: Life,
  { expectation, answer }: Judgement,
  verdict: "late" | "early" | "missing" | "altered",
): string {
  const dueMs = expectation.kind === "one" ? expectation.dueMs : 0;
  switch (verdict) {
    case "missing":
      return `was due ${since(life, dueMs)} and ${missingText(life, dueMs)}`;
    case "altered":
      return alteredText(answer!.altered);
    case "late":
    case "early":
      return `was due ${since(life, dueMs)} and came ${offText(expectation, answer!.atMs, verdict)}`;
  }
}

/** A will after the fleet itself has ended the connection answers that end. */
function missingText({ end }: Life, dueMs: number): string {
  if (end?.cutMs === undefined || end.cutMs < dueMs) return "never came";
  return `had not come when the fleet ended the connection, ${milliseconds(end.cutMs - dueMs)} later`;
}

/** The differences, and the parts that a PUBLISH must not have. */
function alteredText(altered: readonly Alteration[]): string {
  const [strays, others] = [altered.filter(isStray), altered.filter((part) => !isStray(part))];
  const names = (parts: readonly Alteration[]) => listed(parts.map(partText), "and");
  const stray = strays.length === 0 ? "" : `with ${names(strays)}, which no PUBLISH may have`;
  const other = others.length === 0 ? "" : `with ${names(others)} different from what the client requested`;
  return `came ${[other, stray].filter((text) => text !== "").join(", and ")}`;
}

/** How late, or early: where the broker was down meanwhile, by the time that it had left. */
function offText(expectation: Expectation, atMs: number, verdict: "late" | "early"): string {
  if (expectation.kind !== "one") return verdict;
  const byMs = verdict === "late" ? dueBy(expectation) : expectation.dueMs;
  const restart = byMs === expectation.dueMs ? "" : ", after adjustment for the downtime of the broker";
  return `${milliseconds(Math.abs(atMs - byMs))} ${verdict}${restart}`;
}

function unwantedText(life: Life, { expectation, unwanted }: Judgement): string {
  const came = `came ${counted(unwanted)}`;
  if (expectation.kind === "one") return `${came} while the client was alive`;
  switch (expectation.ground) {
    case "left":
      return `${came} though the client left with a proper DISCONNECT`;
    case "session-resumed":
      return `${came} though the client resumed its session within the ${life.delayS} s will delay`;
    case "refused":
      return `${came} though the broker had refused the CONNECT`;
    default:
      return `${came} while the client was alive`;
  }
}

function since({ end, node }: Life, dueMs: number): string {
  if (end === undefined) return "";
  const after = Math.max(0, dueMs - end.doneMs);
  if (end.mode === "restart") {
    const down = node === undefined ? "the broker" : "its node";
    return `${milliseconds(Math.max(0, dueMs - end.sinceMs!))} after ${down} went down`;
  }
  const what = end.mode === "lost"
    ? "the loss of its connection"
    : `the kill (${end.detail ?? killModeText[end.mode]})`;
  return after < 1 ? `at ${what}` : `${milliseconds(after)} after ${what}`;
}

function counted(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

function milliseconds(ms: number): string {
  return `${formatCount(Math.round(ms))} ms`;
}
