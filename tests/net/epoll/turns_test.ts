/** Links that share a loop: a link whose bytes take long to handle does not starve the others. */
import assert from "node:assert/strict";
import type { LinkReceiver } from "../../../src/net/link.ts";
import { hazard } from "./stage.ts";

/** A receiver that takes 1 ms for each 256 bytes. */
class SlowReceiver implements LinkReceiver {
  sizeBytes = 0;

  onBytes(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length;
    for (const untilMs = performance.now() + bytes.length / 256; performance.now() < untilMs;);
  }

  onDrain(): void {}
  onEnd(): void {}
}

hazard("a link with slow processing leaves turns to other links", async (stage) => {
  const slow = new SlowReceiver();
  let served = Promise.withResolvers<number>();
  const flood = await stage.peer();
  const other = await stage.peer();
  flood.accepted.link.receiver = slow;
  other.accepted.link.receiver = { onBytes: () => served.resolve(slow.sizeBytes), onDrain() {}, onEnd() {} };
  await flood.peer.write(new Uint8Array(100_000));
  for (let round = 0; round < 5; round++) {
    served = Promise.withResolvers();
    const before = slow.sizeBytes;
    await other.peer.write(new Uint8Array(1));
    const after = await served.promise;
    assert.ok(after - before < 10_000, `${after - before} bytes came before`);
  }
  flood.peer.close();
  other.peer.close();
});
