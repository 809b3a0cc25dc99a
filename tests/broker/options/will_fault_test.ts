import assert from "node:assert/strict";
import type { WillFault } from "../../../src/broker/options/will_fault.ts";
import { aWill, bytesOf, type ConnectAsked, Stage } from "../stage.ts";

/** Injects a fault at every second opportunity. */
function everySecond(fault: WillFault): WillFault {
  let asked = 0;
  return {
    ...(fault.atRelease && { atRelease: (...question) => ++asked % 2 === 0 && fault.atRelease!(...question) }),
    ...(fault.atPublication && {
      atPublication: (...question) => ++asked % 2 === 0 ? fault.atPublication!(...question) : undefined,
    }),
  };
}

const cases: readonly [name: string, fault: WillFault, delayIntervalS: number, leaves: boolean, arrivals: string[]][] =
  [
    ["lose", { atPublication: () => [] }, 0, false, ["0 v0"]],
    ["double", { atPublication: ({ will }) => [{ will, delayMs: 0 }, { will, delayMs: 0 }] }, 0, false, [
      "0 v0",
      "0 v1",
      "0 v1",
    ]],
    ["delay", { atPublication: ({ will }) => [{ will, delayMs: 1_500 }] }, 0, false, ["0 v0", "1500 v1"]],
    [
      "alter",
      { atPublication: ({ will }) => [{ will: { ...will, payload: bytesOf("other") }, delayMs: 0 }] },
      2,
      false,
      ["2000 v0", "2000 other"],
    ],
    ["hurry", { atRelease: (_, decision) => decision === "delay" }, 2, false, ["0 v1", "2000 v0"]],
    ["invent", { atRelease: (_, decision) => decision === "discard" }, 2, true, ["0 v1"]],
  ];

for (const [name, fault, delayIntervalS, leaves, arrivals] of cases) {
  Deno.test(`will fault: applies ${name} to every second will`, () => {
    const stage = new Stage({ willFault: everySecond(fault) });
    const watcher = stage.watch();
    for (const clientId of ["v0", "v1"]) {
      const asked: ConnectAsked = { clientId, cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
      const client = stage.connect({ ...asked, will: aWill({ payload: bytesOf(clientId), delayIntervalS }) });
      if (leaves) client.disconnect();
      else client.die();
    }
    stage.advance(10_000);
    const times = watcher.messageTimes;
    assert.deepEqual(watcher.messages.map((message, index) => `${times[index]} ${message.split(" ")[1]}`), arrivals);
    assert.equal(stage.core.metrics.willFaults, 1);
  });
}
