/**
 * Checks `--max-connections` against the limit of open files: each connection uses one file, and the runtime, the
 * store, the listeners and the web interface need some too.
 */
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { defaultLimits } from "../options/options.ts";

/** Open files of the runtime, its threads, the store and the listeners; measured: about 30. */
const ownFiles = 64;
/** Links of the web interface with metrics and status. */
const webFiles = 256;
/** Their share if the limit of open files is low. */
const webShare = 1 / 8;
/** Links beyond the default limit that receive a reason code: a share of the capacity, and at most this many. */
const refusedShare = 1 / 16;
const refusedAtMost = 64;

/** The capacity of the broker. */
export interface ConnectionRoom {
  /** Maximum number of open links; one more is refused with a reason code. */
  readonly connections: number;
  /** Maximum number of links; one more is closed at once. */
  readonly links: number;
}

/**
 * Computes the capacity for connections.
 *
 * @param asked the requested limit, if any
 * @param openFiles the limit of open files; undefined if unknown
 * @throws UsageError if more connections are requested than the limit of open files allows
 */
export function connectionRoom(asked: number | undefined, openFiles: number | undefined): ConnectionRoom {
  if (openFiles === undefined) return { connections: asked ?? defaultLimits.connections, links: Infinity };
  const links = Math.max(1, openFiles - reservedFiles(openFiles));
  if (asked === undefined) {
    const refused = Math.min(refusedAtMost, Math.floor(links * refusedShare));
    return { connections: Math.min(defaultLimits.connections, links - refused), links };
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
