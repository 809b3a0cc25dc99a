/** A link delivers what a peer sent before its end, even if a write to the peer has failed by then. */
import assert from "node:assert/strict";
import type { Link } from "../../../src/net/link.ts";
import { socketTest } from "../loopback.ts";

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

socketTest("tcp: the last packet of a peer arrives after a failed write", async (engine) => {
  const accepted = Promise.withResolvers<Link>();
  const over = Promise.withResolvers<void>();
  const words: number[] = [];
  const accept = (link: Link) => {
    link.receiver = { onBytes: (bytes) => void words.push(...bytes), onDrain() {}, onEnd: () => over.resolve() };
    link.pause();
    accepted.resolve(link);
  };
  const listener = engine.listen({ host: "127.0.0.1", port: 0 }, { accept, refused: () => {} });
  const peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  const link = await accepted.promise;
  await peer.write(Uint8Array.of(7));
  await later(20);
  peer.close();
  // The first write causes an RST; the next writes fail.
  for (let count = 0; count < 4; count++) {
    link.write(new Uint8Array(10));
    await later(20);
  }
  link.resume();
  await over.promise;
  listener.close();
  assert.deepEqual(words, [7]);
});
