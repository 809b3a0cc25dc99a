/** A probe under a manual clock; the test plays the broker on its link. */
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { boundsOf } from "../../../src/conformance/model/bounds.ts";
import type { SentMessage } from "../../../src/conformance/probe/message_compare.ts";
import type { CaseFault } from "../../../src/conformance/model/outcome.ts";
import { type DueWindow, Probe } from "../../../src/conformance/probe/probe.ts";
import { Transcript } from "../../../src/conformance/probe/transcript.ts";
import { decode, encode } from "../../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion, PublishPacket } from "../../../src/mqtt/packet.ts";
import type { Link } from "../../../src/net/link.ts";

export const startMs = 1_000;
export const message: SentMessage = { topic: "t", payload: new TextEncoder().encode("abc"), qos: 0, retain: false };
export const came: PublishPacket = { type: "publish", dup: false, ...message };

/** How and when a promise ended. */
export interface Ended {
  readonly afterMs: number;
  readonly text: string;
  readonly fault?: CaseFault;
  readonly error?: unknown;
  readonly value?: unknown;
}

const noLook = (_keepAliveS: number): number => 0;

export class Bench {
  readonly clock = new ManualClock(startMs);
  readonly probe: Probe;
  readonly transcript = new Transcript();
  readonly sent: Packet[] = [];
  readonly #timers = new Deadlines<() => void>();

  constructor({ version = 5 as ProtocolVersion, lookOnMs = noLook, bounds = boundsOf() } = {}) {
    const link = { peer: "broker", write: (bytes: Uint8Array) => this.#written(bytes), reset: () => {}, end: () => {} };
    const world = { clock: this.clock, canReset: true, dial: () => link as Partial<Link> as Link, after: this.after };
    const parts = { bounds, transcript: this.transcript, originMs: startMs, limits: { announced: {} } };
    const ignored = { onSideFault: () => {}, onRefusedForLoad: () => {}, onUnreachable: () => {} };
    this.probe = new Probe({ world, ...parts, lookOnMs, ...ignored }, "client", version);
  }

  readonly after = (ms: number, act: () => void): () => void => {
    const deadline = this.#timers.add(this.clock.nowMs() + ms, act);
    return () => this.#timers.cancel(deadline);
  };

  /** A packet of the broker after `afterMs`. */
  comes(afterMs: number, packet: Packet): this {
    this.after(afterMs, () => this.probe.onBytes(encode(packet, this.probe.version)));
    return this;
  }

  /** A packet that bypasses the codec, which might refuse it. */
  comesRead(afterMs: number, packet: Packet): this {
    this.after(afterMs, () => this.probe.onPacket(packet));
    return this.comes(afterMs, { type: "pingresp" });
  }

  /** The link ends. */
  ends(afterMs: number, kind: "fin" | "reset" = "fin"): this {
    this.after(afterMs, () => this.probe.onEnd({ kind }));
    return this;
  }

  /** Unreadable bytes arrive. */
  garbles(afterMs: number): this {
    this.after(afterMs, () => this.probe.onBytes(Uint8Array.of(0x00, 0x00)));
    return this;
  }

  /** The end of a promise, with its time in milliseconds. */
  async outcome(promise: Promise<unknown>): Promise<Ended> {
    let ended: Ended | undefined;
    const note = (how: Partial<Ended>) => ended = { afterMs: this.clock.nowMs() - startMs, text: "", ...how };
    promise.then((value) => note({ value }), (error) => note({ error, text: error.message, fault: error.fault }));
    for (let turn = 0; turn < 1_000; turn++) {
      for (let tick = 0; tick < 20; tick++) await Promise.resolve();
      if (ended !== undefined) return ended;
      this.clock.advance(Math.max(0, this.#timers.nextMs - this.clock.nowMs()));
      this.#timers.takeDue(this.clock.nowMs())?.();
    }
    throw new Error("it did not end");
  }

  #written(bytes: Uint8Array): boolean {
    this.sent.push(decode(bytes, this.probe.version));
    return true;
  }
}

/** An end in one line: time, kind of fault and sentence; or `fine`. */
export function endText({ afterMs, text, fault }: Ended): string {
  if (text === "") return `${afterMs} fine`;
  const { kind = "none", ...more } = fault ?? {};
  const rest = Object.keys(more).length === 0 ? "" : ` ${JSON.stringify(more)}`;
  return `${afterMs} ${kind}${rest}: ${text}`;
}

/** Due 5 s after the start; and the same with a limit of 6 s, for a keep alive of 2 s. */
export const due: DueWindow = { sinceMs: startMs, afterMs: 5_000 };
export const range: DueWindow = { ...due, byMs: 6_000 };
const keepAliveS = 2;

/** A probe that watches `forMs` longer where keep alive determines the time. */
export const looksOn = (forMs: number) => new Bench({ lookOnMs: (keepAlive) => keepAlive === keepAliveS ? forMs : 0 });
