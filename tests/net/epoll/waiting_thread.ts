/** A thread that has links on the epoll engine, and then waits: for the test that tears it down. */
/// <reference lib="deno.worker" />
import { engines } from "../../../src/net/engine.ts";

const receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
const listener = engines.epoll.listen({ host: "127.0.0.1", port: 0 }, {
  accept: (link) => {
    link.receiver = receiver;
    // By now the other end has opened too, or will; nothing else happens here.
    self.postMessage(listener.port);
  },
  refused: (sentence) => self.reportError(sentence),
});
engines.epoll.dial({ host: "127.0.0.1", port: listener.port }, { ...receiver, onOpen() {} });
