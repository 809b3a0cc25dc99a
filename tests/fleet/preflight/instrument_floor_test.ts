import assert from "node:assert/strict";
import { Histogram } from "../../../src/base/histogram.ts";
import { type EngineName, engines } from "../../../src/net/engine.ts";
import { measureFloor } from "../../../src/fleet/preflight/instrument_floor.ts";
import { epollFault } from "../../../src/net/epoll/self_test.ts";

const isEpollMissing = await epollFault() !== undefined;

for (const engine of ["epoll", "deno"] as const satisfies readonly EngineName[]) {
  Deno.test({
    name: `floor: round trips from a scheduled instant to the echo, on engine ${engine}`,
    ignore: engine === "epoll" && isEpollMissing,
    fn: async () => {
      const floor = await measureFloor(engine, 20);
      assert.ok(floor !== undefined);
      assert.ok(floor.rounds >= 1 && floor.rounds <= 20, `${floor.rounds} round trips`);
      assert.equal(Histogram.decode(floor.hdr).count, floor.rounds);
      assert.ok(floor.p50Ms > 0 && floor.p50Ms <= floor.p99Ms, JSON.stringify(floor));
    },
  });
}

Deno.test("floor: an echo that is late shows in the figure by as much", async () => {
  let nowMs = 0;
  // Each reading of the clock is 2 ms after the last: several lie between an instant and its echo.
  const floor = await measureFloor("deno", 5, { nowMs: () => nowMs += 2 });
  assert.ok(floor !== undefined && floor.p50Ms >= 1.5, JSON.stringify(floor));
});

Deno.test("floor: without loopback there is no figure", async () => {
  const engine = engines.deno as { listen: typeof engines.deno.listen };
  const { listen } = engine;
  engine.listen = () => {
    throw new Error("no address");
  };
  try {
    assert.equal(await measureFloor("deno", 5), undefined);
  } finally {
    engine.listen = listen;
  }
});
