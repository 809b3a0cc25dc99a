/**
 * The presence that one client publishes, from life to life, and its records.
 */
import type { ClientConnection } from "./connection.ts";
import type { Life } from "../life/life.ts";
import type { ClientOutbox } from "./client_outbox.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceLog } from "../ledger/presence_log.ts";
import { presenceMessage, type PresenceWord } from "../life/presence_message.ts";
import type { Stay } from "../oracle/presence_oracle.ts";

export class PresencePublisher {
  readonly #plan: FleetPlan;
  readonly #book: PresenceLog;
  readonly #outbox: ClientOutbox;
  #stay: Stay | undefined;

  /** @param plan the plan with the settings of the client's group */
  constructor(plan: FleetPlan, book: PresenceLog, outbox: ClientOutbox) {
    this.#plan = plan;
    this.#book = book;
    this.#outbox = outbox;
  }

  /** The client has sent CONNECT of a life. */
  begin(life: Life): void {
    this.#stay = this.#book.begin(life);
  }

  /**
   * Publishes the state and waits for the broker's answer; false where the broker has too many messages unanswered.
   *
   * @param then called after the answer
   */
  say(
    word: PresenceWord,
    connection: ClientConnection,
    nowMs: number,
    then: (nowMs: number) => void = () => {},
  ): boolean {
    const stay = this.#stay!;
    if (stay[word] !== undefined) return true;
    const message = presenceMessage(this.#plan, stay.life, word);
    const sent = this.#outbox.publish(connection, message, nowMs, (taken, atMs) => {
      this.#book.heard(stay, word, taken, atMs);
      then(atMs);
    });
    if (sent) this.#book.say(stay, word, nowMs);
    return sent;
  }
}
