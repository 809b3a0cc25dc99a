/** Absence of a message, shown by a subscriber that would have received it. */
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";

/**
 * Fails when a message comes within the time; then the control: the watcher publishes a message on the topic and must
 * receive it. If it does not, the silence proves nothing, and the case is not testable.
 *
 * @param forMs from now; the bound for silence if not given
 */
export async function nothingComes(
  context: CaseContext,
  watcher: Probe,
  { topic = context.topic(), forMs = context.bounds.silenceMs }: { topic?: string; forMs?: number } = {},
): Promise<void> {
  await watcher.receivesNothing(forMs);
  const control = context.message({ topic, qos: 0 });
  try {
    await watcher.publish(control);
    await watcher.receives(control);
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    throw new NotTestable(`no message reaches the watcher, so the case proves nothing: ${error.message}`);
  }
}
