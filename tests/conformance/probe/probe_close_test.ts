/** How a probe judges a close, and a CONNECT that the broker should refuse: each bound, exact to the millisecond. */
import assert from "node:assert/strict";
import type { DueWindow } from "../../../src/conformance/probe/probe.ts";
import type { Packet } from "../../../src/mqtt/packet.ts";
import { Bench, came, due, endText, looksOn, range, startMs } from "./probe_bench.ts";

const bye: Packet = { type: "disconnect", reasonCode: 0x8d };

const closes: readonly [what: string, bench: Bench, due: DueWindow | undefined, expected: string][] = [
  ["now", new Bench().ends(3_000), undefined, "3000 fine"],
  ["now, after what cannot be read", new Bench().garbles(10).ends(20), undefined, "20 fine"],
  [
    "now, and it stays open",
    new Bench(),
    undefined,
    '3000 not closed {"lookedMs":3000}: the connection of client was not closed within 3,000 ms',
  ],
  ["later, on time", new Bench().ends(5_000), due, "5000 fine"],
  ["later, and it is early", new Bench().ends(100), due, "100 fine"],
  ["later, as late as allowed", new Bench().ends(8_000), due, "8000 fine"],
  [
    "later, and it stays open",
    new Bench(),
    due,
    '8000 not closed {"lookedMs":3000,"keepAliveS":0}: the connection of client was open 3,000 ms after it was due to close',
  ],
  ["by keep alive, as late as allowed", new Bench().ends(9_000), range, "9000 fine"],
  [
    "by keep alive, looked for longer, late",
    looksOn(500).ends(9_001),
    range,
    '9001 late {"byMs":3001,"keepAliveS":2}: the connection of client was closed 3,001 ms after it was due',
  ],
  [
    "by keep alive, looked for longer, and it stays open",
    looksOn(500),
    range,
    '9500 not closed {"lookedMs":3500,"keepAliveS":2}: the connection of client was open 3,500 ms after it was due to close',
  ],
];

for (const [what, bench, when, expected] of closes) {
  Deno.test(`probe: a close is due ${what}`, async () => {
    const { probe } = bench.comes(5, bye);
    const ended = await bench.outcome(when === undefined ? probe.expectClose() : probe.expectCloseBy(when));
    assert.equal(endText(ended).replace(/00 ms; there came.*/, "00 ms"), expected);
    if (expected.endsWith("fine")) {
      const { how, disconnect } = ended.value as { how: { kind: string }; disconnect?: Packet };
      assert.deepEqual({ kind: how.kind, type: disconnect?.type }, { kind: "fin", type: "disconnect" });
    }
  });
}

Deno.test("probe: a close before the request counts from its arrival", async () => {
  const bench = new Bench().comes(10, bye).comes(20, { type: "disconnect", reasonCode: 0x80 }).ends(5_000);
  await bench.outcome(bench.probe.idle(9_500));
  const ended = await bench.outcome(bench.probe.expectCloseBy(due));
  assert.equal(endText(ended), "9500 fine");
  assert.equal((ended.value as { disconnect: { reasonCode: number } }).disconnect.reasonCode, 0x8d, "the first");
});

Deno.test("probe: of two CONNACKs the first counts", async () => {
  const bench = new Bench().comes(10, connack(0x87)).comes(10, connack(0)).ends(30);
  await bench.outcome(bench.probe.idle(20));
  const { value } = await bench.outcome(bench.probe.expectRefused());
  assert.equal((value as { connack: { reasonCode: number } }).connack.reasonCode, 0x87);
});

Deno.test("probe: a close without CONNACK has no CONNACK", async () => {
  const bench = new Bench().ends(10);
  const { value } = await bench.outcome(bench.probe.expectRefused());
  assert.deepEqual(value, { how: { kind: "fin" }, atMs: startMs + 10 });
});

Deno.test("probe: a close without DISCONNECT has no DISCONNECT", async () => {
  const bench = new Bench().ends(10);
  const { value } = await bench.outcome(bench.probe.expectClose());
  assert.deepEqual(value, { how: { kind: "fin" }, atMs: startMs + 10 });
});

const connack = (reasonCode: number): Packet => ({ type: "connack", sessionPresent: false, reasonCode });

const refusals: readonly [
  what: string,
  bench: Bench,
  expected: string,
  isRefused: boolean,
  code: number | undefined,
][] = [
  ["CONNACK refuses", new Bench().comes(10, connack(0x87)).ends(20), "20 fine", true, 0x87],
  ["the broker closes", new Bench().ends(10), "10 fine", true, undefined],
  ["CONNACK accepts", new Bench().comes(10, connack(0)), "10 accepted: the CONNECT of client was accepted", false, 0],
  [
    "CONNACK refuses, and the link stays",
    new Bench().comes(10, connack(0x87)),
    '6000 not closed {"lookedMs":3000}: the connection of client was not closed within 3,000 ms',
    true,
    0x87,
  ],
  [
    "no answer",
    new Bench(),
    '6000 not closed {"lookedMs":3000}: the connection of client was not closed within 3,000 ms',
    false,
    undefined,
  ],
];

for (const [what, bench, expected, isRefused, code] of refusals) {
  Deno.test(`probe: expects a refused CONNECT: ${what}`, async () => {
    const { probe } = bench;
    const asked = probe.isRefused();
    const ended = await bench.outcome(probe.expectRefused());
    assert.equal(endText(ended), expected);
    assert.equal(await asked, isRefused);
    if (expected.endsWith("fine")) {
      assert.equal((ended.value as { connack?: { reasonCode: number } }).connack?.reasonCode, code);
    }
  });
}

Deno.test("probe: a link that could not open is no refusal", async () => {
  const bench = new Bench();
  bench.after(10, () => bench.probe.onEnd({ kind: "error", code: "ECONNREFUSED", message: "refused" }));
  assert.equal((await bench.outcome(bench.probe.isRefused())).value, false);
});

Deno.test("probe: idle takes no packet", async () => {
  const bench = new Bench().comes(10, came).ends(20);
  assert.equal(endText(await bench.outcome(bench.probe.idle(70))), "70 fine");
});
