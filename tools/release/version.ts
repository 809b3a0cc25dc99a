/** Versions as https://semver.org defines them: numbers, and the part of a pre-release such as `rc.1`. */
import { UsageError } from "../../src/base/failure.ts";

/** A version in its parts. */
export interface Version {
  readonly text: string;
  /** Major, minor, patch. */
  readonly numbers: readonly [number, number, number];
  /** The identifiers of a pre-release; empty for a release. */
  readonly pre: readonly string[];
}

const number = "(0|[1-9]\\d{0,5})";
const identifier = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const pattern = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?$`);

/** Reads a version, or throws a UsageError. */
export function parseVersion(text: string): Version {
  const match = pattern.exec(text);
  if (match === null) throw new UsageError(`Cannot read the version "${text}": expected X.Y.Z or X.Y.Z-rc.N`);
  const [, major, minor, patch, pre] = match;
  return { text, numbers: [Number(major), Number(minor), Number(patch)], pre: pre?.split(".") ?? [] };
}

/** Negative when `a` is earlier than `b`, positive when it is later, 0 for the same version. */
export function compareVersions(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const) {
    if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  }
  // A pre-release is earlier than its release.
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (const [at, left] of a.pre.entries()) {
    const right = b.pre[at];
    if (right === undefined) return 1;
    if (left !== right) return compareIdentifiers(left, right);
  }
  return a.pre.length - b.pre.length;
}

/** Numbers are earlier than words; numbers compare as numbers, words as text. */
function compareIdentifiers(left: string, right: string): number {
  const [isLeft, isRight] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isLeft && isRight) return Number(left) - Number(right);
  if (isLeft !== isRight) return isLeft ? -1 : 1;
  return left < right ? -1 : 1;
}
