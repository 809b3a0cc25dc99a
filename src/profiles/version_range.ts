/**
 * Versions of a broker as numbers between dots, and ranges of them. Text after the numbers (`-rc1`, a commit) is
 * ignored.
 */

/** From one version on, and before another; an absent bound is open. */
export interface VersionRange {
  /** The first version. */
  readonly from?: string;
  /** The first version that is not included. */
  readonly before?: string;
}

/** The first version in a text: `mosquitto version 2.0.11` contains 2.0.11; undefined if there is none. */
export function versionIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(text)?.[0];
}

/** Whether a version is in a range: 2.0.22 is before 2.1, and 2.1.2 is not. */
export function isWithin(version: string, { from, before }: VersionRange): boolean {
  return (from === undefined || compare(version, from) >= 0) && (before === undefined || compare(version, before) < 0);
}

function compare(one: string, other: string): number {
  const [ours, theirs] = [one, other].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let place = 0; place < Math.max(ours.length, theirs.length); place++) {
    const difference = (ours[place] ?? 0) - (theirs[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
