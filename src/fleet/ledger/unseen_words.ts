/**
 * The presence messages of each client that a watcher has not received yet. Where a client leaves with the payload of
 * its will, a watcher's message is its own one as long as one is on its way.
 */
import type { PresenceWord } from "../life/presence_message.ts";

/** A client has so many messages on their way at most; the oldest ones are lost. */
const mostWords = 16;

export class UnseenWords {
  readonly #copies: number;
  /** By client: the messages that each copy of its watcher has not received, in their order. */
  readonly #words = new Map<number, PresenceWord[][]>();

  /** @param copies how many watchers receive each message */
  constructor(copies: number) {
    this.#copies = copies;
  }

  /** A client has sent a message. */
  say(client: number, word: PresenceWord): void {
    let copies = this.#words.get(client);
    if (copies === undefined) this.#words.set(client, copies = Array.from({ length: this.#copies }, () => []));
    for (const words of copies) {
      words.push(word);
      if (words.length > mostWords) words.shift();
    }
  }

  /** Whether a watcher has not received this message of a client. */
  awaits(word: PresenceWord, client: number, copy: number): boolean {
    return this.#words.get(client)?.[copy]?.includes(word) === true;
  }

  /** A watcher received it. The messages of a client arrive in their order: earlier ones are lost. [MQTT5 4.6.0-5] */
  see(word: PresenceWord, client: number, copy: number): void {
    const words = this.#words.get(client)?.[copy];
    words?.splice(0, words.indexOf(word) + 1);
  }
}
