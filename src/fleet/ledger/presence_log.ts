import type { OracleRules } from "../oracle/expectation.ts";

/**
 * The presence of each client: the states that it has published, and so the message that must be retained now.
 */
import type { Life } from "../life/life.ts";
import type { Note } from "../recording/record_event.ts";
import type { PresenceWord } from "../life/presence_message.ts";
import { noWords, type PresenceWordCounts } from "../result/presence_result.ts";
import { UnseenWords } from "./unseen_words.ts";
import { type PresenceTruth, presenceTruth, type Said, type Stay } from "../oracle/presence_oracle.ts";

/** A client's record keeps this many successive lives without an acknowledged state. */
const mostStays = 64;

export class PresenceLog {
  readonly words: Readonly<Record<PresenceWord, PresenceWordCounts>> = { online: noWords(), left: noWords() };
  readonly #stays = new Map<number, Stay[]>();
  readonly #rules: OracleRules;
  readonly #note: Note | undefined;
  readonly #unseen: UnseenWords | undefined;

  /** @param ownCopies how many watchers receive each message, where payloads are the user's own */
  constructor(rules: OracleRules, note?: Note, ownCopies?: number) {
    this.#rules = rules;
    this.#unseen = ownCopies === undefined ? undefined : new UnseenWords(ownCopies);
    this.#note = note;
  }

  /** The client has sent CONNECT of a life. */
  begin(life: Life): Stay {
    const stay: Stay = { life, online: undefined, left: undefined };
    const stays = this.#stays.get(life.client)?.filter(({ life }) => !life.refused) ?? [];
    // Beyond the limit the log drops the oldest: a message of it could look like a fault, and the oracle skips it.
    if (stays.length >= mostStays) stays.shift();
    stays.push(stay);
    this.#stays.set(life.client, stays);
    return stay;
  }

  /** A client has sent its word. */
  say(stay: Stay, word: PresenceWord, nowMs: number): void {
    stay[word] = { sentMs: nowMs, heardMs: undefined, refused: false };
    this.words[word].sent++;
    this.#unseen?.say(stay.life.client, word);
    this.#note?.("said", nowMs, { client: stay.life.client, life: stay.life.incarnation, word });
  }

  /** Whether a client has sent a message, and this copy of its watcher has not received it. */
  awaits(word: PresenceWord, client: number, copy: number): boolean {
    return this.#unseen?.awaits(word, client, copy) === true;
  }

  /** A watcher saw a client's message; with fan-out only the first copy counts. */
  see(word: PresenceWord, client: number, copy: number, nowMs: number): void {
    this.#unseen?.see(word, client, copy);
    if (copy !== 0) return;
    this.count(word, nowMs);
  }

  /** A message of a client was seen. */
  count(word: PresenceWord, nowMs: number): void {
    this.words[word].seen++;
    this.#note?.("word", nowMs, { word });
  }

  /** The broker has acknowledged a state. */
  heard(stay: Stay, word: PresenceWord, taken: boolean, nowMs: number): void {
    const said: Said = stay[word]!;
    const counts = this.words[word];
    this.#note?.("heard", nowMs, { client: stay.life.client, life: stay.life.incarnation, word, taken });
    if (!taken) {
      said.refused = true;
      counts.refused++;
      return;
    }
    said.heardMs = nowMs;
    counts.acknowledged++;
    // The states before it do not matter any more.
    const stays = this.#stays.get(stay.life.client)!;
    const place = stays.indexOf(stay);
    if (place > 0) stays.splice(0, place);
  }

  /**
   * The message that must be retained on a client's topic; undefined for a client that never sent a CONNECT, or with
   * too many states unanswered.
   */
  truthOf(client: number, atMs: number): PresenceTruth | undefined {
    const stays = this.#stays.get(client);
    if (stays === undefined || stays.length >= mostStays) return undefined;
    return presenceTruth(stays, this.#rules, atMs);
  }

  /** The lives that a client's record still has. */
  livesOf(client: number): readonly Stay[] {
    return this.#stays.get(client) ?? [];
  }
}
