/** Starts the parts of a broker: restores the store, applies the current rules to it, and starts `$SYS`. */
import { recheck } from "../handle/recheck.ts";
import { Core } from "../core/core.ts";
import type { CoreSettings } from "../options/options.ts";
import { restore } from "./restore.ts";
import { SysTopics } from "../core/sys_topics.ts";

/** @throws UsageError if the store cannot be opened or read */
export function startCore(settings: CoreSettings): Core {
  const core = new Core(settings);
  const nowMs = settings.clock.nowMs();
  try {
    restore(core, nowMs);
    recheckStored(core, nowMs);
    publishSys(core, nowMs);
    core.turn.start(nowMs);
  } catch (error) {
    core.store.close();
    throw error;
  }
  return core;
}

/** The rules may have changed since the store was written. */
function recheckStored(core: Core, nowMs: number): void {
  const { hasLogins, log } = core.settings;
  if (!hasLogins || core.sessions.size === 0) return;
  const { ended, unsubscribed, discarded } = recheck(core, nowMs);
  if (ended + unsubscribed + discarded === 0) return;
  log(
    "warn",
    `The rules changed since the store was written: ${ended} sessions and ${unsubscribed} subscriptions ` +
      `ended, ${discarded} queued messages discarded`,
  );
}

function publishSys({ metrics, router, deadlines, settings }: Core, nowMs: number): void {
  const { sysIntervalMs: intervalMs, willFault } = settings;
  if (willFault?.counts !== undefined) metrics.willFaultsByKind = willFault.counts;
  if (intervalMs > 0) new SysTopics({ metrics, router, deadlines, intervalMs, fault: willFault?.description }, nowMs);
}
