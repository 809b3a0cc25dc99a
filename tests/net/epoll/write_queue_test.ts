/** The queue of a link's written bytes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { WriteQueue } from "../../../src/net/epoll/write_queue.ts";

/** A write of some size, copied or not; or a send of a buffer, of which a share is accepted. */
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      write: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40_000 })),
      copied: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      bufferBytes: fc.integer({ min: 1, max: 70_000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

Deno.test("write queue: sends all bytes once, in order, also of arrays that the caller changes after the copy", () => {
  fc.assert(
    fc.property(fc.array(fc.array(action, { maxLength: 40 }), { minLength: 2, maxLength: 3 }), (perQueue) => {
      // The queues take turns, so that a buffer of one that another reuses too early is found.
      const queues = perQueue.map(() => ({ queue: new WriteQueue(), written: [] as number[], sent: [] as number[] }));
      let next = 0;
      const send = (of: typeof queues[number], bufferBytes: number, share: number) => {
        if (of.queue.sizeBytes === 0) return;
        const buffer = new Uint8Array(bufferBytes);
        const accepted = Math.ceil(of.queue.fill(buffer) * share);
        of.sent.push(...buffer.subarray(0, accepted));
        of.queue.sent(accepted);
      };
      for (let step = 0; step < 40; step++) {
        for (const [at, of] of queues.entries()) {
          const act = perQueue[at]![step];
          if (act === undefined) continue;
          if ("bufferBytes" in act) {
            send(of, act.bufferBytes, act.share);
            continue;
          }
          const bytes = new Uint8Array(act.write).fill(next++);
          of.written.push(...bytes);
          if (act.copied) {
            of.queue.addCopy(bytes);
            bytes.fill(255);
          } else of.queue.add(bytes);
        }
      }
      for (const of of queues) {
        assert.equal(of.queue.sizeBytes, of.written.length - of.sent.length);
        while (of.queue.sizeBytes > 0) send(of, 50_000, 1);
        assert.equal(Buffer.compare(Uint8Array.from(of.sent), Uint8Array.from(of.written)), 0);
      }
    }),
    { numRuns: 50 },
  );
});
