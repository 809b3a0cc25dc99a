/**
 * TCP links over loopback on each engine, with a record of their callbacks. A test waits for conditions, never for a
 * fixed time.
 */
import { joinedBytes } from "../../src/base/bytes.ts";
import { Buffer } from "node:buffer";
import { chooseEngine, type Engine, engines } from "../../src/net/engine.ts";
import type { DialReceiver, Link, LinkEnd, Listener } from "../../src/net/link.ts";

export const host = "127.0.0.1";
/** The time limit of each test, also on an emulated machine. */
const limitMs = 60_000;

/**
 * A second loopback address, and an address that no machine has; tests that need one are skipped without permission for
 * it.
 */
export const otherHost = "127.0.0.2";
export const unassignedHost = "192.0.2.1";

function forbids(needs: string | undefined): boolean {
  return needs !== undefined && Deno.permissions.querySync({ name: "net", host: needs }).state !== "granted";
}

/** The engines that work here: one without `--allow-ffi` or outside Linux. */
export const testedEngines: readonly Engine[] = (await chooseEngine("auto")).name === "epoll"
  ? [engines.deno, engines.epoll]
  : [engines.deno];

/** The engine of the current test; the tests of a file run one after another. */
let engine: Engine = engines.deno;

/** A test on real sockets for each engine, with a time limit. `needs` is an address other than 127.0.0.1. */
export function socketTest(name: string, run: (engine: Engine) => Promise<void>, needs?: string): void {
  for (const tested of testedEngines) {
    const fn = () => {
      engine = tested;
      return withinLimit(() => run(tested));
    };
    Deno.test({ name: `${tested.name}: ${name}`, ignore: forbids(needs), fn });
  }
}

/** Fails if `run` takes longer than the limit. */
export async function withinLimit(run: () => Promise<void>, withinMs = limitMs): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${withinMs / 1_000} s`)), withinMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A link with a record of its callbacks. */
export class RecordedLink implements DialReceiver {
  link!: Link;
  opens = 0;
  drains = 0;
  readonly ends: LinkEnd[] = [];
  sizeBytes = 0;
  readonly #chunks: Uint8Array[] = [];
  #changed: (() => void) | undefined;
  /** Called within `onBytes`. */
  onChunk: () => void = () => {};

  onOpen(): void {
    this.opens++;
    this.#change();
  }

  onBytes(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.sizeBytes += bytes.length;
    this.onChunk();
    this.#change();
  }

  onDrain(): void {
    this.drains++;
    this.#change();
  }

  onEnd(end: LinkEnd): void {
    this.ends.push(end);
    this.#change();
  }

  /** All bytes received so far. */
  get bytes(): Uint8Array {
    return joinedBytes(this.#chunks);
  }

  /** Waits until the condition holds. */
  async until(condition: (recorded: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#changed = resolve);
  }

  async ended(): Promise<LinkEnd> {
    await this.until(({ ends }) => ends.length > 0);
    return this.ends[0]!;
  }

  #change(): void {
    this.#changed?.();
  }
}

/** Dials, and records the callbacks. */
export function dial(port: number, sourceAddress?: string): RecordedLink {
  const recorded = new RecordedLink();
  recorded.link = engine.dial(sourceAddress === undefined ? { host, port } : { host, port, sourceAddress }, recorded);
  return recorded;
}

/** Listens; `next` returns the accepted links in order. */
export class Port implements Disposable {
  readonly listener: Listener;
  /** The reports of connections that the listener could not accept. */
  readonly refused: string[] = [];
  readonly #accepted: RecordedLink[] = [];
  readonly #waiting: ((recorded: RecordedLink) => void)[] = [];

  constructor(port = 0, hostname = host) {
    this.listener = engine.listen({ host: hostname, port }, {
      accept: (link) => this.#accept(link),
      refused: (sentence) => this.refused.push(sentence),
    });
  }

  get port(): number {
    return this.listener.port;
  }

  #accept(link: Link): void {
    const recorded = new RecordedLink();
    recorded.link = link;
    link.receiver = recorded;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#accepted.push(recorded);
    else waiting(recorded);
  }

  /** The next accepted link. */
  next(): Promise<RecordedLink> {
    const recorded = this.#accepted.shift();
    return recorded === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(recorded);
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }
}

/** The end of the pair that acts in a test. */
export type Side = "dialled" | "accepted";
export const sides: readonly Side[] = ["dialled", "accepted"];

/** A pair of open links: `self` acts, and `peer` is observed. */
export async function pair(port: Port, acting: Side): Promise<{ self: RecordedLink; peer: RecordedLink }> {
  const dialled = dial(port.port);
  const accepted = await port.next();
  await dialled.until(({ opens }) => opens > 0);
  return acting === "dialled" ? { self: dialled, peer: accepted } : { self: accepted, peer: dialled };
}

/** Ends the links and waits for their ends. */
export async function close(...links: readonly RecordedLink[]): Promise<void> {
  for (const { link } of links) link.end();
  for (const recorded of links) await recorded.ended();
}

/** Bytes that make each change of order visible. */
export function pattern(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes; at++) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Whether all bytes are equal. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
