/**
 * Checks whether a server of the runtime still accepts connections: it stops without an event when descriptors have run
 * out. The watch connects to the server periodically to find out.
 */
import net from "node:net";

/** Interval of these tests, and timeout of an accepted connection, in milliseconds. */
const tryEveryMs = 5_000;
const showsWithinMs = 2_000;
/** The same while there is no descriptor for the watch's own connection. */
const tryAgainMs = 500;
/** The errors of an operating system that lacks descriptors or memory for them. */
const lacking: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** A server to watch. */
interface WatchedServer {
  readonly server: net.Server;
  /** The host and port on which it listens. */
  readonly host: string;
  readonly port: number;
  /** Interval of the tests, in milliseconds; default {@link tryEveryMs}. */
  readonly everyMs?: number;
  /** Called with the reason when the server has stopped accepting; once until it accepts again. */
  readonly paused: (why: string) => void;
  /** Closes the server, but none of its open links, and makes it listen again. */
  readonly listenAgain: () => void;
}

export class AcceptWatch {
  readonly #watched: WatchedServer;
  readonly #timer: ReturnType<typeof setInterval>;
  #accepted = 0;
  #seen = 0;
  #reported = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** The watch's own connection, if there is one. */
  #own: net.Socket | undefined;
  /** Connections from this machine that arrived before the port of the watch's own one was known. */
  #unsorted: (readonly [socket: net.Socket, serve: () => void])[] = [];

  constructor(watched: WatchedServer) {
    this.#watched = watched;
    watched.server.on("connection", () => this.#accepted++);
    this.#timer = setInterval(() => this.#try(), watched.everyMs ?? tryEveryMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#own?.destroy();
  }

  /** Calls `serve` for an accepted connection, unless it is the watch's own, which is closed. */
  sort(socket: net.Socket, serve: () => void): void {
    if (this.#own === undefined) return serve();
    if (this.#own.connecting) return void this.#unsorted.push([socket, serve]);
    if (socket.remotePort !== this.#own.localPort || !isOwnAddress(socket, this.#own)) return serve();
    socket.on("error", () => {});
    socket.destroy();
  }

  /** Connects, unless a connection was accepted since the last test. */
  #try(): void {
    const before = this.#accepted;
    const isBusy = before !== this.#seen;
    this.#seen = before;
    if (isBusy || this.#own !== undefined) return;
    const own = this.#own = net.connect({ port: this.#watched.port, host: loopbackOf(this.#watched.host) });
    const timer = setTimeout(() => this.#decide(own, this.#accepted === before), showsWithinMs);
    Deno.unrefTimer(timer as unknown as number);
    own.on("connect", () => this.#sortAll());
    own.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (lacking.has(error.code)) return this.#lack(own, error.message);
      // A server that could not listen again refuses; other errors mean nothing about the server.
      this.#decide(own, !this.#watched.server.listening);
    });
  }

  #lack(own: net.Socket, why: string): void {
    this.#forget(own);
    this.#report(why);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#try(), tryAgainMs);
    Deno.unrefTimer(this.#retry as unknown as number);
  }

  #decide(own: net.Socket, isStalled: boolean): void {
    this.#forget(own);
    if (!isStalled) return void (this.#reported = false);
    this.#report("the runtime has stopped accepting, as it does without descriptors");
    this.#watched.listenAgain();
  }

  #report(why: string): void {
    if (!this.#reported) this.#watched.paused(why);
    this.#reported = true;
  }

  #forget(own: net.Socket): void {
    own.destroy();
    this.#own = undefined;
    this.#sortAll();
    this.#seen = this.#accepted;
  }

  #sortAll(): void {
    for (const [socket, serve] of this.#unsorted.splice(0)) this.sort(socket, serve);
  }
}

function isOwnAddress({ remoteAddress = "" }: net.Socket, { localAddress = "" }: net.Socket): boolean {
  const plain = (address: string) => address.replace(/^::ffff:/, "");
  return plain(remoteAddress) === plain(localAddress);
}

/** The address at which this machine reaches a listener on another address. */
function loopbackOf(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}
