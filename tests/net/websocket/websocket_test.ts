/** WebSocket after RFC 6455: the handshake, frames cut at any place, and violations by the peer. On memory links. */
import assert from "node:assert/strict";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";
import { frameHeader, opcode, unmasked } from "../../../src/net/websocket/websocket_frame.ts";
import { requestText } from "../../../src/net/websocket/websocket_handshake.ts";
import { acceptWebSocket, dialWebSocket } from "../../../src/net/websocket/websocket_link.ts";
import type { DialReceiver } from "../../../src/net/link.ts";
import { LinkProbe } from "../../support/clients/link_probe.ts";
import { eachCase } from "../../support/steps.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ=="; // RFC 6455, section 1.3
const request = requestText("broker:80", "/mqtt", key);
const mask = Uint8Array.of(1, 2, 3, 4);

/** The server's WebSocket, and the raw bytes of its peer. */
function stage() {
  const tasks: (() => void)[] = [];
  const [near, far] = memoryLinkPair((task) => tasks.push(task));
  const server = LinkProbe.on(acceptWebSocket(near, { host: "0.0.0.0", path: "/mqtt" }));
  const peer = LinkProbe.on(far);
  const settle = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const say = (...pieces: (string | Uint8Array)[]) => {
    for (const piece of pieces) peer.link.write(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
    settle();
  };
  return { server, peer, say, settle };
}

function frame(kind: number, text: string, more: { fin?: boolean; masked?: boolean; rsv?: number } = {}): Uint8Array {
  const payload = new TextEncoder().encode(text);
  const masked = more.masked ?? true;
  const header = frameHeader(kind, payload.length, masked ? mask : undefined);
  if (more.fin === false) header[0]! &= 0x7f;
  header[0]! |= more.rsv ?? 0;
  return Uint8Array.of(...header, ...(masked ? unmasked(payload, mask) : payload));
}

Deno.test("websocket: answers a request as the RFC requires, with the subprotocol [MQTT5 6.0.0-4] [MQTT311 6.0.0-4]", () => {
  const { peer, say } = stage();
  say(request);
  assert.match(peer.text, /^HTTP\/1\.1 101 /);
  assert.match(peer.text, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  assert.match(peer.text, /\r\nSec-WebSocket-Protocol: mqtt\r\n/);
  assert.ok(peer.text.endsWith("\r\n\r\n"));
});

const refusals: readonly [name: string, request: string, status: number][] = [
  ["another path", request.replace("/mqtt", "/other"), 404],
  ["another method", request.replace("GET", "POST"), 400],
  ["no HTTP", "\x10\x0c\0\x04MQTT\r\n\r\n", 400],
  ["no upgrade", request.replace("Upgrade: websocket\r\n", ""), 426],
  ["another version", request.replace("Version: 13", "Version: 8"), 426],
  ["a short key", request.replace(key, "abc"), 400],
  ["no subprotocol [MQTT5 6.0.0-3] [MQTT311 6.0.0-3]", request.replace(/Sec-WebSocket-Protocol.*\r\n/, ""), 400],
  ["another subprotocol", request.replace("Protocol: mqtt", "Protocol: chat"), 400],
];
for (const [name, text, status] of refusals) {
  Deno.test(`websocket: refuses ${name}`, () => {
    const { server, peer, say } = stage();
    say(text);
    assert.match(peer.text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(server.end?.kind, "error");
    assert.equal(peer.link.open, false);
  });
}

Deno.test("websocket: accepts several subprotocols, a query, and mixed letter case", () => {
  const { peer, say } = stage();
  say(
    request.replace("Protocol: mqtt", "Protocol: mqttv3.1, MQTT").replace("/mqtt ", "/mqtt?x=1 ")
      .replace("Upgrade: websocket", "UPGRADE: WebSocket").replace(
        "Connection: Upgrade",
        "connection: keep-alive, upgrade",
      ),
  );
  assert.match(peer.text, /^HTTP\/1\.1 101 /);
});

Deno.test("websocket: accepts the subprotocol of older clients, and prefers mqtt", () => {
  for (const [offered, chosen] of [["chat, mqttv3.1", "mqttv3.1"], ["mqttv3.1, mqtt", "mqtt"]] as const) {
    const { peer, say } = stage();
    say(request.replace("Protocol: mqtt", `Protocol: ${offered}`));
    assert.ok(peer.text.includes(`\r\nSec-WebSocket-Protocol: ${chosen}\r\n`), peer.text);
  }
});

Deno.test("websocket: limits the size of a request", () => {
  const { server, say } = stage();
  say("GET /mqtt HTTP/1.1\r\n", "X: " + "x".repeat(8_192));
  assert.equal(server.end?.kind, "error");
});

Deno.test("websocket: reads frames that are cut anywhere, and packets that are cut by frames [MQTT5 6.0.0-2] [MQTT311 6.0.0-2]", async (t) => {
  const whole = Uint8Array.of(
    ...new TextEncoder().encode(request),
    ...frame(opcode.binary, "one "),
    ...frame(opcode.binary, "two ", { fin: false }),
    ...frame(opcode.ping, "?"),
    ...frame(opcode.continuation, "three "),
    ...frame(opcode.binary, ""),
    ...frame(opcode.binary, "x".repeat(300)),
    ...frame(opcode.binary, "y".repeat(70_000)),
  );
  await eachCase(t, [1, 2, 7, 1_000, whole.length], (step) => {
    const { server, peer, say } = stage();
    for (let at = 0; at < whole.length; at += step) say(whole.slice(at, at + step));
    assert.equal(server.sizeBytes, 14 + 70_300, `in steps of ${step}`);
    assert.ok(server.text.startsWith("one two three xxx"), `in steps of ${step}`);
    assert.ok(peer.text.endsWith("\x8a\x01?") || peer.text.includes("\ufffd\x01?"), "the ping is answered");
  });
});

const faults: readonly [name: string, bytes: Uint8Array, code: number][] = [
  ["text [MQTT5 6.0.0-1] [MQTT311 6.0.0-1]", frame(opcode.text, "hello"), 1003],
  ["unmasked", frame(opcode.binary, "hello", { masked: false }), 1002],
  ["a reserved bit", frame(opcode.binary, "hello", { rsv: 0x40 }), 1002],
  ["an unknown opcode", frame(3, "hello"), 1002],
  ["an unknown control opcode", frame(11, "hello"), 1002],
  ["a continuation of nothing", frame(opcode.continuation, "hello"), 1002],
  ["a ping in parts", frame(opcode.ping, "hello", { fin: false }), 1002],
  ["a long ping", frame(opcode.ping, "x".repeat(126)), 1002],
  [
    "a message within a message",
    Uint8Array.of(...frame(opcode.binary, "a", { fin: false }), ...frame(opcode.binary, "b")),
    1002,
  ],
];
for (const [name, bytes, code] of faults) {
  Deno.test(`websocket: closes on ${name}`, () => {
    const { server, peer, say } = stage();
    const closing: number[] = [];
    say(request);
    peer.link.receiver = { onBytes: (seen) => closing.push(...seen), onDrain() {}, onEnd() {} };
    say(bytes, frame(opcode.binary, "after"));
    assert.equal(server.end?.kind, "error");
    assert.ok(!server.text.includes("after"));
    assert.deepEqual(closing, [0x88, 2, code >> 8, code & 0xff]);
  });
}

Deno.test("websocket: answers a close frame and ends", () => {
  const { server, peer, say } = stage();
  say(request, frame(opcode.close, "\x03\xe8"), frame(opcode.binary, "after"));
  assert.deepEqual(server.end, { kind: "fin" });
  assert.equal(server.text, "");
  assert.equal(peer.link.open, false);
});

Deno.test("websocket: a client refuses a server that does not choose mqtt", async (t) => {
  const answers = [
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
  ];
  await eachCase(t, answers, (answer) => {
    const tasks: (() => void)[] = [];
    const [near, far] = memoryLinkPair((task) => tasks.push(task));
    let inner: DialReceiver | undefined;
    const client = LinkProbe.by((receiver) =>
      dialWebSocket({ authority: "h", path: "/mqtt" }, (to) => {
        inner = to;
        near.receiver = to;
        return near;
      }, receiver)
    );
    const server = LinkProbe.on(far);
    inner!.onOpen();
    server.write(answer);
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
    assert.match(server.text, /\r\nSec-WebSocket-Protocol: mqtt\r\n/);
    assert.equal(client.end?.kind, "error");
    assert.equal(client.opened, false);
  });
});

Deno.test("websocket: the owner of the link ends a handshake that takes too long", () => {
  const { server, peer, say, settle } = stage();
  say(request.slice(0, 40));
  server.link.end();
  settle();
  assert.equal(peer.text, "");
  assert.deepEqual([server.end, peer.end], [{ kind: "closed" }, { kind: "fin" }]);
});
