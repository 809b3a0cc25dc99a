/**
 * What can fall due in a broker; all of it waits in one heap, which `tick.ts` empties.
 */
import type { Publication } from "./routing/publication.ts";
import type { Connection } from "./session/connection.ts";
import type { Outbox } from "./session/outbox.ts";
import type { LimitedLog } from "./limited_log.ts";
import type { RetainedFeed } from "./routing/retained_feed.ts";
import type { Session } from "./session/session.ts";
import type { Turn } from "./store/turn.ts";
import type { SysTopics } from "./sys_topics.ts";
import type { PendingWill } from "./wills.ts";

/**
 * Time to CONNECT or keep alive; the end of a session; a delayed will; messages that expire while they wait in an
 * outbox; a retained message that expires; the next slice of the retained messages for a subscriber; the next `$SYS` messages; the store's sign of life;
 * the count of log lines that were left out.
 */
export type Due =
  | SysTopics
  | Connection
  | Session
  | PendingWill
  | Outbox
  | Publication
  | RetainedFeed
  | Turn
  | LimitedLog;
