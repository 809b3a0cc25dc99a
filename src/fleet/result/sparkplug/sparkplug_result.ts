/**
 * The findings on Sparkplug of a run, by assertion of the specification: plain sums, so that those of all squads merge.
 */

/** The assertions of Sparkplug 3.0 that a run checks, by the names of their counts. */
export const sparkplugAssertions = {
  /** The bdSeq of an NDEATH is that of the NBIRTH of the same connection. */
  bdSeq: "tck-id-payloads-ndeath-bdseq",
  /** An NDEATH takes its node offline: it must come before the next NBIRTH of the node. */
  order: "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
  /** The QoS of an NDEATH is 1. */
  deathQos: "tck-id-payloads-ndeath-will-message-qos",
  /** No NDEATH is retained. */
  deathRetain: "tck-id-payloads-ndeath-will-message-retain",
  /** The server publishes the death certificate of a host whose connection ended. */
  stateDeath: "tck-id-payloads-state-will-message",
  /** The QoS of that certificate is 1. */
  stateQos: "tck-id-payloads-state-will-message-qos",
  /** It is retained. */
  stateRetain: "tck-id-payloads-state-will-message-retain",
} as const;

/** One assertion. */
export type SparkplugAssertion = keyof typeof sparkplugAssertions;

/** How often a run checked an assertion, and how often it was broken. */
export interface AssertionCounts {
  /** Checks of the assertion. */
  checked: number;
  /** Checks that found it broken. */
  broken: number;
}

/** Messages that nodes sent, and that watchers received. */
export interface SentAndSeen {
  /** Messages that nodes sent. */
  sent: number;
  /** Messages that a watcher received. */
  seen: number;
}

/** The findings of a squad or of a run. */
export interface SparkplugResult {
  /** Counts by assertion; one without a check is absent. */
  readonly assertions: Readonly<Partial<Record<SparkplugAssertion, AssertionCounts>>>;
  /** NBIRTH messages, rebirths included. */
  readonly births: SentAndSeen;
  /** NDEATH messages of nodes that left by themselves. */
  readonly ownDeaths: SentAndSeen;
  /** Rebirth commands that nodes answered. */
  readonly rebirths: number;
}

/** Joins the findings of the squads; undefined where there are none. */
export function mergeSparkplug(all: readonly (SparkplugResult | undefined)[]): SparkplugResult | undefined {
  const found = all.filter((each) => each !== undefined);
  if (found.length === 0) return undefined;
  const assertions: Partial<Record<SparkplugAssertion, AssertionCounts>> = {};
  for (const name of Object.keys(sparkplugAssertions) as SparkplugAssertion[]) {
    const counts = found.flatMap((each) => each.assertions[name] ?? []);
    if (counts.length === 0) continue;
    assertions[name] = { checked: sum(counts, "checked"), broken: sum(counts, "broken") };
  }
  const both = (name: "births" | "ownDeaths") => {
    const each = found.map((one) => one[name]);
    return { sent: sum(each, "sent"), seen: sum(each, "seen") };
  };
  return { assertions, births: both("births"), ownDeaths: both("ownDeaths"), rebirths: sum(found, "rebirths") };
}

function sum<Name extends string>(all: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return all.reduce((total, each) => total + each[name], 0);
}

/** Broken assertions that no count of wills has: those on the order of certificates and on STATE. */
export function sparkplugFaults({ assertions }: SparkplugResult): number {
  const own: readonly SparkplugAssertion[] = ["order", "stateDeath", "stateQos", "stateRetain"];
  return own.reduce((total, name) => total + (assertions[name]?.broken ?? 0), 0);
}
