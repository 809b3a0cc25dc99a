/**
 * The engines for TCP links: the runtime's own sockets (`deno`), which work everywhere, and epoll through foreign
 * function calls (`epoll`), which uses a fraction of their CPU time where it works. TLS and the WebSocket handshakes
 * are layers above.
 */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "./endpoint.ts";
import { dialEpoll } from "./epoll/epoll_dial.ts";
import { listenEpoll } from "./epoll/epoll_listen.ts";
import { loopOfThread } from "./epoll/epoll_loop.ts";
import type { ScheduledWork } from "./epoll/scheduled_work.ts";
import { epollFault } from "./epoll/self_test.ts";
import type { DialReceiver, Link, Listener } from "./link.ts";
import { canReset } from "./tcp/socket_link.ts";
import { dialTcp, type TcpTarget } from "./tcp/tcp_dial.ts";
import { type ListenOptions, type ListenReceiver, listenTcp } from "./tcp/tcp_listen.ts";

/** The name of an engine. */
export type EngineName = "epoll" | "deno";
/** A requested engine; `auto` uses `epoll` if it works. */
export type EngineChoice = "auto" | EngineName;
export const engineChoices: readonly EngineChoice[] = ["auto", "epoll", "deno"];

/** For help. */
export const engineHelp = "TCP engine: epoll, through system calls on Linux with glibc, or deno, the sockets of the " +
  "runtime; auto uses epoll if its self-test passes.";

/** A chosen engine. */
export interface ChosenEngine {
  /** The engine. */
  readonly name: EngineName;
  /** Why `auto` did not choose `epoll`. */
  readonly whyNotEpoll?: string;
}

/** An implementation of TCP links. */
export interface Engine {
  readonly name: EngineName;
  /** Whether a reset reaches the peer as RST. */
  canReset(): boolean;
  /** The host is an address, or a name that the runtime accepts as one. @throws UsageError if it is not available */
  listen(options: ListenOptions, receiver: ListenReceiver): Listener;
  dial(target: TcpTarget, receiver: DialReceiver): Link;
  /**
   * Allows this thread, which only serves its links, to block in the engine for some milliseconds at a time.
   *
   * @param mayWait called before each wait; false if something falls due within that time; undefined revokes the
   * permission
   */
  ownThread(mayWait: ((ms: number) => boolean) | undefined): void;
  /**
   * Does the scheduled work of this thread, which only serves its links, at its instants, as long as there are links.
   * Returns false if the engine cannot: then the caller uses a timer of the runtime.
   *
   * @param work undefined ends this
   */
  drive(work: ScheduledWork | undefined): boolean;
  /** Before this thread is terminated: closes what the runtime would not close, without notifying receivers. */
  abandon(): Promise<void>;
}

/** The engines. `epoll` throws where it does not work: {@link chooseEngine} checks that. */
export const engines: Readonly<Record<EngineName, Engine>> = {
  epoll: {
    name: "epoll",
    canReset: () => true,
    listen: (options, receiver) => listenEpoll(options, receiver),
    dial: (target, receiver) => dialEpoll(target, receiver),
    ownThread: (mayWait) => loopOfThread().allowBlocking(mayWait),
    drive: (work) => {
      loopOfThread().drive(work);
      return true;
    },
    abandon: () => loopOfThread().abandon(),
  },
  deno: {
    name: "deno",
    canReset,
    listen: listenTcp,
    dial: dialTcp,
    ownThread() {},
    drive: () => false,
    abandon: () => Promise.resolve(),
  },
};

/**
 * Chooses an engine; `epoll` only after its self-test on loopback.
 *
 * @throws UsageError if `epoll` is requested and does not work here
 */
export async function chooseEngine(choice: EngineChoice): Promise<ChosenEngine> {
  if (choice === "deno") return { name: "deno" };
  const fault = await epollFault();
  if (fault === undefined) return { name: "epoll" };
  if (choice === "auto") return { name: "deno", whyNotEpoll: fault };
  throw new UsageError(`Cannot use engine "epoll": ${fault}; expected auto or deno`);
}

/**
 * Chooses an engine for links to an endpoint: TLS always uses the runtime's own sockets.
 *
 * @throws UsageError if `epoll` is requested and does not work here, or not for this endpoint
 */
export async function chooseEngineFor(target: Endpoint, choice: EngineChoice): Promise<ChosenEngine> {
  if (!isSecured(target)) return await chooseEngine(choice);
  if (choice === "epoll") {
    const why = "TLS uses the sockets of the runtime; expected auto or deno";
    throw new UsageError(`Cannot use --engine epoll with ${target.url}: ${why}`);
  }
  return { name: "deno" };
}

/** The engine in use as text for users, and why `auto` did not choose the faster one. */
export function engineText({ name, whyNotEpoll }: ChosenEngine): string {
  return whyNotEpoll === undefined ? name : `${name} (epoll: ${whyNotEpoll})`;
}
