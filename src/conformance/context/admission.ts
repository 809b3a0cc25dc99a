/**
 * How a case gets a client in: a CONNECT that the broker refuses for its load, or closes without a CONNACK as a broker
 * does that limits the rate of one client, is sent again after a pause, and the whole check slows down.
 */
import type { ConnackPacket } from "../../mqtt/packet.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { Pacer } from "./pacer.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { Probe } from "../probe/probe.ts";

/** How often a CONNECT is sent that the broker refuses for its load, and one that it closes without a CONNACK. */
const loadAttempts = 6;
const closedAttempts = 4;
/** The pause before the second attempt, in milliseconds; it doubles with each more. */
const retryAfterMs = 250;

/** A client that the broker accepted. */
interface Admitted {
  readonly probe: Probe;
  /** Its attempts before. */
  readonly refused: readonly Probe[];
}

/** Connects the clients of one case. */
export class Admission {
  readonly #pacer: Pacer;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #refusals = new Map<Probe, string>();

  constructor(pacer: Pacer, pause: (ms: number) => Promise<void>) {
    this.#pacer = pacer;
    this.#pause = pause;
  }

  /** The broker's refusals for load that repeated attempts did not overcome, in its own words. */
  get refusal(): string | undefined {
    return [...this.#refusals.values()][0];
  }

  /** The broker refused something of a probe for its load. */
  refused(probe: Probe, what: string): void {
    this.#refusals.set(probe, what);
    this.#pacer.slowDown();
  }

  /**
   * Sends a CONNECT until it is accepted, or has failed for good.
   *
   * @param sent opens a link and sends the CONNECT on it
   */
  async admit(sent: () => Probe): Promise<Admitted> {
    const refused: Probe[] = [];
    for (;;) {
      // Each attempt waits for the one before.
      // deno-lint-ignore no-await-in-loop
      await this.#pacer.turn();
      const probe = sent();
      // deno-lint-ignore no-await-in-loop
      probe.connack = await this.#answer(probe, refused.length + 1);
      if (probe.connack !== undefined) {
        for (const each of refused) this.#refusals.delete(each);
        // The broker closed without a CONNACK for load, since it now accepts the same CONNECT.
        if (refused.length > 0) this.#pacer.slowDown();
        return { probe, refused };
      }
      refused.push(probe);
      // deno-lint-ignore no-await-in-loop
      await this.#pause(retryAfterMs * 2 ** (refused.length - 1));
    }
  }

  /** The CONNACK that accepts; undefined where the client is to send the CONNECT again. */
  async #answer(probe: Probe, attempt: number): Promise<ConnackPacket | undefined> {
    try {
      const connack = await probe.expect("connack");
      return connack.reasonCode === 0 ? connack : this.#again(probe, connack.reasonCode, attempt);
    } catch (error) {
      const how = probe.ended?.how.kind;
      const isClosed = error instanceof CaseFailure && error.fault.kind === "closed" &&
        (how === "fin" || how === "reset");
      if (isClosed && attempt < closedAttempts) return undefined;
      throw error;
    }
  }

  #again(probe: Probe, code: number, attempt: number): undefined {
    const refusal = this.#refusals.get(probe);
    if (refusal === undefined) {
      const message = `the CONNECT of ${probe.name} was refused with ${hexByte(code)}`;
      throw new CaseFailure(message, { kind: "refused", code });
    }
    if (attempt >= loadAttempts) {
      throw new NotTestable(`the broker refuses the CONNECT because of its load: ${refusal}`);
    }
  }
}
