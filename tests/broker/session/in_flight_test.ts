/** The table of the messages in flight, compared with a map that keeps the order of insertion. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Delivery } from "../../../src/broker/message/delivery.ts";
import { InFlight } from "../../../src/broker/session/in_flight.ts";

/** Messages are compared by identity alone. */
function delivery(): Delivery {
  return {} as Delivery;
}

/** Sends a number of messages, then acknowledges some of those in flight, by their position. */
const step = fc.record({
  sends: fc.integer({ min: 0, max: 40 }),
  acknowledged: fc.array(fc.nat(2_000), { maxLength: 40 }),
});

function checked(table: InFlight, model: Map<number, Delivery>): void {
  assert.equal(table.size, model.size);
  assert.deepEqual(table.inOrder().map(({ packetId }) => packetId), [...model.keys()]);
  for (const { packetId, delivery } of table.inOrder()) assert.equal(model.get(packetId), delivery);
}

Deno.test("in flight: finds each message, keeps their order, and assigns no identifier in use", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 65_535 }), (steps, startId) => {
      const table = new InFlight();
      const model = new Map<number, Delivery>();
      const first = delivery();
      table.restore(startId, first); // begins near the highest identifier, too
      model.set(startId, first);
      for (const { sends, acknowledged } of steps) {
        for (let left = sends; left > 0; left--) {
          const sent = delivery();
          const packetId = table.assign();
          assert.ok(packetId >= 1 && packetId <= 65_535 && !model.has(packetId), `${packetId}`);
          table.add(sent);
          model.set(packetId, sent);
        }
        for (const position of acknowledged) {
          const packetId = [...model.keys()][position % 50];
          if (packetId === undefined) continue;
          assert.equal(table.get(packetId), model.get(packetId));
          table.delete(packetId);
          model.delete(packetId);
          assert.equal(table.get(packetId), undefined);
        }
      }
      checked(table, model);
    }),
    { numRuns: 200 },
  );
});

Deno.test("in flight: every identifier but one can be in use, and a message that waits for a whole lap stays first", () => {
  const table = new InFlight();
  const model = new Map<number, Delivery>();
  const send = () => {
    const sent = delivery();
    const packetId = table.assign();
    assert.ok(!model.has(packetId));
    table.add(sent);
    model.set(packetId, sent);
  };
  for (let count = 0; count < 65_534; count++) send();
  checked(table, model);
  const [kept] = model.keys();
  for (const packetId of [...model.keys()]) {
    if (packetId === kept) continue;
    table.delete(packetId);
    model.delete(packetId);
  }
  for (let count = 0; count < 10; count++) send();
  checked(table, model);
});

Deno.test("in flight: messages of an earlier broker keep their identifiers and their order", () => {
  const table = new InFlight();
  const ids = [65_000, 65_535, 1, 9, 17, 8_193, 7];
  for (const packetId of ids) table.restore(packetId, delivery());
  table.release(9);
  assert.deepEqual(table.inOrder().map(({ packetId }) => packetId), ids);
  assert.deepEqual(ids.filter((packetId) => table.isReleased(packetId)), [9]);
  assert.ok(!ids.includes(table.assign()));
});
