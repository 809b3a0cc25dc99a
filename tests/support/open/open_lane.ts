/**
 * The packets from a server to one client, in transit: late, in several pieces, several packets in one piece, and
 * always in order. No packet arrives later than the bound after its submission.
 */
import { joinedBytes } from "../../../src/base/bytes.ts";
import type { Link } from "../../../src/net/link.ts";
import type { Choices, OpenChoice } from "./open_choices.ts";

/** Runs work later. */
export type Later = (afterMs: number, act: () => void) => void;

/** The packets that wait for writing. */
interface Waiting {
  readonly bytes?: Uint8Array;
  readonly close?: "end" | "reset";
  readonly byMs: number;
  readonly atMs: number;
  readonly written?: () => void;
}

/** The longest delay of an answer or a message, in milliseconds. */
export const slowestMs = 500;

export class OpenLane {
  readonly #link: Link;
  readonly #choices: Choices;
  readonly #later: Later;
  readonly #nowMs: () => number;
  #waiting: Waiting[] = [];
  #wakesAtMs = Infinity;
  #over = false;

  constructor(link: Link, choices: Choices, later: Later, nowMs: () => number) {
    this.#link = link;
    this.#choices = choices;
    this.#later = later;
    this.#nowMs = nowMs;
  }

  /**
   * Submits one packet.
   *
   * @param sinceMs when its cause began: the lane writes the packet within the bound after that
   * @param written called when all of it has left
   */
  send(bytes: Uint8Array, slow: OpenChoice, sinceMs: number, written?: () => void): void {
    const choices = this.#choices;
    const nowMs = this.#nowMs();
    const byMs = Math.max(nowMs, sinceMs + slowestMs);
    let atMs = nowMs;
    if (byMs > nowMs && choices.does(slow)) atMs += 1 + choices.random.below(byMs - nowMs);
    else if (byMs > nowMs + 20 && choices.does("bytes: several packets in one piece")) atMs += 20;
    this.#add(bytes, atMs, byMs, written);
  }

  /** True while packets wait. */
  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Writes all submitted packets and closes: the broker publishes a will only after that. [MQTT5 3.1.2-8] */
  close(how: "end" | "reset"): void {
    const nowMs = this.#nowMs();
    this.#waiting = this.#waiting.map((waiting) => ({ ...waiting, atMs: nowMs }));
    this.#append({ close: how, atMs: nowMs, byMs: nowMs });
  }

  /** Drops the packets that have not left. */
  stop(): void {
    this.#over = true;
    this.#waiting = [];
  }

  #add(bytes: Uint8Array, atMs: number, byMs: number, written?: () => void): void {
    const choices = this.#choices;
    if (bytes.length < 2 || !choices.does("bytes: a packet in several pieces")) {
      return this.#append({ bytes, atMs, byMs, ...written && { written } });
    }
    const cuts = Array.from({ length: 1 + choices.random.below(3) }, () => 1 + choices.random.below(bytes.length - 1));
    const places = [0, ...new Set(cuts.sort((one, other) => one - other)), bytes.length];
    for (let place = 1; place < places.length; place++) {
      const isLast = place === places.length - 1;
      const partMs = Math.min(byMs, atMs + choices.random.below(30));
      const part = bytes.subarray(places[place - 1]!, places[place]!);
      this.#append({ bytes: part, atMs: Math.max(atMs, partMs), byMs, ...isLast && written && { written } });
    }
  }

  #append(waiting: Waiting): void {
    if (this.#over) return;
    // No packet leaves before an earlier one.
    const atMs = Math.max(waiting.atMs, this.#waiting.at(-1)?.atMs ?? 0);
    this.#waiting.push({ ...waiting, atMs });
    this.#flush();
  }

  #flush(): void {
    if (this.#over) return;
    const nowMs = this.#nowMs();
    while (this.#waiting.length > 0 && this.#waiting[0]!.atMs <= nowMs) this.#write(nowMs);
    const next = this.#waiting[0]?.atMs ?? Infinity;
    if (next === Infinity || next >= this.#wakesAtMs) return;
    this.#wakesAtMs = next;
    this.#later(next - nowMs, () => {
      this.#wakesAtMs = Infinity;
      this.#flush();
    });
  }

  /** Choices that brokers often make, and that our code once misread: made in at least this share of the seeds. */
  #write(nowMs: number): void {
    const first = this.#waiting.shift()!;
    if (first.close !== undefined) {
      this.#over = true;
      return void this.#link[first.close]();
    }
    const joined = [first];
    const isDue = (waiting: Waiting | undefined) => waiting?.bytes !== undefined && waiting.atMs <= nowMs;
    if (isDue(this.#waiting[0]) && this.#choices.makes("bytes: several packets in one piece")) {
      while (isDue(this.#waiting[0])) joined.push(this.#waiting.shift()!);
      this.#choices.made("bytes: several packets in one piece");
    }
    this.#link.write(joinedBytes(joined.map(({ bytes }) => bytes!)));
    for (const { written } of joined) written?.();
  }
}
