/**
 * The findings on presence: plain data, squad by squad, and as one.
 */

/** The counts of the messages with which clients publish that they are online, or that they left. */
export interface PresenceWordCounts {
  /** Messages that clients sent. */
  sent: number;
  /** Messages that the broker acknowledged. */
  acknowledged: number;
  /** The broker answered that it does not take them. */
  refused: number;
  /** Received by watchers. */
  seen: number;
}

/** The moment of the look: during the kills, before the online clients leave, and after that. */
export const presenceMoments = ["middle", "end", "left"] as const;
/** The moment of a look. */
export type PresenceMoment = typeof presenceMoments[number];

/** The counts of the states that a reader looked at. */
export interface PresenceCounts {
  /** Each is right or wrong. */
  judged: number;
  /** States that were right. */
  right: number;
  /** States that were wrong. */
  wrong: number;
  /** Wrong: the topic has a message that a later one has replaced. */
  stale: number;
  /** Wrong: the topic has a message that the broker had to publish never, or not yet. */
  unwanted: number;
  /** Wrong: the topic has no message. */
  absent: number;
  /** Wrong: the right message, with a payload, QoS, retain flag or property that the client did not request. */
  altered: number;
  /** The standard, or a missing acknowledgement, allows more than one state, and the reader found one of those. */
  eitherWay: number;
  /** Not judged: it had changed too shortly before. */
  unsettled: number;
}

/** One of several looks during the kills. */
export interface PresenceWave extends PresenceCounts {
  /** When the look began, in milliseconds since the beginning of the run. */
  readonly atMs: number;
}

/** The findings of a squad on presence: plain data. */
export interface PresenceData {
  /** The looks during the kills, in their order; absent where there was one at most. */
  readonly waves?: readonly PresenceWave[];
  /** The counts of each look. */
  readonly byMoment: Readonly<Partial<Record<PresenceMoment, PresenceCounts>>>;
  /** The messages "online". */
  readonly online: PresenceWordCounts;
  /** The messages "left". */
  readonly left: PresenceWordCounts;
}

/** Empty counts. */
export function noPresence(): PresenceCounts {
  return { judged: 0, right: 0, wrong: 0, stale: 0, unwanted: 0, absent: 0, altered: 0, eitherWay: 0, unsettled: 0 };
}

/** The findings of a run on presence: the counts of all looks together, and of each. */
export interface PresenceResult extends PresenceCounts, PresenceData {}

/** Joins the findings of the squads; undefined where no client publishes its presence. */
export function mergePresence(all: readonly (PresenceData | undefined)[]): PresenceResult | undefined {
  const found = all.filter((data) => data !== undefined);
  if (found.length === 0) return undefined;
  const byMoment: Partial<Record<PresenceMoment, PresenceCounts>> = {};
  const total = noPresence();
  for (const moment of presenceMoments) {
    const looks = found.flatMap(({ byMoment }) => byMoment[moment] ?? []);
    if (looks.length === 0) continue;
    const sum = byMoment[moment] = noPresence();
    for (const look of looks) add(sum, look);
    add(total, sum);
  }
  const [online, left] = [noWords(), noWords()];
  for (const data of found) {
    add(online, data.online);
    add(left, data.left);
  }
  const waves = mergeWaves(found.flatMap((data) => data.waves === undefined ? [] : [data.waves]));
  return { ...total, byMoment, ...waves.length > 0 && { waves }, online, left };
}

/** Adds `more` to `sum`, count by count. */
function add<Counts extends PresenceCounts | PresenceWordCounts>(sum: Counts, more: Counts): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) (sum[name] as number) += more[name] as number;
}

/** Empty counts of messages. */
export function noWords(): PresenceWordCounts {
  return { sent: 0, acknowledged: 0, refused: 0, seen: 0 };
}

/** Joins the looks of the squads by their number: each squad looks at its own clients. */
function mergeWaves(all: readonly (readonly PresenceWave[])[]): PresenceWave[] {
  const most = Math.max(0, ...all.map(({ length }) => length));
  return Array.from({ length: most }, (_, place) => {
    const looks = all.flatMap((waves) => waves[place] ?? []);
    const sum = noPresence();
    for (const look of looks) add(sum, look);
    return { atMs: Math.min(...looks.map(({ atMs }) => atMs)), ...sum };
  });
}
