/**
 * The engines behind TCP links: the runtime's own sockets (`deno`), which work everywhere, and epoll through foreign
 * calls (`epoll`), which costs a fraction of their CPU time where it works. TLS and the handshakes of WebSocket stand
 * on top.
 */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "./endpoint.ts";
import { dialEpoll } from "./epoll/epoll_dial.ts";
import { listenEpoll } from "./epoll/epoll_listen.ts";
import { loopOfThread } from "./epoll/epoll_loop.ts";
import { epollFault } from "./epoll/self_test.ts";
import type { DialReceiver, Link, Listener } from "./link.ts";
import { canReset } from "./tcp/socket_link.ts";
import { dialTcp, type TcpTarget } from "./tcp/tcp_dial.ts";
import { type ListenOptions, type ListenReceiver, listenTcp } from "./tcp/tcp_listen.ts";

/** An engine, by name. */
export type EngineName = "epoll" | "deno";
/** What can be asked for; `auto` takes `epoll` where it works. */
export type EngineChoice = "auto" | EngineName;
export const engineChoices: readonly EngineChoice[] = ["auto", "epoll", "deno"];

/** For help. */
export const engineHelp = "TCP engine: epoll, through system calls on Linux with glibc, or deno, the sockets of the " +
  "runtime; auto uses epoll if its self-test passes.";

/** An engine that was chosen. */
export interface ChosenEngine {
  /** The engine. */
  readonly name: EngineName;
  /** Why `auto` has not taken `epoll`. */
  readonly whyNotEpoll?: string;
}

/** A way to TCP links. */
export interface Engine {
  readonly name: EngineName;
  /** True where a reset reaches the peer as RST. */
  canReset(): boolean;
  /** The host is an address, or what the runtime takes for one. @throws UsageError when it cannot be had */
  listen(options: ListenOptions, receiver: ListenReceiver): Listener;
  dial(target: TcpTarget, receiver: DialReceiver): Link;
  /**
   * This thread does nothing else than serve its links: it may wait for them by itself, a millisecond at a time.
   *
   * @param mayWait asked before; false where something falls due within that time; undefined from when it does more
   */
  ownThread(mayWait: (() => boolean) | undefined): void;
  /** This thread is about to be torn down: closes what the runtime would not, without callbacks. */
  abandon(): Promise<void>;
}

/** The engines. `epoll` throws where it cannot work: {@link chooseEngine} says whether it does. */
export const engines: Readonly<Record<EngineName, Engine>> = {
  epoll: {
    name: "epoll",
    canReset: () => true,
    listen: (options, receiver) => listenEpoll(options, receiver),
    dial: (target, receiver) => dialEpoll(target, receiver),
    ownThread: (mayWait) => loopOfThread().allowBlocking(mayWait),
    abandon: () => loopOfThread().abandon(),
  },
  deno: { name: "deno", canReset, listen: listenTcp, dial: dialTcp, ownThread() {}, abandon: () => Promise.resolve() },
};

/**
 * Decides on an engine, once it has proved on loopback that it works.
 *
 * @throws UsageError when `epoll` is asked for and does not work here
 */
export async function chooseEngine(choice: EngineChoice): Promise<ChosenEngine> {
  if (choice === "deno") return { name: "deno" };
  const fault = await epollFault();
  if (fault === undefined) return { name: "epoll" };
  if (choice === "auto") return { name: "deno", whyNotEpoll: fault };
  throw new UsageError(`Cannot use engine "epoll": ${fault}; expected auto or deno`);
}

/**
 * Decides on an engine for links to an endpoint: TLS stands on the runtime's own sockets, whatever carries the others.
 *
 * @throws UsageError when `epoll` is asked for and does not work here, or not there
 */
export async function chooseEngineFor(target: Endpoint, choice: EngineChoice): Promise<ChosenEngine> {
  if (!isSecured(target)) return await chooseEngine(choice);
  if (choice === "epoll") {
    const why = "TLS uses the sockets of the runtime; expected auto or deno";
    throw new UsageError(`Cannot use --engine epoll with ${target.url}: ${why}`);
  }
  return { name: "deno" };
}

/** For people, the engine in use, and why it is not the faster one where that was left to be decided. */
export function engineText({ name, whyNotEpoll }: ChosenEngine): string {
  return whyNotEpoll === undefined ? name : `${name} (epoll: ${whyNotEpoll})`;
}
