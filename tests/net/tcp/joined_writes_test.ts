import assert from "node:assert/strict";
import { JoinedWrites } from "../../../src/net/tcp/joined_writes.ts";

Deno.test("joined writes: is empty at first", () => {
  const writes = new JoinedWrites();
  assert.equal(writes.sizeBytes, 0);
  assert.deepEqual(writes.take(), new Uint8Array(0));
});

Deno.test("joined writes: joins pieces in order", () => {
  const writes = new JoinedWrites();
  writes.push(Uint8Array.of(1, 2));
  writes.push(new Uint8Array(0));
  writes.push(Uint8Array.of(3));
  assert.equal(writes.sizeBytes, 3);
  assert.deepEqual(writes.take(), Uint8Array.of(1, 2, 3));
  assert.equal(writes.sizeBytes, 0);
  assert.deepEqual(writes.take(), new Uint8Array(0), "taken once");
});

Deno.test("joined writes: does not copy a single piece", () => {
  const writes = new JoinedWrites();
  const piece = Uint8Array.of(1, 2);
  writes.push(piece);
  assert.equal(writes.take(), piece);
});

Deno.test("joined writes: pieces after a take do not join the taken bytes", () => {
  const writes = new JoinedWrites();
  writes.push(Uint8Array.of(1));
  writes.push(Uint8Array.of(2));
  const first = writes.take();
  writes.push(Uint8Array.of(3));
  writes.push(Uint8Array.of(4));
  assert.deepEqual({ first, take: writes.take() }, { first: Uint8Array.of(1, 2), take: Uint8Array.of(3, 4) });
});

Deno.test("joined writes: clear drops all pieces", () => {
  const writes = new JoinedWrites();
  writes.push(Uint8Array.of(1));
  writes.clear();
  assert.equal(writes.sizeBytes, 0);
  assert.deepEqual(writes.take(), new Uint8Array(0));
});
