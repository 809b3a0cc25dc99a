/** The heap of returning clients: the order of the deadlines of src/base, and of the same instant that of addition. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { ClientList } from "../../../src/fleet/schedule/client_list.ts";
import { Returns } from "../../../src/fleet/schedule/returns.ts";

Deno.test("returns: any additions and takings give the clients of a heap of objects", () => {
  // Few instants, so that many are equal.
  const steps = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.nat(40) }, { weight: 2, arbitrary: fc.constant("take") }),
    {
      minLength: 1,
      maxLength: 900,
      size: "max",
    },
  );
  /** More clients than the first room, which random steps rarely reach. */
  const moreThanRoom = Array.from({ length: 600 }, (_, client) => client % 41);
  let most = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const [returns, deadlines] = [new Returns(), new Deadlines<number>()];
      all.forEach((step, client) => {
        if (typeof step === "number") {
          returns.add(step / 4, client);
          deadlines.add(step / 4, client);
        } else assert.equal(returns.takeDue(5), deadlines.takeDue(5));
        assert.equal(returns.nextMs, deadlines.nextMs);
        most = Math.max(most, deadlines.size);
      });
      while (deadlines.size > 0) assert.equal(returns.takeDue(Infinity), deadlines.takeDue(Infinity));
      assert.deepEqual([returns.takeDue(Infinity), returns.nextMs], [undefined, Infinity]);
    }),
    { numRuns: 60, examples: [[moreThanRoom]] },
  );
  assert.ok(most > 256, `${most} clients at most`);
});

Deno.test("client list: grows, and its last client moves to the place of a taken one", () => {
  const list = new ClientList(2);
  for (let client = 0; client < 300; client++) list.add(client);
  assert.deepEqual([list.takeAt(10), list.takeAt(10), list.length], [10, 299, 298]);
  assert.deepEqual([...list.takeAll()].slice(9, 12), [9, 298, 11]);
  assert.equal(list.length, 0);
});
