/**
 * The choices that the standard leaves to a server, as a list by name, and one seed's decisions. A broker requests a
 * decision where both options are allowed; the object counts each time that it takes the rarer one.
 */
import { mix, Random } from "../../../src/base/random.ts";

/** Each choice by its name, and where the standard leaves it open (5.0 unless another version is named). */
export const openChoices = {
  "session expiry: another than asked for, announced": "3.2.2.3.2",
  "maximum packet size: small, announced; a larger packet ends the connection": "3.2.2.3.6",
  "receive maximum: small, announced": "3.2.2.3.3",
  "receive maximum: a client that exceeds it is disconnected": "3.3.4-9",
  "maximum qos: 0 or 1, announced": "3.2.2.3.4",
  "retain: not available, announced": "3.2.2.3.5",
  "wildcards: not available, announced": "3.2.2.3.11",
  "shared subscriptions: not available, announced": "3.2.2.3.13",
  "subscription identifiers: not available, announced": "3.2.2.3.12",
  "limits in 3.1.1: kept, for it cannot announce them": "3.1.1, 3.8.4-6 and section 4.8",
  "server keep alive: another than asked for, announced": "3.2.2.3.14",
  "client identifier: assigned to a client without one": "3.1.3-6",
  "client identifier: a client without one is refused": "3.1.3-6",
  "client identifier: one of more than 23 bytes is refused": "3.1.3-5",
  "announcement: what is usual is announced too": "3.2.2.3",
  "topic alias maximum: aliases of clients are taken": "3.2.2.3.8",
  "topic alias: towards clients, within their maximum": "3.3.2.3.4",
  "reason string": "3.1.2-29",
  "user properties of the server": "3.1.2-29",
  "response information": "3.2.2.3.15",
  "server reference": "4.11",
  "close: without DISCONNECT or CONNACK before it": "4.13.2",
  "close: by reset": "4.13.2",
  "close: another of the reason codes that fit": "4.13.1",
  "keep alive: a silent client is closed before 1.5 times keep alive": "3.1.1, 3.1.2.10; 5.0, 3.1.2.10",
  "redelivery: with DUP over a resumed session": "4.4.0-1",
  "redelivery: with DUP while the connection lives, in 3.1.1": "3.1.1, 4.4.0-1",
  "send quota: smaller than the client's receive maximum": "4.9.0-1",
  "overlapping subscriptions: several copies": "3.3.4-2",
  "overlapping subscriptions: one copy": "3.3.4-2",
  "granted qos: lower than asked for": "3.8.4-7",
  "order: messages of different topics or qos overtake one another": "4.6.0-5",
  "order: a message overtakes a PINGRESP or follows it": "3.12.4",
  "order: retained messages before SUBACK": "3.8.4",
  "refusal: a CONNECT too many in a while": "4.13 (0x9F, 0x97, 0x89, 0x88); 3.1.1, 3.2.2.3 (3)",
  "refusal: a SUBSCRIBE for the quota": "3.9.3 (0x97); 3.1.1, 3.9.3 (0x80)",
  "refusal: a PUBLISH for the quota": "3.4.2.1 (0x97)",
  "refusal: a topic of too many levels": "4.7.3",
  "refusal: a will of too many bytes": "3.1.4-2",
  "version: one of the two is not spoken": "3.1.2-2",
  "slow: an answer": "none; within what a run allows",
  "slow: a message": "none; within what a run allows",
  "slow: a will": "3.1.2.5: without a time",
  "bytes: a packet in several pieces": "4.2-1",
  "bytes: several packets in one piece": "4.2-1",
  "no matching subscribers: 0x10": "3.4.2.1",
  "qos 0: kept for a session that is offline": "4.1",
  "qos 0: dropped for a session that is offline": "4.1",
  "retained: of qos 0 is not kept": "3.3.1.3; 3.1.1, 3.3.1-7",
  "qos 2: delivered on PUBREL instead of PUBLISH": "4.3.3",
  "packet identifier not found: 0x92": "3.6.2.1, 3.7.2.1",
  "payload format: looked at, and refused": "3.3.2.3.2",
  "login: refused with another of the codes that fit": "3.2.2.2",
  "authorization: a message that may not be published ends the connection": "4.13, 3.1.1, 3.3.5-2",
  "authorization: a will that may not be published refuses its CONNECT": "3.1.4-2",
  "shared: any member of the group": "4.8.2",
  "restart: wills of the connections that it ends come after it": "3.1.2.5",
  "restart: wills of the connections that it ends come before it": "3.1.2.5",
  "restart: DISCONNECT 0x8B before it": "4.13",
  "end: a client is disconnected for no fault of its own": "4.13 (0x98)",
} as const;

