/** A pause that a signal can end. */

/**
 * Waits until the time is over, or the signal aborts.
 *
 * @param ms milliseconds; 0 returns at once
 */
export async function pause(ms: number, ended: AbortSignal): Promise<void> {
  if (ms === 0 || ended.aborted) return;
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  ended.addEventListener("abort", () => over.resolve(), { once: true });
  await over.promise;
  clearTimeout(timer);
}
