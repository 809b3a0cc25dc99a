/**
 * The observations of a run on a broker that the standard allows, or that are one deviation of the broker and no fault
 * of a will: plain sums, so that those of all squads merge into one. The run reports them as notes; no verdict depends
 * on them.
 */
import { formatCount } from "../../base/units.ts";

/** The observations; a part without an observation is absent. */
export interface Remarks {
  /** Silent connections that the broker closed before 1.5 times keep alive had passed, which it may. */
  readonly earlyCloses?: EarlyCloses;
  /** Lives for which the broker announced a session expiry below the requested one. */
  readonly shortSessions?: ShortSessions;
  /** Messages of 3.1.1 clients to which the broker added a Message Expiry Interval. */
  readonly addedExpiries?: number;
  /** Connections that ended although the fleet had not ended them, by how they ended. */
  readonly lostConnections?: Readonly<Record<string, number>>;
  /** Packets of the broker with parts that they must not have, by the fault. */
  readonly faultyPackets?: Readonly<Record<string, number>>;
  /** Connections that followed the reference of a server, by the address of the other server. */
  readonly references?: Readonly<Record<string, number>>;
}

/** Maximum number of different kinds of ends and of faulty packets. */
const mostEndings = 8;

/** Closes of silent connections before the upper bound. */
export interface EarlyCloses {
  /** Connections that the broker closed early. */
  readonly count: number;
  /** The earliest: how many keep alives after the last packet, and how long before 1.5 times keep alive. */
  readonly soonestKeepAlives: number;
  /** By how much the earliest close was early. */
  readonly mostEarlyMs: number;
}

/** Session expiries that the broker cut. */
export interface ShortSessions {
  /** Lives with a shorter session than requested. */
  readonly lives: number;
  /** The shortest session expiry, in seconds. */
  readonly shortestS: number;
}

/** Adds the observations of another squad. */
export function addRemarks(one: Remarks, other: Remarks): Remarks {
  const earlyCloses = joined(one.earlyCloses, other.earlyCloses, (a, b) => ({
    count: a.count + b.count,
    soonestKeepAlives: Math.min(a.soonestKeepAlives, b.soonestKeepAlives),
    mostEarlyMs: Math.max(a.mostEarlyMs, b.mostEarlyMs),
  }));
  const shortSessions = joined(one.shortSessions, other.shortSessions, (a, b) => ({
    lives: a.lives + b.lives,
    shortestS: Math.min(a.shortestS, b.shortestS),
  }));
  const addedExpiries = joined(one.addedExpiries, other.addedExpiries, (a, b) => a + b);
  const faultyPackets = joined(one.faultyPackets, other.faultyPackets, addEndings);
  const lostConnections = joined(one.lostConnections, other.lostConnections, addEndings);
  const references = joined(one.references, other.references, addEndings);
  return {
    ...references && { references },
    ...earlyCloses && { earlyCloses },
    ...shortSessions && { shortSessions },
    ...addedExpiries !== undefined && { addedExpiries },
    ...lostConnections && { lostConnections },
    ...faultyPackets && { faultyPackets },
  };
}

/** Beyond the limit, one ending represents the rest. */
function addEndings(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) {
  const sum: Record<string, number> = { ...one };
  for (const [text, count] of Object.entries(other)) {
    const name = Object.hasOwn(sum, text) || Object.keys(sum).length < mostEndings ? text : "another kind";
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

function joined<Part>(one: Part | undefined, other: Part | undefined, sum: (one: Part, other: Part) => Part) {
  if (one === undefined || other === undefined) return one ?? other;
  return sum(one, other);
}

/** The notes in sentences. */
export function remarkTexts(
  { earlyCloses, shortSessions, addedExpiries, lostConnections, faultyPackets, references }: Remarks,
): string[] {
  const texts: string[] = [];
  if (earlyCloses !== undefined) {
    const { count, soonestKeepAlives, mostEarlyMs } = earlyCloses;
    texts.push(
      `the broker closed ${counted(count, "silent connection")} before 1.5 times keep alive had passed, the earliest ` +
        `${soonestKeepAlives.toFixed(2)} times keep alive after the last packet, ${seconds(mostEarlyMs)} early: the ` +
        "standard allows this (1.5 times keep alive is an upper bound), and the wills were due at these closes",
    );
  }
  if (shortSessions !== undefined) {
    const { lives, shortestS } = shortSessions;
    texts.push(
      `the broker announced a shorter session expiry than the requested one in ${counted(lives, "CONNACK")}, the ` +
        `shortest ${formatCount(shortestS)} s: a delayed will was due when that session ended`,
    );
  }
  if (addedExpiries !== undefined) {
    texts.push(
      `the broker added a Message Expiry Interval to ${counted(addedExpiries, "will")} of 3.1.1 clients, which asked ` +
        "for none (MQTT 5.0, section 3.3.2.3.3): this does not count as an altered will",
    );
  }
  if (lostConnections !== undefined) texts.push(lostText(lostConnections));
  if (faultyPackets !== undefined) {
    texts.push(`the broker sent packets that the standard forbids: ${kindsText(faultyPackets)}`);
  }
  if (references !== undefined) {
    texts.push(`connections followed references of the broker to other servers: ${kindsText(references)}`);
  }
  return texts;
}

function lostText(endings: Readonly<Record<string, number>>): string {
  const all = Object.values(endings).reduce((sum, count) => sum + count, 0);
  const it = all === 1 ? "it" : "them";
  return `${counted(all, "connection")} ended although the fleet had not ended ${it}: ${kindsText(endings)}`;
}

/** The observations of each kind, the most frequent first. */
function kindsText(kinds: Readonly<Record<string, number>>): string {
  return Object.entries(kinds).toSorted(([, one], [, other]) => other - one)
    .map(([text, count]) => `${formatCount(count)} × ${text}`).join("; ");
}

function counted(count: number, what: string): string {
  return count === 1 ? `one ${what}` : `${formatCount(count)} ${what}s`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