/** The name of a choice. */
export type OpenChoice = keyof typeof openChoices;

/**
 * Choices that a server has only with a client that breaks a rule, or that requests something that fleet and check
 * never request. A run with one of them shows that fleet or check has done so.
 */
export const notProvoked: readonly OpenChoice[] = [
  "receive maximum: a client that exceeds it is disconnected",
  "response information",
  "payload format: looked at, and refused",
];

const names = Object.keys(openChoices) as OpenChoice[];

/** How often the broker made each choice, by name; 0 for one that it never made. */
export type ChoiceCounts = Record<OpenChoice, number>;

/** Every choice, with a count of 0. */
export function noChoices(): ChoiceCounts {
  return Object.fromEntries(names.map((name) => [name, 0])) as ChoiceCounts;
}

/** Choices that are rare because they end most of a run's work; one in this many seeds makes them. */
const rareness: Partial<Record<OpenChoice, number>> = {
  "version: one of the two is not spoken": 6,
  "client identifier: one of more than 23 bytes is refused": 4,
  "maximum packet size: small, announced; a larger packet ends the connection": 2,
  "retain: not available, announced": 2,
  "maximum qos: 0 or 1, announced": 2,
  "limits in 3.1.1: kept, for it cannot announce them": 2,
  "refusal: a topic of too many levels": 3,
  "refusal: a will of too many bytes": 3,
  "refusal: a SUBSCRIBE for the quota": 4,
  "refusal: a PUBLISH for the quota": 4,
  "end: a client is disconnected for no fault of its own": 4,
};

/** Choices that brokers often make, and that our code once misread: at least this share of the seeds makes them. */
const frequency: Partial<Record<OpenChoice, number>> = {
  "session expiry: another than asked for, announced": 0.5,
};

/** One seed's decisions. */
export class Choices {
  readonly counts = noChoices();
  readonly random: Random;
  /** The probability of each choice where it is possible; 0 for those that this seed does not make. */
  readonly #chances = new Map<OpenChoice, number>();

  /**
   * @param without choices that no seed makes
   * @param only if present, no other choices are made
   */
  constructor(seed: number, without: readonly OpenChoice[] = [], only?: readonly OpenChoice[]) {
    const draw = new Random(mix(seed, 0x0b0e));
    this.random = new Random(mix(seed, 0x0b0f));
    const level = draw.weighted([0, 0.06, 0.2, 0.5].map((item, weight) => ({ item, weight: Math.max(1, 2 * weight) })));
    for (const name of names) {
      const isMade = draw.fraction() < Math.max(level, frequency[name] ?? 0) && draw.below(rareness[name] ?? 1) === 0;
      const chance = [0.1, 0.5, 1][draw.below(3)]!;
      const isLeftOut = without.includes(name) || only?.includes(name) === false;
      this.#chances.set(name, isLeftOut || !(isMade || only !== undefined) ? 0 : chance);
    }
  }

  /** True if this seed can make the choice. Does not count it. */
  makes(name: OpenChoice): boolean {
    return this.#chances.get(name)! > 0;
  }

  /** Whether the broker makes the choice this time; counts it if so. */
  does(name: OpenChoice): boolean {
    const chance = this.#chances.get(name)!;
    if (chance === 0 || (chance < 1 && this.random.fraction() >= chance)) return false;
    return this.made(name);
  }

  /** Counts a made choice. */
  made(name: OpenChoice): true {
    this.counts[name]++;
    return true;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }

  /** One of the items if this seed makes the choice, else undefined. */
  setting<T>(name: OpenChoice, items: readonly T[]): T | undefined {
    return this.makes(name) ? this.pick(items) : undefined;
  }

  /** The names and counts of the made choices. */
  get summary(): string {
    return names.filter((name) => this.counts[name] > 0).map((name) => `${name} (${this.counts[name]})`).join(", ");
  }
}
