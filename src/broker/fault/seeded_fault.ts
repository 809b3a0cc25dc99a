/** Faults of wills by chance, from a seed: the same seed gives the same faults for the same wills in the same order. */
import { Random } from "../../base/random.ts";
import type { ConnectWill } from "../../mqtt/packet.ts";
import type { WillCopy, WillFault, WillInQuestion } from "../options/will_fault.ts";
import { exclusiveKinds, type FaultShare, formatFaults, type SeededFaultKind } from "./fault_mix.ts";

/** The parameters of the faults. */
export interface SeededFaultOptions {
  /** The kinds of faults, each with its share of the wills. */
  readonly shares: readonly FaultShare[];
  /** The same seed draws the same wills, from the same wills in the same order. */
  readonly seed: number;
  /** Affects only wills of clients whose identifier matches; without it, all wills. */
  readonly clients?: RegExp | undefined;
  /** Called for each will that a fault affects. */
  readonly onStrike?: ((kind: SeededFaultKind, question: WillInQuestion) => void) | undefined;
}

/** Faults of wills by chance: the value of `willFault` of `Broker.start`. */
export class SeededFault implements WillFault {
  readonly description: string;
  readonly counts: Record<string, number>;
  readonly #options: SeededFaultOptions;
  readonly #shares: ReadonlyMap<SeededFaultKind, FaultShare>;
  /** Each kind of question draws from its own random stream. */
  readonly #atPublication: Random;
  readonly #atStall: Random;
  readonly #atRelease: Random;
  #stalledUntilMs = -Infinity;

  /**
   * Prepares the draw of the faults.
   *
   * @param options the shares of the faults and the seed
   */
  constructor(options: SeededFaultOptions) {
    const { shares, seed, clients } = options;
    const random = new Random(seed);
    this.#options = options;
    this.#shares = new Map(shares.map((share) => [share.kind, share]));
    this.#atPublication = random.child(1);
    this.#atStall = random.child(2);
    this.#atRelease = random.child(3);
    this.counts = Object.fromEntries(shares.map(({ kind }) => [kind, 0]));
    const whom = clients === undefined ? "" : `, of clients like ${clients.source}`;
    this.description = `${formatFaults(shares)}${whom}, seed ${seed}`;
  }

  atRelease(question: WillInQuestion, decision: "discard" | "delay"): boolean {
    const kind = decision === "discard" ? "invent" : "hurry";
    const share = this.#shares.get(kind);
    if (share === undefined || !this.#isMeant(question) || this.#atRelease.fraction() >= share.fraction) return false;
    this.#strike(kind, question);
    return true;
  }

  atPublication(question: WillInQuestion, nowMs: number): readonly WillCopy[] | undefined {
    if (!this.#isMeant(question)) return undefined;
    const { will } = question;
    if (this.#isStalled(nowMs)) {
      this.#strike("stall", question);
      return [{ will, delayMs: this.#stalledUntilMs - nowMs }];
    }
    const kind = this.#drawn();
    if (kind === undefined) return undefined;
    this.#strike(kind, question);
    return copies(will, kind, this.#shares.get(kind)!.timeMs);
  }

  #isMeant({ clientId }: WillInQuestion): boolean {
    return this.#options.clients?.test(clientId) ?? true;
  }

  /** Whether wills are held back now; a stall may begin with the will in question. */
  #isStalled(nowMs: number): boolean {
    const share = this.#shares.get("stall");
    if (share === undefined) return false;
    if (nowMs < this.#stalledUntilMs) return true;
    if (this.#atStall.fraction() >= share.fraction) return false;
    this.#stalledUntilMs = nowMs + share.timeMs;
    return share.timeMs > 0;
  }

  /** The kind that affects this will, if any; draws one number for all kinds. */
  #drawn(): SeededFaultKind | undefined {
    let left = this.#atPublication.fraction();
    return exclusiveKinds.find((kind) => (left -= this.#shares.get(kind)?.fraction ?? 0) < 0);
  }

  #strike(kind: SeededFaultKind, question: WillInQuestion): void {
    this.counts[kind]!++;
    this.#options.onStrike?.(kind, question);
  }
}

function copies(will: ConnectWill, kind: SeededFaultKind, timeMs: number): readonly WillCopy[] {
  const once = { will, delayMs: 0 };
  if (kind === "lose") return [];
  if (kind === "duplicate") return [once, once];
  return kind === "alter" ? [{ will: altered(will), delayMs: 0 }] : [{ will, delayMs: timeMs }];
}

/** Flips the last bit of the payload, so that text remains text; an empty payload becomes `altered`. */
function altered(will: ConnectWill): ConnectWill {
  const { payload } = will;
  if (payload.length === 0) return { ...will, payload: new TextEncoder().encode("altered") };
  return { ...will, payload: payload.with(payload.length - 1, payload.at(-1)! ^ 1) };
}
