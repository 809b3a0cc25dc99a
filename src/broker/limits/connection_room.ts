/**
 * `--max-connections` against the limit of open files: each connection takes one, and the runtime, the store, the
 * listeners and the web interface need some too.
 */
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { defaultLimits } from "../options/options.ts";

/** What the runtime, its threads, the store and the listeners have open; about 30 are measured. */
const ownFiles = 64;
/** Links of the web interface with metrics and status. */
const webFiles = 256;
/** Where the limit is low, they get this share of it. */
const webShare = 1 / 8;
/** Links beyond the default that are told why they are refused: a share of the room, and at most so many. */
const toldShare = 1 / 16;
const toldAtMost = 64;

/** What the broker has room for. */
export interface ConnectionRoom {
  /** Links open at one time; one more is refused with a reason code. */
  readonly connections: number;
  /** Links beyond which one more is closed at once. */
  readonly links: number;
}

/**
 * The room for connections.
 *
 * @param asked the limit that was asked for, if any
 * @param openFiles the limit of open files; undefined where it is not known
 * @throws UsageError when more connections are asked for than the limit of open files leaves room for
 */
export function connectionRoom(asked: number | undefined, openFiles: number | undefined): ConnectionRoom {
  if (openFiles === undefined) return { connections: asked ?? defaultLimits.connections, links: Infinity };
  const links = Math.max(1, openFiles - reservedFiles(openFiles));
  if (asked === undefined) {
    const told = Math.min(toldAtMost, Math.floor(links * toldShare));
    return { connections: Math.min(defaultLimits.connections, links - told), links };
  }
  if (asked <= links) return { connections: asked, links };
  throw new UsageError(
    `Cannot hold ${formatCount(asked)} connections (--max-connections): the limit of open files, ${
      formatCount(openFiles)
    }, ` +
      `leaves room for ${formatCount(links)}; expected 1 to ${formatCount(links)}, or a higher limit ` +
      `(ulimit -n ${asked + ownFiles + webFiles})`,
  );
}

function reservedFiles(openFiles: number): number {
  return Math.min(ownFiles + webFiles, Math.max(ownFiles, Math.floor(openFiles * webShare)));
}
