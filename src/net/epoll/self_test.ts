/**
 * Tests on loopback that the epoll engine works here: a pair of links, bytes in both directions, a closed port, and a
 * reset that is reported as one.
 */
import type { DialReceiver, Link, LinkEnd } from "../link.ts";
import { dialEpoll } from "./epoll_dial.ts";
import { listenEpoll } from "./epoll_listen.ts";
import { loopOfThread } from "./epoll_loop.ts";
import { mayUse, notPermitted } from "../net_permission.ts";

const host = "127.0.0.1";
const patienceMs = 5_000;
const words = Uint8Array.of(1, 2, 3);

let fault: Promise<string | undefined> | undefined;

/**
 * Why the epoll engine does not work here, as part of a sentence; undefined if it works. Determined once per thread.
 */
export function epollFault(): Promise<string | undefined> {
  return fault ??= findFault();
}

async function findFault(): Promise<string | undefined> {
  try {
    loopOfThread();
    if (!mayUse(host, 0)) return `its self-test cannot be run: ${notPermitted(host, 0)}`;
    return await withinPatience(tryPair());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function withinPatience(test: Promise<string | undefined>): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`its self-test did not finish within ${patienceMs / 1_000} s`), patienceMs);
  try {
    return await Promise.race([test, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function tryPair(): Promise<string | undefined> {
  const accepted = Promise.withResolvers<TestedLink>();
  const listener = listenEpoll({ host, port: 0 }, {
    accept: (link) => accepted.resolve(new TestedLink(() => link)),
    refused: (sentence) => accepted.reject(new Error(sentence)),
  });
  const dialled = new TestedLink((receiver) => dialEpoll({ host, port: listener.port }, receiver));
  try {
    const near = await accepted.promise;
    dialled.link.write(words);
    if (!same(await near.bytes.promise)) return "its self-test received other bytes than were sent";
    near.link.write(words);
    if (!same(await dialled.bytes.promise)) return "its self-test received other bytes than were sent";
    dialled.link.reset();
    const { kind } = await near.end.promise;
    if (kind !== "reset") return `its self-test saw a reset as "${kind}"`;
  } finally {
    listener.close();
    dialled.link.reset();
  }
  const refused = new TestedLink((receiver) => dialEpoll({ host, port: listener.port }, receiver));
  const end = await refused.end.promise;
  const code = end.kind === "error" ? end.code : end.kind;
  return code === "ECONNREFUSED" ? undefined : `its self-test saw a closed port as "${code}"`;
}

function same(bytes: Uint8Array): boolean {
  return bytes.length === words.length && bytes.every((byte, at) => byte === words[at]);
}

/** A link of the self-test, and its first events. */
class TestedLink implements DialReceiver {
  readonly bytes = Promise.withResolvers<Uint8Array>();
  readonly end = Promise.withResolvers<LinkEnd>();
  readonly link: Link;

  constructor(open: (receiver: DialReceiver) => Link) {
    this.link = open(this);
    this.link.receiver = this;
  }

  onOpen(): void {}

  onBytes(bytes: Uint8Array): void {
    this.bytes.resolve(bytes.slice());
  }

  onDrain(): void {}

  onEnd(end: LinkEnd): void {
    this.end.resolve(end);
    // A link that has ended sends nothing more: resolves with no bytes.
    this.bytes.resolve(new Uint8Array(0));
  }
}
