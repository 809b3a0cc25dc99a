/** Where the epoll engine is put to the test: a loop whose calls can be made to fail, a listener and links on it. */
import type { Link } from "../../../src/net/link.ts";
import { dialEpoll } from "../../../src/net/epoll/epoll_dial.ts";
import { listenEpoll } from "../../../src/net/epoll/epoll_listen.ts";
import { EpollLoop } from "../../../src/net/epoll/epoll_loop.ts";
import { testedEngines, Told, withinLimit } from "../loopback.ts";
import { FailingLibc } from "./failing_libc.ts";

export const host = "127.0.0.1";
const works = testedEngines.some(({ name }) => name === "epoll");
export const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A loop of its own with a listener, and links to it. When all are closed nothing may be left of it. */
export class Stage {
  readonly libc = new FailingLibc();
  readonly loop = new EpollLoop(this.libc);
  readonly accepted: Told[] = [];
  readonly refused: string[] = [];
  onAccept: (told: Told) => void = () => {};
  readonly #told: Told[] = [];
  readonly listener;

  constructor(backlog?: number) {
    this.listener = listenEpoll({ host, port: 0, backlog }, {
      accept: (link) => this.#accept(link),
      refused: (sentence) => this.refused.push(sentence),
    }, this.loop);
  }

  dial(target = host, port = this.listener.port, sourceAddress?: string): Told {
    const told = new Told();
    told.link = dialEpoll({ host: target, port, sourceAddress }, told, this.loop);
    this.#told.push(told);
    return told;
  }

  /** An open pair. */
  async pair(): Promise<{ dialled: Told; accepted: Told }> {
    const before = this.accepted.length;
    const dialled = this.dial();
    await until(() => this.accepted.length > before && dialled.opens > 0);
    return { dialled, accepted: this.accepted.at(-1)! };
  }

  /** A peer of the runtime's own. */
  async peer(): Promise<{ peer: Deno.TcpConn; accepted: Told }> {
    const before = this.accepted.length;
    const peer = await Deno.connect({ hostname: host, port: this.listener.port });
    await until(() => this.accepted.length > before);
    return { peer, accepted: this.accepted.at(-1)! };
  }

  async close(): Promise<void> {
    this.listener.close();
    for (const { link } of [...this.accepted, ...this.#told]) link.reset();
    await until(() => this.libc.open.size === 0);
  }

  #accept(link: Link): void {
    const told = new Told();
    told.link = link;
    link.receiver = told;
    this.accepted.push(told);
    this.onAccept(told);
  }
}

/** Waits until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await later(1);
}

/** A test on a stage of its own, where the engine works; afterwards nothing is left open. */
export function hazard(name: string, run: (stage: Stage) => Promise<void>, backlog?: number): void {
  const fn = async () => {
    const stage = new Stage(backlog);
    try {
      await withinLimit(() => run(stage));
    } finally {
      await withinLimit(() => stage.close());
    }
  };
  Deno.test({ name: `epoll: ${name}`, ignore: !works, fn });
}
