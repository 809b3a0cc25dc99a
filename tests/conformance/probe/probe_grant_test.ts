/** Refusals and lower grants that are no fault, and the probe's reason for each. */
import assert from "node:assert/strict";
import { CaseFailure, NotTestable, SubscriptionRefused } from "../../../src/conformance/model/outcome.ts";
import type { Packet } from "../../../src/mqtt/packet.ts";
import { Bench, came, endText, message } from "./probe_bench.ts";

const suback = (code: number): Packet => ({ type: "suback", packetId: 1, reasonCodes: [code] });

Deno.test("probe: recognises each code that refuses a subscription, and no other", async () => {
  const mayBe: number[] = [];
  for (let code = 0x03; code <= 0xff; code++) {
    const bench = new Bench().comesRead(10, suback(code));
    const { error, fault } = await bench.outcome(bench.probe.subscribe("t"));
    assert.deepEqual(fault, { kind: "refused", code });
    if (error instanceof SubscriptionRefused) mayBe.push(code);
  }
  // Unspecified, implementation specific, not authorized, filter invalid, quota, shared, identifiers, wildcards.
  assert.deepEqual(mayBe, [0x80, 0x83, 0x87, 0x8f, 0x97, 0x9e, 0xa1, 0xa2]);
});

Deno.test("probe: a case that requires a QoS is not testable where less was granted", async () => {
  const bench = new Bench().comes(10, suback(1));
  await bench.outcome(bench.probe.subscribe("t"));
  assert.equal(bench.probe.requiresGranted(0, "t"), bench.probe);
  assert.equal(bench.probe.requiresGranted(1, "t"), bench.probe);
  const least = (qos: number, filter: string) => () => bench.probe.requiresGranted(qos, filter);
  assert.throws(least(2, "t"), new NotTestable("the broker grants QoS 1 to a subscription that requests more"));
  assert.throws(least(1, "u"), new NotTestable("the broker grants QoS 0 to a subscription that requests more"));
  assert.equal(bench.probe.requiresGranted(0, "u"), bench.probe);
});

Deno.test("probe: a message with an answer has a packet identifier", async () => {
  const numbered = new Bench().comes(5, { type: "pingresp" }).comes(10, { ...came, qos: 1, packetId: 7 });
  const { value } = await numbered.outcome(numbered.probe.expectNumbered());
  assert.deepEqual([(value as Packet).type, (value as { packetId: number }).packetId], ["publish", 7]);
  const plain = new Bench().comes(10, came);
  const ended = await plain.outcome(plain.probe.expectNumbered());
  assert.ok(ended.error instanceof CaseFailure);
  assert.match(ended.text, /^client got PUBLISH .*, but not at QoS 1 or 2$/);
});

const finds: readonly [what: string, qos: 0 | 1, bench: Bench, isTestable: boolean, expected: string][] = [
  [
    "QoS 0, dropped",
    0,
    new Bench(),
    false,
    "3000 none: the broker does not keep retained messages of QoS 0, which the standard permits",
  ],
  [
    "QoS 1, dropped",
    1,
    new Bench(),
    true,
    '3000 missing {"lookedMs":3000,"keepAliveS":0}: client got no message on t within 3,000 ms',
  ],
  [
    "QoS 0, altered",
    0,
    new Bench().comes(10, came),
    true,
    '10 altered {"parts":["retain"]}: the message came altered: retain is false, not true',
  ],
  [
    "QoS 0, the link ends",
    0,
    new Bench().ends(10),
    true,
    "10 closed: client got no message on t: the broker closed the connection",
  ],
];

for (const [what, qos, bench, isTestable, expected] of finds) {
  Deno.test(`probe: a retained message of ${what}`, async () => {
    const ended = await bench.outcome(bench.probe.finds({ ...message, qos }));
    assert.equal(endText(ended), expected);
    assert.equal(ended.error instanceof NotTestable, !isTestable);
  });
}

Deno.test("probe: an internal error of mqtt-sim is no fault of the broker", async () => {
  const bench = new Bench();
  bench.after(5, () => bench.probe.callOff());
  const { error } = await bench.outcome(bench.probe.finds(message));
  assert.equal((error as Error).name, "CaseOver");
});
