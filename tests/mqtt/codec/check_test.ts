import assert from "node:assert/strict";
import { ProtocolError } from "../../../src/base/failure.ts";
import { decode } from "../../../src/mqtt/codec/codec.ts";
import type { ProtocolVersion } from "../../../src/mqtt/packet.ts";
import refused from "../../../fixtures/packets/refused.json" with { type: "json" };

/** A packet that the codec must refuse for `says`, and for no other fault in the bytes. */
interface Refused {
  what: string;
  /** null before CONNECT. */
  version: number | null;
  hex: string;
  reasonCode: number;
  /** A part of the error's sentence. */
  says: string;
  tag?: string;
}

for (const { what, version, hex, reasonCode, says, tag } of refused as Refused[]) {
  const where = version === null ? "before CONNECT" : version === 4 ? "in 3.1.1" : "in 5.0";
  Deno.test(`refused ${where}: ${what}${tag === undefined ? "" : ` [${tag}]`}`, () => {
    const frame = Uint8Array.fromHex(hex);
    assert.throws(() => decode(frame, (version ?? undefined) as ProtocolVersion | undefined), (error) => {
      assert.ok(error instanceof ProtocolError, String(error));
      assert.equal(error.reasonCode, reasonCode, error.message);
      assert.ok(error.message.includes(says), error.message);
      return true;
    });
  });
}
