/**
 * SIGHUP: read the files again. Windows has none.
 */

/** Calls `again` at each SIGHUP; returns a function that stops this. */
export function onHangUp(again: () => void): () => void {
  if (Deno.build.os === "windows") return () => {};
  Deno.addSignalListener("SIGHUP", again);
  return () => Deno.removeSignalListener("SIGHUP", again);
}
