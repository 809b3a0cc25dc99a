/** Output that waits for a commit. */
import assert from "node:assert/strict";
import { HeldLink } from "../../../src/broker/store/commit_gated_link.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";

Deno.test("gated link: a copied write keeps its bytes until the commit, in order with others, and passes an open gate", () => {
  const tasks: (() => void)[] = [];
  const [near, far] = memoryLinkPair((task) => tasks.push(task));
  const got: number[] = [];
  far.receiver = { onBytes: (bytes) => got.push(...bytes), onDrain() {}, onEnd() {} };
  const gate = { closed: true, hold: () => {} };
  const link = new HeldLink(near, gate, () => assert.fail("nothing is dropped"));
  const shared = Uint8Array.of(1, 2);
  link.writeCopy(shared);
  shared.fill(9);
  link.write(Uint8Array.of(3));
  assert.equal(link.bufferedBytes, 3);
  gate.closed = false;
  link.flush();
  shared.set([4, 5]);
  link.writeCopy(shared);
  shared.fill(9);
  for (const task of tasks) task();
  assert.deepEqual(got, [1, 2, 3, 4, 5]);
});
