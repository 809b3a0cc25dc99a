/** The stage of the epoll engine's tests: a loop whose calls can fail, with a listener and links. */
import type { Link } from "../../../src/net/link.ts";
import { dialEpoll } from "../../../src/net/epoll/epoll_dial.ts";
import { listenEpoll } from "../../../src/net/epoll/epoll_listen.ts";
import { EpollLoop } from "../../../src/net/epoll/epoll_loop.ts";
import { RecordedLink, testedEngines, withinLimit } from "../loopback.ts";
import { FailingLibc } from "./failing_libc.ts";

export const host = "127.0.0.1";
const works = testedEngines.some(({ name }) => name === "epoll");
export const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A separate loop with a listener and links to it. After all are closed, no descriptor may remain. */
export class Stage {
  readonly libc = new FailingLibc();
  readonly loop = new EpollLoop(this.libc);
  readonly accepted: RecordedLink[] = [];
  readonly refused: string[] = [];
  onAccept: (recorded: RecordedLink) => void = () => {};
  readonly #dialled: RecordedLink[] = [];
  readonly listener;

  constructor(backlog?: number) {
    this.listener = listenEpoll({ host, port: 0, backlog }, {
      accept: (link) => this.#accept(link),
      refused: (sentence) => this.refused.push(sentence),
    }, this.loop);
  }

  dial(target = host, port = this.listener.port, sourceAddress?: string): RecordedLink {
    const recorded = new RecordedLink();
    recorded.link = dialEpoll({ host: target, port, sourceAddress }, recorded, this.loop);
    this.#dialled.push(recorded);
    return recorded;
  }

  /** A pair of open links. */
  async pair(): Promise<{ dialled: RecordedLink; accepted: RecordedLink }> {
    const before = this.accepted.length;
    const dialled = this.dial();
    await until(() => this.accepted.length > before && dialled.opens > 0);
    return { dialled, accepted: this.accepted.at(-1)! };
  }

  /** A peer on a socket of the runtime. */
  async peer(): Promise<{ peer: Deno.TcpConn; accepted: RecordedLink }> {
    const before = this.accepted.length;
    const peer = await Deno.connect({ hostname: host, port: this.listener.port });
    await until(() => this.accepted.length > before);
    return { peer, accepted: this.accepted.at(-1)! };
  }

  async close(): Promise<void> {
    this.listener.close();
    for (const { link } of [...this.accepted, ...this.#dialled]) link.reset();
    await until(() => this.libc.open.size === 0);
  }

  #accept(link: Link): void {
    const recorded = new RecordedLink();
    recorded.link = link;
    link.receiver = recorded;
    this.accepted.push(recorded);
    this.onAccept(recorded);
  }
}

/** Waits until the condition holds. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await later(1);
}

/** A test with a stage, skipped where the engine does not work; at its end no descriptor may be open. */
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
