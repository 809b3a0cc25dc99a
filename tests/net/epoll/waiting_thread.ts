/** A thread with links on the epoll engine that then waits; the test terminates it. */
/// <reference lib="deno.worker" />
import { engines } from "../../../src/net/engine.ts";

const receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
const listener = engines.epoll.listen({ host: "127.0.0.1", port: 0 }, {
  accept: (link) => {
    link.receiver = receiver;
    // The other end opens too; nothing else happens here.
    self.postMessage(listener.port);
  },
  refused: (sentence) => self.reportError(sentence),
});
engines.epoll.dial({ host: "127.0.0.1", port: listener.port }, { ...receiver, onOpen() {} });
