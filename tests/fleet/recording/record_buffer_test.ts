/** Events between the run and the file: whole lines, in order, within a limit. */
import assert from "node:assert/strict";
import { RecordBuffer } from "../../../src/fleet/recording/record_buffer.ts";

/** A buffer, and the lines that it sent. */
function buffer(limit?: number): { readonly batches: string[]; readonly buffer: RecordBuffer } {
  const batches: string[] = [];
  return { batches, buffer: new RecordBuffer(3, 1_000, (lines) => batches.push(lines), limit) };
}

Deno.test("record buffer: an event is one line, with times from the run's beginning", () => {
  const { batches, buffer: books } = buffer();
  books.note("killed", 1_500.25, { client: 7, life: 2, mode: "reset", dueMs: 1_500, lastPacketMs: 1_400 });
  books.note("order", 1_501, { client: 7, mode: "reset", plannedMs: 12.5 });
  assert.deepEqual(batches, []);
  books.flush();
  books.flush();
  assert.deepEqual(batches, [
    '{"atMs":500.25,"squad":3,"kind":"killed","client":7,"life":2,"mode":"reset","dueMs":500,"lastPacketMs":400}\n' +
    '{"atMs":501,"squad":3,"kind":"order","client":7,"mode":"reset","plannedMs":12.5}\n',
  ]);
  assert.deepEqual(books.counts, { events: 2, lost: 0 });
});

Deno.test("record buffer: sends a full batch without a request", () => {
  const { batches, buffer: books } = buffer();
  for (let life = 0; life < 2_000; life++) books.note("lost", 2_000, { client: 1, life });
  assert.equal(batches.length, 1);
  assert.ok(batches[0]!.length >= 65_536 && batches[0]!.length < 65_700);
  assert.ok(batches[0]!.endsWith("}\n"));
});

Deno.test("record buffer: when it is full it takes no more events and counts each lost one", () => {
  const { batches, buffer: books } = buffer(1_000);
  for (let life = 0; life < 100; life++) {
    books.note("lost", 2_000, { client: 1, life });
    books.flush();
  }
  const { events, lost } = books.counts;
  assert.equal(events + lost, 100);
  assert.ok(events > 10 && events < 20, `${events}`);
  assert.equal(batches.length, events);
  books.written(batches.join("").length);
  books.note("lost", 2_000, { client: 1, life: 100 });
  assert.deepEqual(books.counts, { events, lost: lost + 1 }, "there is room again, but there is a gap");
});

Deno.test("record buffer: written events make room", () => {
  const { batches, buffer: books } = buffer(1_000);
  for (let life = 0; life < 100; life++) {
    books.note("lost", 2_000, { client: 1, life });
    books.flush();
    books.written(batches.at(-1)!.length);
  }
  assert.deepEqual(books.counts, { events: 100, lost: 0 });
});
