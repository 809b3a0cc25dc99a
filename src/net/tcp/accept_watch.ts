/**
 * Whether a server of the runtime still accepts connections: it stops without an event once descriptors have run out. A
 * connection of the watch's own, now and then, shows that.
 */
import net from "node:net";

/** How often the server is tried, and how long an accepted connection may take to show, in milliseconds. */
const tryEveryMs = 5_000;
const showsWithinMs = 2_000;
/** The same while there is no descriptor for the own connection. */
const tryAgainMs = 500;
/** What the operating system says when it has no descriptor left, or no memory for one. */
const lacking: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** A server to watch. */
export interface WatchedServer {
  readonly server: net.Server;
  /** The host and port on which it listens. */
  readonly host: string;
  readonly port: number;
  /** How often it is tried, in milliseconds; {@link tryEveryMs} if not given. */
  readonly everyMs?: number;
  /** The server has stopped accepting, and why; told once until it accepts again. */
  readonly paused: (why: string) => void;
  /** Closes the server, but none of its links that live, and lets it listen again. */
  readonly listenAgain: () => void;
}

export class AcceptWatch {
  readonly #watched: WatchedServer;
  readonly #timer: ReturnType<typeof setInterval>;
  #accepted = 0;
  #seen = 0;
  #told = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** The watch's own connection, while there is one. */
  #own: net.Socket | undefined;
  /** Connections from this machine that came before the port of the own one was known. */
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

  /** Calls `serve` for a connection that was accepted, unless it is the watch's own, which is closed. */
  sort(socket: net.Socket, serve: () => void): void {
    if (this.#own === undefined) return serve();
    if (this.#own.connecting) return void this.#unsorted.push([socket, serve]);
    if (socket.remotePort !== this.#own.localPort || !isOwnAddress(socket, this.#own)) return serve();
    socket.on("error", () => {});
    socket.destroy();
  }

  /** Connects, unless a connection was accepted since the last time. */
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
      // A server that could not listen again is refused; what else may fail says nothing of it.
      this.#decide(own, !this.#watched.server.listening);
    });
  }

  #lack(own: net.Socket, why: string): void {
    this.#forget(own);
    this.#tell(why);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#try(), tryAgainMs);
    Deno.unrefTimer(this.#retry as unknown as number);
  }

  #decide(own: net.Socket, isStalled: boolean): void {
    this.#forget(own);
    if (!isStalled) return void (this.#told = false);
    this.#tell("the runtime has stopped accepting, as it does without descriptors");
    this.#watched.listenAgain();
  }

  #tell(why: string): void {
    if (!this.#told) this.#watched.paused(why);
    this.#told = true;
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

/** An address at which this machine reaches what listens on another. */
function loopbackOf(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}
