import type { OracleRules } from "../oracle/expectation.ts";
import type { FaultSample } from "../result/fault_sample.ts";

/**
 * The presence that one squad records: the states that its clients publish, and the judgement of each message read on
 * their topics. A run calls it as events happen, a recording's replay at their recorded instants.
 */
import type { Groups } from "../plan/groups.ts";
import { clientIdOf } from "../plan/client_id.ts";
import { hasOwnPayloads } from "../life/own_payload.ts";
import { expectationOf } from "../oracle/oracle.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { PresenceLog } from "./presence_log.ts";
import {
  type FoundState,
  isSettled,
  judgePresence,
  type PresenceState,
  type PresenceTruth,
  type PresenceVerdict,
} from "../oracle/presence_oracle.ts";
import {
  noPresence,
  type PresenceCounts,
  type PresenceData,
  type PresenceMoment,
  type PresenceWave,
} from "../result/presence_result.ts";
import { presenceFault, type PresencePart } from "../oracle/presence_text.ts";
import type { Note } from "../recording/record_event.ts";
import { timelineOf } from "./timeline.ts";

/** The message that a reader found on the topic of one client, without its bytes. */
interface PresenceReading {
  readonly moment: PresenceMoment;
  readonly client: number;
  /** The instant of the request. */
  readonly fromMs: number;
  /** Undefined without a message; `foreign` for a message that is not from this run. */
  readonly found: FoundState | "foreign" | undefined;
}

/** The parts in which the message found differs from the message of a state. */
type Differing = (state: PresenceState, truth: PresenceTruth) => readonly PresencePart[];

/** The inputs of the records. */
export interface PresenceAuditorDeps {
  readonly plan: FleetPlan;
  readonly groups: Groups;
  readonly rules: OracleRules;
  readonly originMs: number;
  readonly keepFault: (fault: FaultSample) => void;
  /** Receives the client of each wrong state. */
  readonly onWrong: (client: number) => void;
}

export class PresenceAuditor {
  /** The states that clients have published. */
  readonly book: PresenceLog;
  readonly #deps: PresenceAuditorDeps;
  readonly #note: Note | undefined;
  readonly #counts: Partial<Record<PresenceMoment, PresenceCounts>> = {};
  readonly #waves: PresenceWave[] = [];

  constructor(deps: PresenceAuditorDeps, note?: Note) {
    this.#deps = deps;
    this.#note = note;
    const copies = hasOwnPayloads(deps.plan) ? deps.plan.fanOut : undefined;
    this.book = new PresenceLog(deps.rules, note, copies);
  }

  /** True once the look of this moment of the run has begun. */
  hasLooked(moment: PresenceMoment): boolean {
    return this.#counts[moment] !== undefined;
  }

  /** The number of looks that have begun during the kills. */
  get waves(): number {
    return this.#waves.length;
  }

  /** A late subscriber begins to look. */
  look(moment: PresenceMoment, nowMs: number): void {
    this.#counts[moment] ??= noPresence();
    if (moment === "middle") this.#waves.push({ atMs: Math.round(nowMs - this.#deps.originMs), ...noPresence() });
    this.#note?.("look", nowMs, { moment });
  }

  /** It has read the topic of one client. */
  read(reading: PresenceReading, differing: Differing, nowMs: number): void {
    let altered: readonly PresencePart[] = [];
    this.#judge(reading, (state, truth) => altered = differing(state, truth), nowMs);
    const { moment, client, fromMs, found } = reading;
    const of = typeof found === "object" ? { of: found.client, life: found.incarnation } : {};
    this.#note?.("read", nowMs, {
      ...{ moment, client, fromMs, ...of },
      ...found !== undefined && { found: found === "foreign" ? found : found.kind },
      ...altered.length > 0 && { altered: [...altered] },
    });
  }

  /** States found to be wrong so far. */
  get wrong(): number {
    return Object.values(this.#counts).reduce((sum, { wrong }) => sum + wrong, 0);
  }

  data(): PresenceData {
    const waves = this.#waves.length > 1 ? { waves: this.#waves } : {};
    return { byMoment: this.#counts, ...waves, ...this.book.words };
  }

  #judge({ moment, client, fromMs, found }: PresenceReading, differing: Differing, nowMs: number): void {
    const { plan, rules, originMs } = this.#deps;
    const counted = [this.#counts[moment]!, ...moment === "middle" ? this.#waves.slice(-1) : []];
    const truth = this.book.truthOf(client, nowMs);
    if (truth === undefined || !isSettled(truth, fromMs, rules)) {
      for (const counts of counted) counts.unsettled++;
      return;
    }
    const { verdict, state } = judgePresence(truth, found, (state) => differing(state, truth).length > 0);
    for (const counts of counted) count(counts, verdict);
    if (verdict === "right" || verdict === "eitherWay") return;
    this.#deps.onWrong(client);
    const altered = verdict === "altered" && state !== undefined ? differing(state, truth) : [];
    const life = this.book.livesOf(client).at(-1)!.life;
    const wrong = { verdict, state, found, altered, life } as const;
    const shown = state?.life ?? life;
    const readMs = Math.round((nowMs - originMs) * 1_000) / 1_000;
    const timeline = { ...timelineOf(shown, [], expectationOf(shown, rules), originMs), readMs };
    this.#deps.keepFault(presenceFault(clientIdOf(plan, client), wrong, timeline));
  }
}

function count(counts: PresenceCounts, verdict: PresenceVerdict): void {
  counts[verdict]++;
  if (verdict === "eitherWay") return;
  counts.judged++;
  if (verdict !== "right") counts.wrong++;
}
