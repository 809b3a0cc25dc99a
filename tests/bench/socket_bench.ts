/**
 * The lower bound of the cost of a life: its sockets alone, with the calls of the epoll engine, without engine, MQTT or
 * fleet. Both ends are in this thread, so that neither waits: dial, 130 bytes, 4 bytes back, reset. This cost would
 * remain if all other work of fleet and broker were free.
 */
import { epollFault } from "../../src/net/epoll/self_test.ts";
import { Epoll, faultCode, Libc, type SocketAddress } from "../../src/net/epoll/libc.ts";
import { portOf, socketAddress } from "../../src/net/epoll/socket_address.ts";

const [askedBytes, answeredBytes] = [130, 4];
const reading = Epoll.in | Epoll.peerHangUp;

class BareLives {
  readonly #libc = new Libc();
  readonly #near = must(this.#libc.openEpoll());
  readonly #far = must(this.#libc.openEpoll());
  readonly #listener: number;
  readonly #address: SocketAddress;

  constructor() {
    const libc = this.#libc;
    const anyPort = socketAddress("127.0.0.1", 0)!;
    this.#listener = must(libc.socket(anyPort));
    must(libc.bind(this.#listener, anyPort));
    must(libc.listen(this.#listener, 4_096));
    must(libc.ownAddress(this.#listener));
    this.#address = socketAddress("127.0.0.1", portOf(libc.lastAddress))!;
  }

  /** The number of simultaneous lives. */
  live(count: number): void {
    const libc = this.#libc;
    const sockets: number[] = [];
    for (let number = 0; number < count; number++) sockets.push(this.#dial());
    for (let number = 0; number < count; number++) must(libc.watch(this.#far, this.#accepted(), 0, reading));
    for (const socket of sockets) must(libc.send(socket, askedBytes));
    this.#each(this.#far, count, (peer) => {
      must(libc.read(peer));
      must(libc.send(peer, answeredBytes));
    });
    this.#each(this.#near, count, (socket) => must(libc.read(socket)));
    for (const socket of sockets) {
      must(libc.dissolve(socket));
      libc.close(socket);
    }
    this.#each(this.#far, count, (peer) => {
      libc.read(peer);
      libc.close(peer);
    });
  }

  /** On loopback the peer's side is complete when the call returns. */
  #dial(): number {
    const socket = must(this.#libc.socket(this.#address));
    must(this.#libc.noDelay(socket));
    this.#libc.connect(socket, this.#address);
    must(this.#libc.watch(this.#near, socket, 0, reading));
    return socket;
  }

  #accepted(): number {
    return must(this.#libc.accept(this.#listener));
  }

  #each(epoll: number, count: number, act: (descriptor: number) => void): void {
    for (let done = 0; done < count;) {
      const came = must(this.#libc.events(epoll, 100));
      if (came === 0) throw new Error(`${count - done} of ${count} sockets have nothing to tell`);
      for (let at = 0; at < came; at++) act(this.#libc.eventDescriptor(at));
      done += came;
    }
  }
}

function must(answer: number): number {
  if (answer < 0) throw new Error(`a call has failed: ${faultCode(answer)}`);
  return answer;
}

const fault = await epollFault();
if (fault === undefined) {
  const lives = new BareLives();
  for (const count of [1, 10, 100]) {
    Deno.bench({
      name: `sockets: ${count} bare lives at once, both ends`,
      group: "socket",
      fn: () => lives.live(count),
    });
  }
} else {
  Deno.bench({ name: `sockets: not on this machine, for ${fault}`, ignore: true, fn() {} });
}
