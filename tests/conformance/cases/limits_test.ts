/** The packet that is one byte too large, around each size at which Remaining Length takes one byte more. */
import assert from "node:assert/strict";
import { payloadBytesBeyond } from "../../../src/conformance/cases/limits.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";
import { tampered } from "../../support/brokers/tampered_broker.ts";
import { changesSent } from "../packet_changes.ts";

/** The size of the PUBLISH that the case sends to a broker that announces `maximumPacketSize`. */
function sentBytes(maximumPacketSize: number, topic: string): number {
  const payload = new Uint8Array(payloadBytesBeyond(maximumPacketSize, topic));
  return encode({ type: "publish", dup: false, qos: 0, retain: false, topic, payload }, 5).length;
}

/** Sizes that no packet has, because Remaining Length takes one byte more. */
const sizesLeftOut = [130, 16_387, 2_097_156];
const boundaries = [128, 16_384, 2_097_152].flatMap((first) => Array.from({ length: 12 }, (_, at) => first - 4 + at));

Deno.test("limits: the packet that is just too large is larger by one byte, or by two where no size lies between", () => {
  for (const maximum of [40, 127, 4_096, 4 * 1_048_576, ...boundaries]) {
    for (const topic of ["a", "é/é"]) {
      const due = sizesLeftOut.includes(maximum + 1) ? maximum + 2 : maximum + 1;
      assert.equal(sentBytes(maximum, topic), due, `${maximum} on ${topic}`);
    }
  }
  assert.ok(payloadBytesBeyond(5, "long/enough") < 0, "a packet without payload is too large already");
});

const announced = [300, 4_096, 16_382, 16_383, 16_384, 16_386, 2_097_151, 2_097_152, 2_097_153, 2_097_154, 2_097_155];

for (const maximumPacketSizeBytes of announced) {
  Deno.test(`limits: a broker that announces ${maximumPacketSizeBytes} bytes and closes on more passes`, async () => {
    const broker = ourCore({ limits: { maximumPacketSizeBytes } });
    const { cases: [one] } = await checkInMemory(broker, { only: ["limits/own-maximum-packet-size"] });
    assert.deepEqual({ outcome: one!.outcome, reason: one!.reason }, { outcome: "pass", reason: undefined });
  });
}

for (const maximumPacketSizeBytes of [4_096, 16_383, 2_097_153]) {
  Deno.test(`limits: a broker that announces ${maximumPacketSizeBytes} bytes and accepts more fails`, async () => {
    const takesMore = tampered(() => ({
      ...changesSent("connack", (packet) => [
        { ...packet, properties: { ...packet.properties, maximumPacketSize: maximumPacketSizeBytes } },
      ])(),
      core: { limits: { maximumPacketSizeBytes: maximumPacketSizeBytes + 2 } },
    }), { spoilsControl: true });
    const { cases: [one] } = await checkInMemory(takesMore, { only: ["limits/own-maximum-packet-size"] });
    assert.equal(one!.outcome, "fail", one!.reason ?? "");
    assert.match(one!.reason!, /was not closed within/);
  });
}
