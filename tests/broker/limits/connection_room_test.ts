/** `--max-connections` compared with the limit of open files. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { connectionRoom } from "../../../src/broker/limits/connection_room.ts";
import { Stage } from "../stage.ts";
import { eachCase } from "../../support/steps.ts";

const cases: readonly (readonly [openFiles: number | undefined, connections: number, links: number])[] = [
  [undefined, 1_000_000, Infinity],
  [90, 25, 26],
  [1_024, 840, 896],
  [20_000, 19_616, 19_680],
  [1_048_576, 1_000_000, 1_048_256],
  [10, 1, 1],
];
for (const [openFiles, connections, links] of cases) {
  Deno.test(`connection room: ${openFiles} open files allow ${connections} connections by default`, () => {
    assert.deepEqual(connectionRoom(undefined, openFiles), { connections, links });
  });
}

Deno.test("connection room: takes a configured maximum that fits, and any maximum when the limit is unknown", () => {
  assert.deepEqual(connectionRoom(19_680, 20_000), { connections: 19_680, links: 19_680 });
  assert.deepEqual(connectionRoom(5, 20_000), { connections: 5, links: 19_680 });
  assert.deepEqual(connectionRoom(2_000_000, undefined), { connections: 2_000_000, links: Infinity });
});

Deno.test("connection room: refuses a maximum that does not fit, and its message gives a sufficient cure", async (t) => {
  const refused = new UsageError(
    "Cannot hold 19,681 connections (--max-connections): the limit of open files, 20,000, leaves room for 19,680; " +
      "expected 1 to 19,680, or a higher limit (ulimit -n 20001)",
  );
  assert.throws(() => connectionRoom(19_681, 20_000), refused);
  await eachCase(t, [30, 1_000, 19_681, 500_000], (asked) => {
    let advice = 0;
    assert.throws(() => connectionRoom(asked, 80), (error: Error) => {
      advice = Number(/ulimit -n (\d+)/.exec(error.message)![1]);
      return error instanceof UsageError;
    });
    assert.equal(connectionRoom(asked, advice).connections, asked);
  });
});

Deno.test("connection room: the broker closes a link at once when descriptors run out", () => {
  const stage = new Stage({ limits: { connections: 2 }, linkRoom: 3 });
  assert.deepEqual([1, 2, 3].map((each) => stage.connect({ clientId: `c${each}` }).connack!.reasonCode), [0, 0, 0x97]);
  while (stage.core.metrics.open < 3) stage.dial();
  const turnedAway = stage.dial();
  stage.settle();
  assert.deepEqual({ end: turnedAway.end, open: stage.core.metrics.open }, { end: { kind: "reset" }, open: 3 });
  const { connections, limitsHit } = stage.core.metrics.snapshot();
  assert.deepEqual({ limit: connections.limit, connections: limitsHit.connections }, { limit: 2, connections: 2 });
});
