/** The effective keep alive, and its limit: 1.5 times keep alive is the last allowed instant, not the first. */
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";

/** The longest keep alive that a case waits for, in seconds. */
const longestS = 10;

/**
 * The server's keep alive where CONNACK names one, else the client's. The case is not testable where it is too long.
 */
export function keepAliveInForceS(context: CaseContext, { connack }: Probe, askedS: number): number {
  const keepAliveS = connack?.properties?.serverKeepAliveS ?? askedS;
  context.requires(keepAliveS > 0, "the Server Keep Alive is 0: the server closes no silent client");
  context.requires(keepAliveS <= longestS, `the Server Keep Alive of ${keepAliveS} s is too long to wait for`);
  return keepAliveS;
}

/** The case is not testable where the server's own keep alive ends a client that is silent for so long. */
export function requiresSilence(context: CaseContext, { connack }: Probe, silentMs: number): void {
  const ownS = connack?.properties?.serverKeepAliveS ?? 0;
  const reason = `the server sets Server Keep Alive ${ownS} s: it may close a client that is silent for that time`;
  context.requires(ownS === 0 || 1_000 * ownS > silentMs, reason);
}

/** Notes how early the end of a silent client was, of which the standard names the last instant only. */
export function noteEnd(context: CaseContext, endMs: number, heardMs: number, keepAliveS: number): void {
  const times = ((endMs - heardMs) / 1_000 / keepAliveS).toFixed(2);
  const earlyMs = Math.round(heardMs + 1_500 * keepAliveS - endMs);
  const early = earlyMs > context.bounds.earlyMs ? `, ${earlyMs} ms before 1.5 times` : "";
  context.note(`the end came ${times} times the keep alive after the last packet${early}`);
}
