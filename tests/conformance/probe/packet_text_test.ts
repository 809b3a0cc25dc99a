import assert from "node:assert/strict";
import { hexText, packetText, payloadText } from "../../../src/conformance/probe/packet_text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("packet text: one line describes a packet without its password", () => {
  const connect = { type: "connect", protocolVersion: 5, cleanStart: true, keepAliveS: 9, clientId: "a" } as const;
  const line = packetText({ ...connect, username: "u", password: bytes("secret") });
  assert.equal(
    line,
    'CONNECT protocol version 5, clean start, keep alive s 9, client id "a", username "u", password (not shown)',
  );
  assert.equal(
    packetText({ type: "disconnect", reasonCode: 0x8e }),
    "DISCONNECT reason code 0x8e (Session taken over)",
  );
  assert.equal(packetText({ type: "pingreq" }), "PINGREQ");
});

Deno.test("packet text: shows a text payload as text, and cuts a long one", () => {
  assert.equal(payloadText(bytes("a\n")), '"a\\n"');
  assert.equal(payloadText(Uint8Array.of(0xc3, 0x28)), "0xc328");
  assert.match(payloadText(bytes("a".repeat(100))), /^"a{80}…" \(100 bytes\)$/);
  assert.match(payloadText(new Uint8Array(5_000_000)), /^0x(00){32}…\(5000000bytes\)$/);
});

Deno.test("packet text: hex hides a secret anywhere, also where the rest is cut", () => {
  const secret = bytes("pw");
  assert.equal(hexText(bytes("apwb"), 256, secret), "61 ** ** 62");
  assert.equal(hexText(bytes("pwpw"), 256, secret), "** ** ** **");
  assert.equal(hexText(bytes("abpw"), 3, secret), "61 62 ** … (4 bytes)");
  assert.equal(hexText(bytes("apb"), 256, secret), "61 70 62");
});
