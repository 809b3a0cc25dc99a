/**
 * The events of one squad on their way to their writer: lines, in batches, with a limit. Passed but unwritten events
 * count; once they reach the limit, the buffer takes no more, because the oracle cannot judge events after a gap.
 */
import type { EventFields, EventKind, Note } from "./record_event.ts";

/** The limit of unwritten characters of one squad; some 200,000 events. */
const mostWaiting = 32 * 1_048_576;
/** The buffer passes a batch on once it is so long, or on the next flush. */
const batchLength = 65_536;

export class RecordBuffer {
  /** Notes an event; callers may pass it as a function. */
  readonly note: Note = (kind, atMs, fields) => this.#add(kind, atMs, fields);
  readonly #squad: number;
  readonly #originMs: number;
  readonly #send: (lines: string) => void;
  readonly #limit: number;
  #lines = "";
  #handedOut = 0;
  #events = 0;
  #lost = 0;

  /** @param send takes a batch of whole lines, and calls `written` after their writing */
  constructor(squad: number, originMs: number, send: (lines: string) => void, limit = mostWaiting) {
    this.#squad = squad;
    this.#originMs = originMs;
    this.#send = send;
    this.#limit = limit;
  }

  /** Events that the buffer took, and events for which there was no room. */
  get counts(): { readonly events: number; readonly lost: number } {
    return { events: this.#events, lost: this.#lost };
  }

  #add<Kind extends EventKind>(kind: Kind, atMs: number, fields: EventFields<Kind>): void {
    if (this.#lost > 0 || this.#lines.length + this.#handedOut >= this.#limit) {
      this.#lost++;
      return;
    }
    this.#events++;
    this.#lines += eventLine(this.#originMs, kind, atMs, fields, this.#squad);
    if (this.#lines.length >= batchLength) this.flush();
  }

  /** Passes on the events so far. */
  flush(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    this.#handedOut += lines.length;
    this.#send(lines);
  }

  /** The writer has written so many of the passed bytes. */
  written(length: number): void {
    this.#handedOut -= length;
  }
}

const instants = [
  ...[
    "dueMs",
    "lastPacketMs",
    "sinceMs",
    "fromMs",
    "toMs",
    "downMs",
    "watchedUntilMs",
    "connectedMs",
    "killedMs",
  ] as const,
];

/** One event as a line. Instants become milliseconds since the run began. */
export function eventLine<Kind extends EventKind>(
  originMs: number,
  kind: Kind,
  atMs: number,
  fields: EventFields<Kind>,
  squad?: number,
): string {
  const line: Record<string, unknown> = { atMs: atMs - originMs, squad, kind, ...fields };
  for (const name of instants) if (line[name] !== undefined) line[name] = line[name] as number - originMs;
  return `${JSON.stringify(line)}\n`;
}
